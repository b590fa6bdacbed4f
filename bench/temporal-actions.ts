import type { temporal } from '@temporalio/proto'

type Event = temporal.api.history.v1.IHistoryEvent

/**
 * The actions that Temporal Cloud would count for a history, by its page "Temporal Cloud Actions". A signal-with-start is one
 * action, and so is each timer, scheduled activity, retry, signal and change of search attributes. The local activities of one
 * workflow task are one action together. Actions that leave no event are not counted: queries, heartbeats that reach the server,
 * and the tenth on top for fairness.
 */
export function countActions(events: readonly Event[]): number {
  const markers = events.flatMap(({ markerRecordedEventAttributes: marker }) => marker ?? [])
  const tasks = markers
    .filter(({ markerName }) => markerName === LOCAL_ACTIVITY)
    .map(({ workflowTaskCompletedEventId }) => String(workflowTaskCompletedEventId))
  return events.reduce((sum, event) => sum + countActionsOfEvent(event), new Set(tasks).size)
}

/** The SDK's name of the marker with the result of a local activity. */
const LOCAL_ACTIVITY = 'core_local_activity'

function countActionsOfEvent(event: Event): number {
  if (event.timerStartedEventAttributes) return 1
  if (event.activityTaskScheduledEventAttributes) return 1
  // A run begins with a signal-with-start: its start and its first signal are one action.
  if (event.workflowExecutionSignaledEventAttributes) return 1
  if (event.upsertWorkflowSearchAttributesEventAttributes) return 1
  const attempt = event.activityTaskStartedEventAttributes?.attempt ?? 1
  return Math.max(0, attempt - 1)
}

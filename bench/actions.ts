import type { temporal } from '@temporalio/proto'

type Event = temporal.api.history.v1.IHistoryEvent

/**
 * How many actions Temporal Cloud would count for a history, by its page "Temporal Cloud Actions": a signal with start
 * is one action, and each timer, scheduled activity, retry, signal and change of search attributes is one. What stands in
 * no history is not counted: queries, heartbeats that reach the server, and a tenth on top for fairness.
 */
export function actionsOf(events: readonly Event[]): number {
  return events.reduce((sum, event) => sum + actionsOfEvent(event), 0)
}

function actionsOfEvent(event: Event): number {
  if (event.timerStartedEventAttributes) return 1
  if (event.activityTaskScheduledEventAttributes) return 1
  // Each run of ours begins with a signal with start: its start and its first signal are one.
  if (event.workflowExecutionSignaledEventAttributes) return 1
  if (event.upsertWorkflowSearchAttributesEventAttributes) return 1
  const attempt = event.activityTaskStartedEventAttributes?.attempt ?? 1
  return Math.max(0, attempt - 1)
}

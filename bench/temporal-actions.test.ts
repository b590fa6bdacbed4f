import { temporal } from '@temporalio/proto'
import { describe, expect, it } from 'vitest'
import { countActions } from './temporal-actions.ts'

describe('the actions of a history', () => {
  it('counts timers, activities with their retries, signals and changed search attributes', () => {
    expect(
      countActions([
        { workflowExecutionStartedEventAttributes: {} },
        { workflowExecutionSignaledEventAttributes: { signalName: 'interaction' } },
        { workflowTaskScheduledEventAttributes: {} },
        { timerStartedEventAttributes: { timerId: '1' } },
        { timerFiredEventAttributes: { timerId: '1' } },
        { activityTaskScheduledEventAttributes: { activityId: '1' } },
        { activityTaskStartedEventAttributes: { attempt: 3 } },
        { upsertWorkflowSearchAttributesEventAttributes: {} },
        { workflowExecutionCompletedEventAttributes: {} },
      ]),
    ).toBe(1 + 1 + 1 + 2 + 1)
  })

  it('counts the local activities of one workflow task as one, and no other marker', () => {
    const marker = (markerName: string, workflowTaskCompletedEventId: number) =>
      temporal.api.history.v1.HistoryEvent.fromObject({
        markerRecordedEventAttributes: { markerName, workflowTaskCompletedEventId },
      })
    expect(
      countActions([
        marker('core_local_activity', 4),
        marker('core_local_activity', 4),
        marker('core_local_activity', 10),
        marker('core_patch', 12),
      ]),
    ).toBe(2)
  })
})

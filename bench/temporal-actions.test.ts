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
})

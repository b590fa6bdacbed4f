import { describe, expect, it } from 'vitest'
import type { StepCounts } from '../../campaign/statistics/report.ts'
import { stepParts, worstStep } from './step-parts.ts'

const STEP: StepCounts = {
  step: 'a',
  due: 0,
  held: 0,
  sent: 600,
  unknown: 2,
  skipped: { replied: 190, unfollowed: 10, 'no-grant': 90, late: 8 },
  failed: { '43004': 2 },
  clicked: {},
  repliedAfter: 0,
  unfollowedAfter: 0,
  goalAfter: 0,
}

describe('the parts of a step', () => {
  it('add up to the runs that entered', () => {
    const parts = stepParts(STEP, { entered: 1_000, active: 300 })
    expect(parts).toEqual({
      sent: 600,
      open: 98,
      byDesign: 190,
      left: 10,
      couldNot: 100,
      unknown: 2,
      worst: { reason: 'no-grant', share: 0.9 },
    })
  })

  it('have no open ones in runs that have ended, as of a version without the step', () => {
    expect(stepParts(STEP, { entered: 5_000, active: 10 }).open).toBe(10)
    expect(stepParts(STEP, { entered: 100, active: 50 }).open).toBe(0)
  })

  it('mark the step that loses the most, if it loses enough', () => {
    const of = (couldNot: number, sent: number) => ({
      ...stepParts(STEP, { entered: 0, active: 0 }),
      couldNot,
      sent,
    })
    expect(worstStep([of(40, 100), of(60, 100), of(29, 1)])).toBe(1)
    expect(worstStep([of(29, 1), of(99, 1_000)])).toBe(-1)
    expect(worstStep([])).toBe(-1)
  })
})

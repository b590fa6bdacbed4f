import { describe, expect, it } from 'vitest'
import { ENTRY_AT, planOf, simulateRun } from '../../test/harness/run-simulation.ts'
import type { PlanStep } from './plan.ts'
import { nextAction, type SendAction, tagsAfterSend } from './run-actions.ts'
import type { SendResult } from './send-result.ts'

const sent: SendResult = { result: 'sent', at: ENTRY_AT, unclear: 0 }
const refused: SendResult = { result: 'refused', reason: 'bad', errcode: 45002, at: ENTRY_AT, unclear: 0 }

/** The send of the only step of a run, at its entry. */
function sendOf(step: Partial<PlanStep>): SendAction {
  const plan = planOf([{ afterMs: 0, ...step }])
  const { action } = nextAction(plan, simulateRun(plan).state, ENTRY_AT)
  if (action.do !== 'send') throw new Error(action.do)
  return action
}

describe('the tagging after a message', () => {
  it.each([
    ['gives tags', { tag: ['buyer'] }],
    ['removes tags', { untag: ['visitor'] }],
    ['gives and removes tags', { tag: ['buyer'], untag: ['visitor'] }],
  ])('follows a sent message whose step %s', (_, tags) => {
    const action = sendOf(tags)
    expect(tagsAfterSend(action, sent, 5_000)).toEqual({
      do: 'tag',
      index: 0,
      step: action.step,
      leftMs: 5_000,
    })
  })

  it('does not follow a message that was not sent', () => {
    expect(tagsAfterSend(sendOf({ tag: ['buyer'] }), refused, 5_000)).toBeNull()
  })

  it('does not follow a step without tags', () => {
    expect(tagsAfterSend(sendOf({}), sent, 5_000)).toBeNull()
  })
})

describe('a plan that has fewer steps than the run’s state', () => {
  it('is an error that names the plan and the step', () => {
    const { state } = simulateRun(planOf([{ afterMs: 0 }]))
    expect(() => nextAction(planOf([]), state, ENTRY_AT)).toThrow('Plan story@1 has no step 0')
  })
})

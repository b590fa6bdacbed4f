import { describe, expect, it } from 'vitest'
import { ENTRY_AT, planOf, simulateRun } from '../../test/harness/run-simulation.ts'
import type { PlanStep } from './plan.ts'
import {
  applyActionResult,
  beginSendAction,
  completeRun,
  completesRun,
  finishRun,
  nextAction,
  type SendAction,
  tagsAfterSend,
} from './run-actions.ts'
import type { SendResult } from './send-result.ts'
import { changeStep } from './state.ts'

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

describe('a send that completes its run', () => {
  /** The send of the first step that is due at the entry. */
  function dueSend(steps: Partial<PlanStep>[]) {
    const plan = planOf(steps)
    const { state, action } = nextAction(plan, simulateRun(plan).state, ENTRY_AT)
    if (action.do !== 'send') throw new Error(action.do)
    return { plan, state: beginSendAction(state, action), action }
  }

  it('is the last one, and the end is the one that the run decides after it', () => {
    const { plan, state, action } = dueSend([{ afterMs: 0 }])
    expect(completesRun(plan, state, action, ENTRY_AT)).toBe(true)
    const after = applyActionResult(state, { ...action, result: sent }, ENTRY_AT)
    const next = nextAction(plan, after, ENTRY_AT + 5)
    if (next.action.do !== 'finish') throw new Error(next.action.do)
    expect(completeRun(after, ENTRY_AT)).toEqual(finishRun(next.state, next.action, ENTRY_AT))
    expect(completeRun(after, ENTRY_AT)).toMatchObject({
      status: 'ended',
      outcome: 'completed',
      reason: null,
    })
  })

  it.each([
    ['another step is open', [{ afterMs: 0 }, { afterMs: 60_000 }]],
    ['another step waits for a reply', [{ afterMs: 0 }, { afterMs: 0, since: 'reply' as const }]],
    ['tags follow it', [{ afterMs: 0, tag: ['buyer'] }]],
    ['it leads to another campaign, which is the reason of the end', [{ afterMs: 0, acts: { go: 'next' } }]],
  ])('is not one when %s', (_, steps) => {
    const { plan, state, action } = dueSend(steps)
    expect(completesRun(plan, state, action, ENTRY_AT)).toBe(false)
  })

  it('is not one when a step that is due by then is skipped with a reason of its own', () => {
    const { plan, state, action } = dueSend([{ afterMs: 0 }, { afterMs: 0, when: { qrScene: ['expo'] } }])
    const attributes = { tags: [], qrScene: 'shop', subscribeScene: '', at: ENTRY_AT }
    const known = { ...state, attributes }
    expect(completesRun(plan, known, action, ENTRY_AT)).toBe(false)
    const after = applyActionResult(known, { ...action, result: sent }, ENTRY_AT)
    expect(nextAction(plan, after, ENTRY_AT)).toMatchObject({
      state: { steps: [{ state: 'sent' }, { state: 'skipped', reason: 'condition' }] },
      action: { do: 'finish', outcome: 'completed' },
    })
  })

  it('is not one when a step was skipped, whose request the run may not know of', () => {
    const { plan, state, action } = dueSend([{ afterMs: 0 }, { afterMs: 60_000 }])
    const skipped = changeStep(state, 1, { state: 'skipped', reason: 'replied' })
    expect(completesRun(plan, skipped, action, ENTRY_AT)).toBe(false)
  })
})

describe('a plan that has fewer steps than the run’s state', () => {
  it('is an error that names the plan and the step', () => {
    const { state } = simulateRun(planOf([{ afterMs: 0 }]))
    expect(() => nextAction(planOf([]), state, ENTRY_AT)).toThrow('Plan story@1 has no step 0')
  })
})

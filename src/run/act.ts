import { applyTagChanges } from './attributes.ts'
import type { PlanStep } from './plan.ts'
import { changeStep, doneAt, type RunState, requestStop, update } from './state.ts'

/** The result of a step without a message: done, or refused by WeChat or by a rule of the product. */
export type ActResult = { result: 'done' } | { result: 'refused'; reason: string; errcode: number | null }

/** Applies the result of a step without a message, which is then sent or skipped. */
export function applyActResult(
  state: RunState,
  index: number,
  step: PlanStep,
  result: ActResult,
  at: number,
): RunState {
  if (result.result === 'refused') {
    const { reason, errcode } = result
    return changeStep(state, index, { state: 'skipped', reason, errcode }, doneAt(state, at))
  }
  const { attributes } = state
  const more = attributes
    ? { attributes: { ...attributes, tags: applyTagChanges(attributes.tags, step) } }
    : {}
  const done = { state: 'sent' as const, sentAt: at, reason: null, errcode: null }
  return applyStepActions(changeStep(state, index, done, { ...more, ...doneAt(state, at) }), step)
}

/** What a step's facts and its move to another campaign change in the run. */
export function applyStepActions(state: RunState, { acts }: PlanStep): RunState {
  const withFacts = acts?.set ? update(state, { own: { ...state.own, ...acts.set } }) : state
  return acts?.go === undefined ? withFacts : requestStop(withFacts, 'completed', `go ${acts.go}`)
}

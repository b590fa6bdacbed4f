import type { Facts } from '../shared/facts.ts'
import { applyTagChanges } from './attributes.ts'
import type { Plan, PlanStep, StepActions } from './plan.ts'
import { branchOf, type PlanFork } from './plan-fork.ts'
import { applySendResult, type SendResult } from './send-result.ts'
import { changeStep, doneAt, type ForkState, type RunState, requestStop, update } from './state.ts'

/** The result of a step without a message: done, or refused by WeChat or by a rule of the product. */
export type ActResult =
  /** `untagged`: WeChat refused the tags. */
  { result: 'done'; untagged?: true } | { result: 'refused'; reason: string; errcode: number | null }

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
  const more =
    attributes && !result.untagged
      ? { attributes: { ...attributes, tags: applyTagChanges(attributes.tags, step) } }
      : {}
  const done = { state: 'sent' as const, sentAt: at, reason: null, errcode: null }
  return applyStepActions(changeStep(state, index, done, { ...more, ...doneAt(state, at) }), step)
}

/** What a step's facts and its move to another campaign change in the run. */
export function applyStepActions(state: RunState, { acts }: Pick<PlanStep, 'acts'>): RunState {
  const withFacts = acts?.set ? update(state, { own: { ...state.own, ...acts.set } }) : state
  return acts?.go === undefined ? withFacts : requestStop(withFacts, 'completed', `go ${acts.go}`)
}

/**
 * The state after a send, with what the step does besides. The workflow uses it, and so does the activity for the snapshot that
 * it writes with the result.
 */
export function applySend(
  state: RunState,
  index: number,
  paid: Parameters<typeof applySendResult>[2],
  result: SendResult,
  acts: StepActions | undefined,
): RunState {
  const after = applySendResult(state, index, paid, result)
  return result.result === 'sent' && acts ? applyStepActions(after, { acts }) : after
}

/** What is written to the store together with a step's result. */
export interface StepEffects {
  acts: StepActions
  /** The branches that shares have chosen, like `test=b`; null: none. */
  variant: string | null
}

/** A step that was done, with what is written for it. */
export interface DoneStep extends StepEffects {
  runKey: string
  stepId: string
  campaign: string
  version: number
  qrScene: string | null
  /** The facts that the run knows, with those that the step sets. */
  own: Facts
  /** When it was done, epoch ms by the follower's clock. */
  at: number
}

/** What is written with the result of a step; null for a step that only sends, tags and hands over. */
export function effectsOf(plan: Plan, { forks = [] }: RunState, { acts }: PlanStep): StepEffects | null {
  return acts && writes(acts) ? { acts, variant: variantOf(plan.forks ?? [], forks) } : null
}

/** The branches that shares have chosen, like `test=b`; null: none. @param forks their states, in the order of the plan's */
export function variantOf(
  planned: readonly PlanFork[],
  forks: readonly Pick<ForkState, 'took'>[],
): string | null {
  const chosen = planned.flatMap((fork, i) => {
    const took = forks[i]?.took ?? null
    return fork.kind === 'share' && took !== null ? [`${fork.id}=${branchOf(fork, took).name}`] : []
  })
  return chosen.length > 0 ? chosen.join(',') : null
}

function writes({ set, webhook, go }: StepActions): boolean {
  return set !== undefined || webhook !== undefined || go !== undefined
}

export function doneStep(
  state: RunState,
  index: number,
  { acts, variant }: StepEffects,
  at: number,
): DoneStep {
  const { campaign, version, entry, own, steps } = state
  const stepId = steps[index]?.id ?? ''
  const facts = { ...own, ...acts.set }
  return {
    runKey: entry.key,
    stepId,
    campaign,
    version,
    qrScene: entry.qrScene,
    own: facts,
    at,
    acts,
    variant,
  }
}

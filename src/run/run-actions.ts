import { type ActResult, applyActResult, applySend } from './act.ts'
import { applyAttributes, applyTagResult, type FetchAttributesResult, type TagResult } from './attributes.ts'
import { decide, type NextAction } from './decide.ts'
import { applyLearned, beginAsking } from './forks.ts'
import { handoverAfterSend } from './handover.ts'
import type { Plan, PlanStep } from './plan.ts'
import { beginSend, type SendResult } from './send-result.ts'
import { endRun, type RunState } from './state.ts'

/**
 * The actions of a run, without a clock and without I/O. Three drivers execute them: the workflow
 * (`workflows/nurture-run.ts`), the preview (`src/campaign/preview.ts`) and the tests' simulation
 * (`test/harness/run-simulation.ts`). Each driver calls `nextAction`, executes the action and passes the result to
 * `applyActionResult`.
 */

type ActionOf<Do extends NextAction['do']> = Extract<NextAction, { do: Do }>

export type SendAction = ActionOf<'send'> & {
  step: PlanStep
  /** All grants at the time of the decision. A 45015 closes these. */
  grants: RunState['ledger']
  /** When it was decided, epoch ms by the follower's clock. From then on the follower may answer. */
  at: number
}
/** Tags the follower, as a step of its own or after a step's message. */
export type TagAction = ActionOf<'tag'> & { step: PlanStep }
/** Executes a step that sends nothing and does more than tagging. */
export type ActAction = ActionOf<'act'> & { step: PlanStep }
/** Fetches the follower's attributes for the conditions of a fork. */
export type LearnAction = ActionOf<'learn'>
export type FetchAttributesAction = ActionOf<'fetch-attributes'> & { step: PlanStep }
export type WaitAction = ActionOf<'wait'>
export type FinishAction = ActionOf<'finish'>
/** The action that a driver executes now. */
export type Action =
  | SendAction
  | TagAction
  | ActAction
  | FetchAttributesAction
  | LearnAction
  | WaitAction
  | FinishAction

const COMPLETED: FinishAction = { do: 'finish', outcome: 'completed', reason: null }

/** An executed action, with its result. */
export type ExecutedAction =
  | (SendAction & { result: SendResult })
  | (TagAction & { result: TagResult })
  | (ActAction & { result: ActResult })
  | (FetchAttributesAction & { result: FetchAttributesResult })
  | (LearnAction & { result: FetchAttributesResult })

/**
 * Decides what the run does at `now`. The returned state has the steps that are held or skipped by then.
 * @param now epoch ms by the follower's clock
 */
export function nextAction(plan: Plan, state: RunState, now: number): { state: RunState; action: Action } {
  const { state: assessed, next: action } = decide(plan, state, now)
  switch (action.do) {
    case 'send':
      return {
        state: assessed,
        action: { ...action, step: stepAt(plan, action.index), grants: assessed.ledger, at: now },
      }
    case 'act':
      // From now on the follower may answer.
      return {
        state: beginAsking(assessed, now),
        action: { ...action, step: stepAt(plan, action.index) },
      }
    case 'tag':
    case 'fetch-attributes':
      return { state: assessed, action: { ...action, step: stepAt(plan, action.index) } }
    case 'learn':
    case 'wait':
    case 'finish':
      return { state: assessed, action }
    default:
      return action satisfies never
  }
}

/** The state while a send is under way. */
export function beginSendAction(state: RunState, action: SendAction): RunState {
  return beginSend(beginAsking(state, action.at), action.index)
}

/**
 * The state after an action.
 * @param at when the result arrived, epoch ms by the follower's clock
 */
export function applyActionResult(state: RunState, action: ExecutedAction, at: number): RunState {
  switch (action.do) {
    case 'send':
      return applySend(state, action.index, action, action.result, action.step.acts)
    case 'tag':
      return applyTagResult(state, action.index, action.step, action.result, at)
    case 'act':
      return applyActResult(state, action.index, action.step, action.result, at)
    case 'learn':
      return applyLearned(state, action.fork, action.result, at)
    case 'fetch-attributes':
      return applyAttributes(state, action.index, action.result, at)
    default:
      return action satisfies never
  }
}

/**
 * The tagging that belongs to a sent message; null when there is none.
 * @param leftMs how long the tagging may delay the next steps
 */
export function tagsAfterSend(action: SendAction, result: SendResult, leftMs: number): TagAction | null {
  const { index, step } = action
  if (result.result !== 'sent' || !(step.tag || step.untag)) return null
  return { do: 'tag', index, step, leftMs }
}

/**
 * Whether the run completes as soon as this step is sent: no other step is open, and no tags and no handover follow. Not for a run that ends
 * for another campaign, whose end has a reason, and not for one with skipped steps, or with steps that are then skipped: their
 * snapshot is written by itself, with the reasons, and finds requests that the run does not know of.
 * @param now epoch ms by the follower's clock
 */
export function completesRun(plan: Plan, state: RunState, action: SendAction, now: number): boolean {
  const result: SendResult = { result: 'sent', at: now, unclear: 0 }
  if (action.step.acts?.go !== undefined || tagsAfterSend(action, result, 0)) return false
  if (handoverAfterSend(action.step, result) !== null) return false
  if (state.steps.some((s) => s.state === 'skipped')) return false
  const after = applyActionResult(state, { ...action, result }, now)
  const next = nextAction(plan, after, now)
  // `completeRun` knows nothing of what the decision has changed.
  return (
    next.action.do === 'finish' &&
    next.action.outcome === COMPLETED.outcome &&
    next.state.revision === after.revision
  )
}

/** The state of a run whose last step has been sent, as `finishRun` returns it after `completesRun`. */
export function completeRun(state: RunState, at: number): RunState {
  return finishRun(state, COMPLETED, at)
}

/** The state of a run that is over. */
export function finishRun(state: RunState, { outcome, reason }: FinishAction, at: number): RunState {
  return endRun(state, outcome, reason, at)
}

function stepAt(plan: Plan, index: number): PlanStep {
  const step = plan.steps[index]
  if (!step) throw new Error(`Plan ${plan.campaign}@${plan.version} has no step ${index}`)
  return step
}

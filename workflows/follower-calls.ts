import { type ActResult, doneStep, effectsOf } from '../src/run/act.ts'
import type { FetchAttributesResult, TagResult } from '../src/run/attributes.ts'
import type { HandoverResult } from '../src/run/handover.ts'
import type { Plan, PlanStep } from '../src/run/plan.ts'
import type { RunState } from '../src/run/state.ts'
import { act, fetchFollowerAttributes, handOver, tagFollower } from './activity-calls.ts'
import { orElseOnTimeout } from './interruption.ts'

/**
 * The calls of a run that send no message: what WeChat says about the follower, the tags, and what a step writes to the store.
 * `leftMs` is how long a call with its retries may take.
 */

const NOT_TAGGED: TagResult = { result: 'refused', reason: 'tag-failed', errcode: null }
const NOT_FETCHED: FetchAttributesResult = { unknown: 'no time left', errcode: null }

/** @returns null when it was cancelled */
export function tagStep(appId: string, step: PlanStep, leftMs: number): Promise<TagResult | null> {
  return orElseOnTimeout(() => tagFollower(appId, step, { now: Date.now(), leftMs }), NOT_TAGGED)
}

const NOT_HANDED_OVER: HandoverResult = { result: 'refused', reason: 'handover-failed', errcode: null }

/** @returns null when it was cancelled */
export function handOverStep(
  appId: string,
  { step, agent }: { step: string; agent: string },
  leftMs: number,
): Promise<HandoverResult | null> {
  return orElseOnTimeout(() => handOver(appId, { step, agent, now: Date.now(), leftMs }), NOT_HANDED_OVER)
}

/**
 * @param id the step or fork that needs the attributes
 * @returns null when it was cancelled
 */
export function fetchAttributes(
  appId: string,
  id: string,
  leftMs: number,
): Promise<FetchAttributesResult | null> {
  const input = { now: Date.now(), leftMs }
  return orElseOnTimeout(() => fetchFollowerAttributes(appId, id, input), NOT_FETCHED)
}

/** Writes what a step without a message does, if it does more than tagging. */
export async function writeEffects(
  appId: string,
  plan: Plan,
  state: RunState,
  index: number,
): Promise<ActResult> {
  const step = plan.steps[index]
  const effects = step ? effectsOf(plan, state, step) : null
  return effects ? act(appId, doneStep(state, index, effects, Date.now())) : { result: 'done' }
}

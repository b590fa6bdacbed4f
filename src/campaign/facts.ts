import { anyOf } from './match.ts'
import { type FactsCondition, type PlanStep, sendsNothing } from './plan.ts'
import { changeStep, type Facts, type RunState } from './state.ts'

/** Facts older than this are asked for again: tags change while a run waits. */
const FRESH_MS = 60_000

/** How the tag activity ended, as a value. */
export type TagResult = { result: 'tagged' } | { result: 'refused'; reason: string; errcode: number | null }

/** What the learn activity found out, or why it could not. */
export type LearnResult = { facts: Omit<Facts, 'at'> } | { unknown: string; errcode: number | null }

/** What the follower's facts say of a step that could go now; `ask` when WeChat must say them first. */
export function judgeFacts(
  step: PlanStep,
  state: Pick<RunState, 'entry' | 'facts'>,
  now: number,
): 'go' | 'skip' | 'ask' {
  const facts = state.facts && now - state.facts.at <= FRESH_MS ? state.facts : null
  if (step.when !== null && typeof step.when === 'object') {
    const holds = conditionHolds(step.when, state.entry.qrScene, facts)
    if (holds !== true) return holds === null ? 'ask' : 'skip'
  }
  return step.facts && !facts ? 'ask' : 'go'
}

/** Null when nobody knows yet. The scene that the run began with needs no asking. */
function conditionHolds(
  when: FactsCondition,
  entryScene: string | null,
  facts: Facts | null,
): boolean | null {
  const { tag, qrScene, subscribeScene = '' } = when
  if (qrScene !== undefined) {
    const scene = entryScene ?? facts?.qrScene ?? null
    return scene === null ? null : matches(qrScene, scene)
  }
  if (!facts) return null
  return tag !== undefined ? facts.tags.includes(tag) : matches(subscribeScene, facts.subscribeScene)
}

/** No scene is like none, not even `*`. */
function matches(pattern: string, scene: string): boolean {
  return scene !== '' && anyOf([pattern])(scene)
}

/** The facts reached the run; a step whose facts nobody could find out is skipped. */
export function applyLearnt(state: RunState, index: number, result: LearnResult, at: number): RunState {
  return 'facts' in result
    ? changeStep(state, index, {}, { facts: { ...result.facts, at } })
    : changeStep(state, index, { state: 'skipped', reason: 'facts-unknown', errcode: result.errcode })
}

/** What tagging says about the run: a step that only tags is done or skipped, one that has sent stays sent. */
export function applyTags(
  state: RunState,
  index: number,
  step: PlanStep,
  result: TagResult,
  at: number,
): RunState {
  const alone = sendsNothing(step)
  if (result.result === 'refused') {
    const { reason, errcode } = result
    return alone ? changeStep(state, index, { state: 'skipped', reason, errcode }) : state
  }
  const { facts } = state
  const more = facts ? { facts: { ...facts, tags: retag(facts.tags, step) } } : {}
  const done = alone ? { state: 'sent' as const, sentAt: at, reason: null, errcode: null } : {}
  return changeStep(state, index, done, more)
}

/** The tags of somebody who had `tags`. */
export function retag(
  tags: readonly string[],
  { tag = [], untag = [] }: Pick<PlanStep, 'tag' | 'untag'>,
): string[] {
  return [...new Set([...tags, ...tag])].filter((name) => !untag.includes(name))
}

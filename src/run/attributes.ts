import { patternTest } from '../shared/pattern.ts'
import { type FollowerCondition, isTagOnly, type PlanStep } from './plan.ts'
import { changeStep, type FollowerAttributes, type RunState } from './state.ts'

/** Facts older than this are asked for again: tags change while a run waits. */
const FRESH_MS = 60_000

/** How the tag activity ended, as a value. */
export type TagResult = { result: 'tagged' } | { result: 'refused'; reason: string; errcode: number | null }

/** What the learn activity found out, or why it could not. */
export type FetchAttributesResult =
  | { attributes: Omit<FollowerAttributes, 'at'> }
  | { unknown: string; errcode: number | null }

/** What the follower's facts say of a step that could go now; `ask` when WeChat must say them first. */
export function checkAttributes(
  step: PlanStep,
  state: Pick<RunState, 'entry' | 'attributes'>,
  now: number,
): 'go' | 'skip' | 'ask' {
  const attributes = state.attributes && now - state.attributes.at <= FRESH_MS ? state.attributes : null
  if (step.when !== null && typeof step.when === 'object') {
    const holds = conditionHolds(step.when, state.entry.qrScene, attributes)
    if (holds !== true) return holds === null ? 'ask' : 'skip'
  }
  return step.needsAttributes && !attributes ? 'ask' : 'go'
}

/** Null when nobody knows yet. The scene that the run began with needs no asking. */
function conditionHolds(
  when: FollowerCondition,
  entryScene: string | null,
  attributes: FollowerAttributes | null,
): boolean | null {
  const { tag, qrScene, subscribeScene = '' } = when
  if (qrScene !== undefined) {
    const scene = entryScene ?? attributes?.qrScene ?? null
    return scene === null ? null : matches(qrScene, scene)
  }
  if (!attributes) return null
  return tag !== undefined
    ? attributes.tags.includes(tag)
    : matches(subscribeScene, attributes.subscribeScene)
}

/** No scene is like none, not even `*`. */
function matches(pattern: string, scene: string): boolean {
  return scene !== '' && patternTest([pattern])(scene)
}

/** The facts reached the run; a step whose facts nobody could find out is skipped. */
export function applyAttributes(
  state: RunState,
  index: number,
  result: FetchAttributesResult,
  at: number,
): RunState {
  return 'attributes' in result
    ? changeStep(state, index, {}, { attributes: { ...result.attributes, at } })
    : changeStep(state, index, { state: 'skipped', reason: 'attributes-unknown', errcode: result.errcode })
}

/** What tagging says about the run: a step that only tags is done or skipped, one that has sent stays sent. */
export function applyTagResult(
  state: RunState,
  index: number,
  step: PlanStep,
  result: TagResult,
  at: number,
): RunState {
  const alone = isTagOnly(step)
  if (result.result === 'refused') {
    const { reason, errcode } = result
    return alone ? changeStep(state, index, { state: 'skipped', reason, errcode }) : state
  }
  const { attributes: facts } = state
  const more = facts ? { attributes: { ...facts, tags: applyTagChanges(facts.tags, step) } } : {}
  const done = alone ? { state: 'sent' as const, sentAt: at, reason: null, errcode: null } : {}
  return changeStep(state, index, done, more)
}

/** The tags of somebody who had `tags`. */
export function applyTagChanges(
  tags: readonly string[],
  { tag = [], untag = [] }: Pick<PlanStep, 'tag' | 'untag'>,
): string[] {
  return [...new Set([...tags, ...tag])].filter((name) => !untag.includes(name))
}

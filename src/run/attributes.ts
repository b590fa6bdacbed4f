import { patternTest } from '../shared/pattern.ts'
import { type FollowerCondition, isTagOnly, type PlanStep } from './plan.ts'
import { changeStep, type FollowerAttributes, type RunState } from './state.ts'

/** Attributes older than this are fetched again, because tags change while a run waits. */
const FRESH_MS = 60_000

/** The result of the tag activity. */
export type TagResult = { result: 'tagged' } | { result: 'refused'; reason: string; errcode: number | null }

/** The result of the activity that fetches attributes: the attributes, or why they stay unknown. */
export type FetchAttributesResult =
  | { attributes: Omit<FollowerAttributes, 'at'> }
  | { unknown: string; errcode: number | null }

/**
 * Checks a step that is due against the follower's attributes: `go` sends it, `skip` skips it, and `fetch` means that the
 * attributes must be fetched first.
 * @param now epoch ms by the follower's clock
 */
export function checkAttributes(
  step: PlanStep,
  state: Pick<RunState, 'entry' | 'attributes'>,
  now: number,
): 'go' | 'skip' | 'fetch' {
  const attributes = state.attributes && now - state.attributes.at <= FRESH_MS ? state.attributes : null
  if (step.when !== null && typeof step.when === 'object') {
    const holds = conditionHolds(step.when, state.entry.qrScene, attributes)
    if (holds !== true) return holds === null ? 'fetch' : 'skip'
  }
  return step.needsAttributes && !attributes ? 'fetch' : 'go'
}

/** Null while the attributes are unknown. A QR scene in the run's entry is known without them. */
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

/** An empty scene matches no pattern, not even `*`. */
function matches(pattern: string, scene: string): boolean {
  return scene !== '' && patternTest([pattern])(scene)
}

/** Stores fetched attributes in the run. A step with unknown attributes is skipped. */
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

/** Applies the result of tagging. A step that only tags is then sent or skipped. A step with a message stays sent. */
export function applyTagResult(
  state: RunState,
  index: number,
  step: PlanStep,
  result: TagResult,
  at: number,
): RunState {
  const tagOnly = isTagOnly(step)
  if (result.result === 'refused') {
    const { reason, errcode } = result
    return tagOnly ? changeStep(state, index, { state: 'skipped', reason, errcode }) : state
  }
  const { attributes } = state
  const more = attributes
    ? { attributes: { ...attributes, tags: applyTagChanges(attributes.tags, step) } }
    : {}
  const done = tagOnly ? { state: 'sent' as const, sentAt: at, reason: null, errcode: null } : {}
  return changeStep(state, index, done, more)
}

/** A follower's tags after a step has added and removed some. */
export function applyTagChanges(
  tags: readonly string[],
  { tag = [], untag = [] }: Pick<PlanStep, 'tag' | 'untag'>,
): string[] {
  return [...new Set([...tags, ...tag])].filter((name) => !untag.includes(name))
}

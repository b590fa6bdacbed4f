import { conditionHolds, type FollowerAttributes } from './condition.ts'
import { type PlanStep, sendsNothing } from './plan.ts'
import { changeStep, doneAt, type RunState } from './state.ts'

/** Attributes older than this are fetched again, because tags change while a run waits. */
const FRESH_MS = 60_000

/** The reason of a skipped step, or of a fork that took `otherwise`, when WeChat did not answer. */
export const ATTRIBUTES_UNKNOWN = 'attributes-unknown'

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
  state: Pick<RunState, 'entry' | 'reply' | 'own' | 'history' | 'attributes'>,
  now: number,
): 'go' | 'skip' | 'fetch' {
  const attributes = freshAttributes(state, now)
  if (step.when !== null && typeof step.when === 'object') {
    const holds = conditionHolds(step.when, state, attributes)
    if (holds !== true) return holds === null ? 'fetch' : 'skip'
  }
  return step.needsAttributes && !attributes ? 'fetch' : 'go'
}

/** The known attributes that are not too old; null when they must be fetched. */
export function freshAttributes(
  { attributes }: Pick<RunState, 'attributes'>,
  now: number,
): FollowerAttributes | null {
  return attributes && now - attributes.at <= FRESH_MS ? attributes : null
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
    : changeStep(
        state,
        index,
        { state: 'skipped', reason: ATTRIBUTES_UNKNOWN, errcode: result.errcode },
        doneAt(state, at),
      )
}

/** Applies the result of tagging. A step without a message is then sent or skipped. A step with a message stays sent. */
export function applyTagResult(
  state: RunState,
  index: number,
  step: PlanStep,
  result: TagResult,
  at: number,
): RunState {
  const isAll = sendsNothing(step)
  if (result.result === 'refused') {
    const { reason, errcode } = result
    return isAll ? changeStep(state, index, { state: 'skipped', reason, errcode }, doneAt(state, at)) : state
  }
  const { attributes } = state
  const more = attributes
    ? { attributes: { ...attributes, tags: applyTagChanges(attributes.tags, step) } }
    : {}
  if (!isAll) return changeStep(state, index, {}, more)
  const done = { state: 'sent' as const, sentAt: at, reason: null, errcode: null }
  return changeStep(state, index, done, { ...more, ...doneAt(state, at) })
}

/** A follower's tags after a step has added and removed some. */
export function applyTagChanges(
  tags: readonly string[],
  { tag = [], untag = [] }: Pick<PlanStep, 'tag' | 'untag'>,
): string[] {
  return [...new Set([...tags, ...tag])].filter((name) => !untag.includes(name))
}

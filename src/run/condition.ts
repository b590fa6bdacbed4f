import type { Facts } from '../shared/facts.ts'
import { patternTest } from '../shared/pattern.ts'
import { type EventMatcher, fitsAny, type RunEvent } from './event-matcher.ts'
import { type FactTest, factsHold } from './fact.ts'
import type { Outcome } from './outcome.ts'

/** How an earlier run of a campaign ended, or whether there was one. */
export type CampaignTest = 'completed' | 'goal-reached' | 'entered' | 'never'

/** A condition on a run and its follower. Every field that is present must hold. A list means any of its values. */
export interface Condition {
  /** The follower has typed after the entry. */
  replied?: true | undefined
  tag?: string | readonly string[] | undefined
  /** A trailing `*` is a wildcard; likewise in `subscribeScene`. */
  qrScene?: string | readonly string[] | undefined
  subscribeScene?: string | readonly string[] | undefined
  facts?: Readonly<Record<string, FactTest>> | undefined
  /** What began the run: any of these. */
  entry?: readonly EventMatcher[] | undefined
  /** Earlier runs, by the id of their campaign. */
  campaign?: Readonly<Record<string, CampaignTest>> | undefined
  not?: Condition | undefined
}

/** The follower's attributes at WeChat. */
export interface FollowerAttributes {
  /** Tag names. */
  tags: readonly string[]
  /** Empty when the follower came without a QR code. */
  qrScene: string
  /** `ADD_SCENE_…` */
  subscribeScene: string
  /** When the run received them, epoch ms by the follower's clock. */
  at: number
}

/** What a condition is checked against. */
export interface ConditionFacts {
  entry: RunEvent
  reply: object | null
  /** Facts of the follower; absent: none. */
  own?: Facts
  /** The outcome of the newest earlier run of each campaign; null while that run goes on. Absent: no earlier runs. */
  history?: Readonly<Record<string, Outcome | null>>
}

/** Whether a condition holds. Null while that depends on attributes that are not known. */
export function conditionHolds(
  condition: Condition,
  known: ConditionFacts,
  attributes: FollowerAttributes | null,
): boolean | null {
  const { replied, tag, qrScene, subscribeScene, facts, entry, campaign, not } = condition
  const { own = {}, history = {} } = known
  const results: (boolean | null)[] = []
  if (replied) results.push(known.reply !== null)
  if (facts) results.push(factsHold(own, facts))
  if (entry) results.push(fitsAny(entry, known.entry, own))
  for (const [id, test] of Object.entries(campaign ?? {}))
    results.push(ranAs(test, Object.hasOwn(history, id) ? history[id] : undefined))
  if (tag !== undefined)
    results.push(attributes && listOf(tag).some((name) => attributes.tags.includes(name)))
  if (qrScene !== undefined) {
    const scene = known.entry.qrScene ?? attributes?.qrScene ?? null
    results.push(scene === null ? null : fitsScene(qrScene, scene))
  }
  if (subscribeScene !== undefined)
    results.push(attributes && fitsScene(subscribeScene, attributes.subscribeScene))
  if (not) {
    const inner = conditionHolds(not, known, attributes)
    results.push(inner === null ? null : !inner)
  }
  if (results.includes(false)) return false
  return results.includes(null) ? null : true
}

function ranAs(test: CampaignTest, outcome: Outcome | null | undefined): boolean {
  if (test === 'never') return outcome === undefined
  return test === 'entered' ? outcome !== undefined : outcome === test
}

/** An empty scene matches no pattern, not even `*`. */
function fitsScene(patterns: string | readonly string[], scene: string): boolean {
  return scene !== '' && patternTest(listOf(patterns))(scene)
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}

/** The ids of the campaigns whose earlier runs a condition is about. */
export function campaignsOf({ campaign = {}, not }: Condition): string[] {
  return [...Object.keys(campaign), ...(not ? campaignsOf(not) : [])]
}

/** True when a condition, or one inside it, is about the follower at WeChat. */
export function needsFollower({ tag, qrScene, subscribeScene, not }: Condition): boolean {
  const own = tag !== undefined || qrScene !== undefined || subscribeScene !== undefined
  return own || (not !== undefined && needsFollower(not))
}

import type { Facts } from '../shared/facts.ts'
import { DAY_MS } from '../shared/time-units.ts'
import { type EventMatcher, fitsAny, type RunEvent } from './event-matcher.ts'
import { numberOfFact } from './fact.ts'

/** What a campaign is for. */
export interface Goal {
  on: readonly EventMatcher[]
  /** The run ends when the goal is reached. */
  ends: boolean
  /** The fact that is added up. */
  value?: string
  /** How long after the run's end it still counts, ms. Absent: a week. */
  withinMs?: number
}

/** A reached goal. A run reaches its goal once. */
export interface ReachedGoal {
  /** Epoch ms by this machine's clock. */
  at: number
  /** The number of the goal's fact at that time; null when the goal names none, or the fact is no number. */
  value: number | null
  /** The last step whose message was sent before; null when none was. */
  step: string | null
}

const WITHIN_MS = 7 * DAY_MS

/**
 * Whether an event reaches the goal. Facts are a state, so a filter of facts compares all that are known, but only an event that
 * sets one of its facts reaches the goal: not another fact of a follower who had bought before the run began.
 * @param facts after the event
 */
export function reachesGoal({ on }: Goal, event: RunEvent, facts: Facts): boolean {
  return fitsAny(
    on.filter((matcher) => namesChange(matcher, event)),
    event,
    facts,
  )
}

function namesChange({ facts }: EventMatcher, { changed }: RunEvent): boolean {
  return !facts || !changed || Object.keys(facts).some((name) => changed.includes(name))
}

/** The number that the goal adds up. @param facts after the event */
export function goalValue({ value }: Goal, facts: Facts): number | null {
  return value === undefined || !Object.hasOwn(facts, value) ? null : numberOfFact(facts[value])
}

/**
 * Whether a run can still reach its goal.
 * @param at the time of the event, epoch ms
 * @param endedAt when the run ended; null while it goes on
 */
export function isWithin({ withinMs = WITHIN_MS }: Goal, at: number, endedAt: number | null): boolean {
  return endedAt === null || at <= endedAt + withinMs
}

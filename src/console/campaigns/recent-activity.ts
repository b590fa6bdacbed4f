import type { Pace } from '../../shared/background-pace.ts'
import { agesByReadTime, createRefreshedValue, type RefreshedValue } from '../../shared/refreshed-value.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts'
import type { Db } from '../../store/db.ts'
import {
  countOpenRunsByCampaign,
  type EntryCounts,
  type EntryCountsByCampaign,
  readEntryCounts,
  sumOfCounts,
} from '../../store/runs/campaign-activity.ts'
import { type CountParts, partsOf } from '../../store/statistics/run-slices.ts'

/** What a campaign does at present: its open runs, and those that began in the last seven days. */
export interface CampaignActivity extends EntryCounts {
  active: number
}

const PERIOD_MS = 7 * DAY_MS
/** Runs that began before this time have nearly always ended, so their counts change seldom. */
const SETTLED_MS = 3 * DAY_MS
const SETTLED_FRESH_MS = 10 * MINUTE_MS
const AGES = agesByReadTime({ freshMs: 5 * SECOND_MS, usableMs: 30 * SECOND_MS })
/** Counts of runs that began within this time are kept together. */
const PART_MS = 6 * HOUR_MS

/**
 * The activity of all campaigns, shared by all readers of this process. It is counted part by part, so that the embedded store is
 * never busy for long, and the parts whose runs have ended are not counted each time.
 */
export function createRecentActivity(deps: {
  db: Db
  pace: Pace
  now(): number
}): RefreshedValue<ReadonlyMap<string, CampaignActivity>> {
  const { db, pace, now } = deps
  const settled = new Map<number, { counts: EntryCountsByCampaign; at: number }>()

  async function countsOf(from: number, parts: CountParts): Promise<EntryCountsByCampaign> {
    const until = from + PART_MS
    const isSettled = until < now() - SETTLED_MS
    const known = settled.get(from)
    // Not before the count: the clock may have been set back.
    const isFresh = known && now() >= known.at && now() - known.at < SETTLED_FRESH_MS
    if (isSettled && isFresh) return known.counts
    const counts = await readEntryCounts(db, { from, until }, parts)
    if (isSettled) settled.set(from, { counts, at: now() })
    return counts
  }

  async function read(parts: CountParts): Promise<ReadonlyMap<string, CampaignActivity>> {
    // From a whole hour, so that the parts are the same for an hour.
    const since = Math.floor((now() - PERIOD_MS) / HOUR_MS) * HOUR_MS
    const counts: EntryCountsByCampaign[] = []
    const open = await countOpenRunsByCampaign(db)
    for (let from = since; from <= now(); from += PART_MS) counts.push(await countsOf(from, parts))
    for (const from of settled.keys()) if (from < since) settled.delete(from)
    const entered = sumOfCounts(counts)
    const none = { entered: 0, sent: 0, goals: 0 }
    return new Map(
      [...new Set([...open.keys(), ...entered.keys()])].map((id) => [
        id,
        { active: open.get(id) ?? 0, ...(entered.get(id) ?? none) },
      ]),
    )
  }

  return createRefreshedValue((isAwaited) => pace(isAwaited, (pause) => read(partsOf(pause, isAwaited))), {
    ...AGES,
    clock: now,
  })
}

import { createRefreshedValue, type RefreshedValue } from '../../shared/refreshed-value.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts'
import type { Db } from '../../store/db.ts'
import {
  countOpenRunsByCampaign,
  type EntryCounts,
  readEntryCounts,
} from '../../store/runs/campaign-activity.ts'

/** What a campaign does at present: its open runs, and those that began in the last seven days. */
export interface CampaignActivity extends EntryCounts {
  active: number
}

const PERIOD_MS = 7 * DAY_MS
/** Runs that began before this time have nearly always ended, so their counts change seldom. */
const SETTLED_MS = 3 * DAY_MS
const SETTLED_FRESH_MS = 10 * MINUTE_MS
const FRESH_MS = 5 * SECOND_MS
const USABLE_MS = 30 * SECOND_MS

type Counts = ReadonlyMap<string, EntryCounts>

/**
 * The activity of all campaigns, shared by all readers of this process. It is counted day by day, so that the embedded store is
 * never busy for long, and the days whose runs have ended are not counted each time.
 */
export function createRecentActivity(deps: {
  db: Db
  now(): number
}): RefreshedValue<ReadonlyMap<string, CampaignActivity>> {
  const { db, now } = deps
  const settled = new Map<number, { counts: Counts; at: number }>()

  async function countsOf(from: number, until: number): Promise<Counts> {
    const isSettled = until < now() - SETTLED_MS
    const known = settled.get(from)
    if (isSettled && known && now() - known.at < SETTLED_FRESH_MS) return known.counts
    const counts = await readEntryCounts(db, { from, until })
    if (isSettled) settled.set(from, { counts, at: now() })
    return counts
  }

  async function read(): Promise<ReadonlyMap<string, CampaignActivity>> {
    // From a whole hour, so that the first day is the same for an hour.
    const since = Math.floor((now() - PERIOD_MS) / HOUR_MS) * HOUR_MS
    const days: Counts[] = []
    const open = await countOpenRunsByCampaign(db)
    for (let from = since; from <= now(); from += DAY_MS) days.push(await countsOf(from, from + DAY_MS))
    for (const from of settled.keys()) if (from < since) settled.delete(from)
    const ids = new Set([...open.keys(), ...days.flatMap((day) => [...day.keys()])])
    return new Map([...ids].map((id) => [id, { active: open.get(id) ?? 0, ...sumOf(days, id) }]))
  }

  return createRefreshedValue(read, { freshMs: FRESH_MS, usableMs: USABLE_MS, clock: now })
}

function sumOf(days: readonly Counts[], id: string): EntryCounts {
  const sum = { entered: 0, sent: 0, goals: 0 }
  for (const day of days) {
    const { entered = 0, sent = 0, goals = 0 } = day.get(id) ?? {}
    sum.entered += entered
    sum.sent += sent
    sum.goals += goals
  }
  return sum
}

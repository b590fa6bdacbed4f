import type { Pace, Pause } from '../../shared/background-pace.ts'
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
/** Runs of one statement began within this time. */
const PART_MS = 6 * HOUR_MS
const FRESH_MS = 5 * SECOND_MS
const USABLE_MS = 30 * SECOND_MS

type Counts = ReadonlyMap<string, EntryCounts>

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
  const settled = new Map<number, { counts: Counts; at: number }>()

  async function countsOf(from: number, until: number): Promise<Counts> {
    const isSettled = until < now() - SETTLED_MS
    const known = settled.get(from)
    if (isSettled && known && now() - known.at < SETTLED_FRESH_MS) return known.counts
    const counts = await readEntryCounts(db, { from, until })
    if (isSettled) settled.set(from, { counts, at: now() })
    return counts
  }

  async function read(pause: Pause): Promise<ReadonlyMap<string, CampaignActivity>> {
    // From a whole hour, so that the parts are the same for an hour.
    const since = Math.floor((now() - PERIOD_MS) / HOUR_MS) * HOUR_MS
    const parts: Counts[] = []
    const open = await countOpenRunsByCampaign(db)
    for (let from = since; from <= now(); from += PART_MS) {
      const began = performance.now()
      parts.push(await countsOf(from, from + PART_MS))
      await pause(performance.now() - began)
    }
    for (const from of settled.keys()) if (from < since) settled.delete(from)
    const ids = new Set([...open.keys(), ...parts.flatMap((part) => [...part.keys()])])
    return new Map([...ids].map((id) => [id, { active: open.get(id) ?? 0, ...sumOf(parts, id) }]))
  }

  return createRefreshedValue((isAwaited) => pace(isAwaited, read), {
    freshMs: FRESH_MS,
    usableMs: USABLE_MS,
    clock: now,
  })
}

function sumOf(parts: readonly Counts[], id: string): EntryCounts {
  const sum = { entered: 0, sent: 0, goals: 0 }
  for (const part of parts) {
    const { entered = 0, sent = 0, goals = 0 } = part.get(id) ?? {}
    sum.entered += entered
    sum.sent += sent
    sum.goals += goals
  }
  return sum
}

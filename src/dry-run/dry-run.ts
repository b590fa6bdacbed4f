import { setImmediate } from 'node:timers/promises'
import { inArray } from 'drizzle-orm'
import { planOfVersion } from '../campaign/compiled-plan.ts'
import type { Campaign } from '../campaign/model.ts'
import { correctedTime, type Plan } from '../run/plan.ts'
import { DAY_MS, SECOND_MS } from '../shared/time-units.ts'
import type { Account } from '../store/accounts/account.ts'
import type { CampaignStore } from '../store/campaigns/campaign-store.ts'
import type { Db } from '../store/db.ts'
import {
  type RecordedEvent,
  type RecordedRun,
  readFollowersWithRuns,
  recordedEvents,
  recordedFollowers,
} from '../store/inbox/recorded-events.ts'
import { goals } from '../store/schema.ts'
import { createDryRunPlan } from './dry-run-plan.ts'
import { type DryRunCounts, DryRunReport } from './dry-run-report.ts'
import { replayFollower } from './follower-replay.ts'

/** Events before the period whose grants may still pay in it. */
const WARM_UP_MS = 2 * DAY_MS
/** Followers in one statement, and events in one page. */
const FOLLOWERS_PER_PAGE = 50
const EVENTS_PER_PAGE = 2_000
const MAX_EVENTS = 100_000
const BUDGET_MS = 20 * SECOND_MS

export interface DryRunRequest {
  account: Account
  campaign: Campaign
  /** 0: the file is no stored version. */
  version: number
  /** Epoch ms; `to` is not included. */
  from: number
  to: number
  maxFollowers: number
}

export interface DryRunResult extends DryRunCounts {
  followers: number
  events: number
  texts: { kept: number; notKept: number }
  /** Why followers are missing; null: none is. */
  truncated: 'followers' | 'events' | 'time' | null
  /** Up to when runs were played, epoch ms. */
  until: number
}

export interface DryRunDeps {
  db: Db
  campaigns: Pick<CampaignStore, 'live' | 'version'>
  now: () => number
  /** How long it may work, ms. Default: 20 s. */
  budgetMs?: number
  /** Ends it before the next follower, and before the next page is read. */
  signal?: AbortSignal
}

/**
 * Plays the recorded events of an account against a campaign version: what it would have done. Reads page by page, follower by
 * follower, gives way to other work after each follower, and writes nothing.
 * @throws the reason of the signal
 */
export async function dryRun(deps: DryRunDeps, request: DryRunRequest): Promise<DryRunResult> {
  const { account, campaign, version, from, to, maxFollowers } = request
  const { live } = await deps.campaigns.live()
  const until = Math.max(deps.now(), to)
  const plan = createDryRunPlan({ account, campaign, version, live, from, to, until })
  const report = new DryRunReport(campaign, version)
  const stopAt = performance.now() + (deps.budgetMs ?? BUDGET_MS)
  const { keepTexts, appId } = account
  const textsSince = keepTexts === null ? null : deps.now() - keepTexts * DAY_MS
  const result = { followers: 0, events: 0, texts: { kept: 0, notKept: 0 } }
  const finished = (truncated: DryRunResult['truncated']): DryRunResult => {
    return { ...result, ...report.counts, truncated, until }
  }
  let read = 0
  for (let after = ''; ; ) {
    deps.signal?.throwIfAborted()
    const limit = Math.min(FOLLOWERS_PER_PAGE, maxFollowers - result.followers + 1)
    const openIds = await recordedFollowers(deps.db, { appId, from, until: to, after, limit })
    const search = { appId, openIds, from: from - WARM_UP_MS, until: until + 1, textsSince }
    const events = await eventsOf(deps, search, MAX_EVENTS - read)
    if (!events) return finished('events')
    read += events.count
    deps.signal?.throwIfAborted()
    const { followers, runs, entries } = await readFollowersWithRuns(deps.db, appId, openIds)
    const real = await withPlans(
      deps,
      runs.filter((run) => isCounted(run, request)),
    )
    const reached = await goalsOf(deps.db, real)
    for (const openId of openIds) {
      if (result.followers >= maxFollowers) return finished('followers')
      if (performance.now() > stopAt) return finished('time')
      deps.signal?.throwIfAborted()
      const ofFollower = <T extends { openId: string }>(rows: readonly T[]) =>
        rows.filter((row) => row.openId === openId)
      const own = events.byFollower.get(openId) ?? []
      const row = followers.find((f) => f.openId === openId) ?? null
      const replayed = replayFollower(plan, {
        openId,
        row,
        runs: ofFollower(runs),
        entries: entries.get(openId) ?? {},
        events: own,
      })
      report.add(replayed, ofFollower(real), reached)
      for (const event of own) {
        const path = answerOf(event, request)
        if (path !== null) report.addRealReply(path)
      }
      result.followers += 1
      result.events += replayed.events
      result.texts.kept += replayed.texts.kept
      result.texts.notKept += replayed.texts.notKept
      // Callbacks and dispatches of this process go on between two followers.
      await setImmediate()
    }
    after = openIds.at(-1) ?? ''
    if (openIds.length < limit) return finished(null)
  }
}

/** The events of some followers; null when there are more than `max`. */
async function eventsOf(
  { db, signal }: Pick<DryRunDeps, 'db' | 'signal'>,
  search: Omit<Parameters<typeof recordedEvents>[1], 'after' | 'limit'>,
  max: number,
): Promise<{ byFollower: Map<string, RecordedEvent[]>; count: number } | null> {
  const byFollower = new Map<string, RecordedEvent[]>()
  let count = 0
  for (let after = 0; search.openIds.length > 0; ) {
    signal?.throwIfAborted()
    const page = await recordedEvents(db, { ...search, after, limit: EVENTS_PER_PAGE })
    count += page.length
    if (count > max) return null
    for (const event of page)
      if (!byFollower.get(event.openId)?.push(event)) byFollower.set(event.openId, [event])
    after = page.at(-1)?.id ?? after
    if (page.length < EVENTS_PER_PAGE) break
  }
  return { byFollower, count }
}

function isCounted({ campaign, entry }: RecordedRun, request: DryRunRequest): boolean {
  const at = correctedTime(entry)
  return campaign === request.campaign.id && at >= request.from && at < request.to
}

/** Each real run with the plan of its version; null for one that cannot be read. */
async function withPlans({ campaigns }: DryRunDeps, runs: readonly RecordedRun[]) {
  const plans = new Map<number, Plan | null>()
  const found: (RecordedRun & { compiled: Plan | null })[] = []
  for (const run of runs) {
    const known = plans.get(run.version)
    const stored = known === undefined ? await campaigns.version(run.campaign, run.version) : null
    const compiled = known !== undefined ? known : stored && planOfVersion(stored.model, run.version)
    plans.set(run.version, compiled)
    found.push({ ...run, compiled })
  }
  return found
}

async function goalsOf(db: Db, real: readonly RecordedRun[]): Promise<Set<string>> {
  const keys = real.map(({ runKey }) => runKey)
  if (keys.length === 0) return new Set()
  const rows = await db.select({ runKey: goals.runKey }).from(goals).where(inArray(goals.runKey, keys))
  return new Set(rows.map(({ runKey }) => runKey))
}

/** The row of the campaign's `answers` that an event of the period got: `answers.0`. The inbox has `faq@3/answers.0`. */
function answerOf({ answered, createTime, event }: RecordedEvent, request: DryRunRequest): string | null {
  const at = createTime + (event.aheadMs ?? 0)
  if (answered === null || at < request.from || at >= request.to) return null
  const [campaign, path] = [answered.split('@', 1)[0], answered.split('/')[1]]
  return campaign === request.campaign.id ? (path ?? null) : null
}

import { largeSkews } from '../../api/large-skews.ts'
import { accountView } from '../../api/views/account-view.ts'
import { campaignView } from '../../api/views/campaign-view.ts'
import type { Campaign } from '../../campaign/model.ts'
import { createRefreshedValue } from '../../shared/refreshed-value.ts'
import { MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts'
import { inboxBacklog } from '../../store/inbox/inbox-rows.ts'
import { countOpenRuns, sampleActiveRuns } from '../../store/runs/due-steps.ts'
import { type Happening, recentActivity } from '../../store/runs/recent-activity.ts'
import { readActivity } from '../../store/statistics/activity-counts.ts'
import type { PageDeps } from '../console-deps.ts'
import type { MediaNames } from '../editor-data.ts'
import { readMediaNames } from '../steps/media-names.ts'
import { readModels } from '../steps/run-models.ts'
import { type DueHour, dueHours } from './due-hours.ts'
import { activityFrom, boundOf, type Lateness, slotsApart, type Today, todayOf } from './today.ts'

/** Happenings of the feed. */
const FEED_ITEMS = 20
/** The first reading of what is due may take longer. The page is then shown without it, and gets it by its stream. */
const LONGEST_WAIT_MS = 100
/** More runs are not read for what is due: the rest is estimated. */
const MOST_DUE_RUNS = 2_000
/** An event that waits longer needs somebody. Events are dispatched within a second. */
const BACKLOG_AGE_MS = MINUTE_MS
/** As in the alert rules: a message later than this counts as late. */
const LATE_S = 60

export type OverviewAccount = ReturnType<typeof accountView>
type OverviewCampaign = ReturnType<typeof campaignView>

/** What needs a person, besides accounts and campaigns. */
export type Alert =
  | { kind: 'temporal-away' }
  | { kind: 'backlog'; pending: number; seconds: number }
  | { kind: 'late'; overSeconds: number }
  | { kind: 'clock'; api: string; seconds: number }

/** A happening with the campaign of its run; null: that version cannot be read. */
export type ShownHappening = Happening & { model: Campaign | null }

export interface Overview {
  /** When the figures were read, epoch ms. */
  at: number
  today: Today
  active: number
  paused: number
  /** Null: it is being counted for the first time. */
  due: { hours: readonly DueHour[]; total: number; isEstimate: boolean } | null
  accounts: readonly OverviewAccount[]
  broken: readonly OverviewCampaign[]
  campaigns: readonly OverviewCampaign[]
  alerts: readonly Alert[]
  feed: readonly ShownHappening[]
  /** The uploads that the steps of the feed send, by their ids. */
  media: MediaNames
}

/**
 * Reads the overview. All readers of a process share what was read, and nobody waits for a figure that takes long: an older one is
 * shown while it is read again. No part of it reads all runs.
 */
export function createOverviewReader(deps: PageDeps): () => Promise<Overview> {
  const { db, accounts, campaigns, now } = deps
  const keep = <T>(read: () => Promise<T>, freshMs: number, usableMs: number) =>
    createRefreshedValue(read, { freshMs, usableMs, clock: now })
  const counts = keep(
    () => readActivity(db, activityFrom(now()), slotsApart(now())),
    SECOND_MS,
    10 * SECOND_MS,
  )
  const open = keep(() => countOpenRuns(db), 5 * SECOND_MS, MINUTE_MS)
  const due = keep(() => readDue(deps), 30 * SECOND_MS, 10 * MINUTE_MS)
  const feed = keep(() => readFeed(deps), SECOND_MS / 2, 5 * SECOND_MS)
  const backlog = keep(() => inboxBacklog(db), 2 * SECOND_MS, 30 * SECOND_MS)
  const settings = keep(
    async () => {
      const [allAccounts, allCampaigns] = await Promise.all([accounts.list(), campaigns.list()])
      return { accounts: allAccounts, campaigns: allCampaigns.map(campaignView) }
    },
    2 * SECOND_MS,
    10 * SECOND_MS,
  )
  // A server that is away is asked for a second.
  const up = keep(() => deps.temporal.isUp(), SECOND_MS, 30 * SECOND_MS)
  return async () => {
    const [counted, runs, planned, happened, waiting, set, isUp] = await Promise.all([
      counts.get(),
      open.get(),
      soonOrNull(due.get(), LONGEST_WAIT_MS),
      feed.get(),
      backlog.get(),
      settings.get(),
      up.get(),
    ])
    const at = now()
    const today = todayOf(counted.value, at)
    return {
      at: counted.at,
      today,
      ...runs.value,
      due: planned?.value ?? null,
      accounts: set.value.accounts.map((account) => accountView(account, at)),
      campaigns: set.value.campaigns,
      broken: set.value.campaigns.filter(({ broken }) => broken !== null),
      alerts: [
        ...(isUp.value ? [] : [{ kind: 'temporal-away' as const }]),
        ...backlogAlert(waiting.value, at),
        ...lateAlert(today.lastHour),
        ...clockAlerts(deps),
      ],
      ...happened.value,
    }
  }
}

async function readFeed({ db, campaigns }: PageDeps): Promise<Pick<Overview, 'feed' | 'media'>> {
  const happened = await recentActivity(db, FEED_ITEMS)
  const modelOf = await readModels(campaigns, happened)
  const shown = happened.map((item) => ({ ...item, model: modelOf(item) }))
  return {
    feed: shown,
    media: await readMediaNames(
      db,
      shown.map(({ model }) => model),
    ),
  }
}

/** A value that comes within some ms; null otherwise. */
async function soonOrNull<T>(value: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  // Whoever asks next gets the failure.
  value.catch(() => {})
  return Promise.race([value, late]).finally(() => clearTimeout(timer))
}

async function readDue({ db, now }: Pick<PageDeps, 'db' | 'now'>): Promise<NonNullable<Overview['due']>> {
  const { active, paused } = await countOpenRuns(db)
  const sample = await sampleActiveRuns(db, active + paused, MOST_DUE_RUNS)
  const isEstimate = active + paused > MOST_DUE_RUNS
  const hours = dueHours(sample, now(), isEstimate && sample.length > 0 ? active / sample.length : 1)
  const total = hours.reduce((sum, hour) => sum + hour.payable + hour.deferred + hour.unpayable, 0)
  return { hours, total, isEstimate }
}

function backlogAlert(
  { pending, oldestReceivedAt }: { pending: number; oldestReceivedAt: number | null },
  now: number,
): Alert[] {
  if (oldestReceivedAt === null || now - oldestReceivedAt < BACKLOG_AGE_MS) return []
  return [{ kind: 'backlog', pending, seconds: Math.round((now - oldestReceivedAt) / SECOND_MS) }]
}

/** 99 of 100 messages kept the bound `p99`, and not the one below it. */
function lateAlert({ p99, buckets }: Lateness): Alert[] {
  if (p99 === null || boundOf(p99) <= LATE_S) return []
  const below = buckets.map(({ le }) => boundOf(le)).filter((bound) => bound < boundOf(p99))
  return [{ kind: 'late', overSeconds: Math.max(LATE_S, ...below) }]
}

function clockAlerts({ skewMonitor }: Pick<PageDeps, 'skewMonitor'>): Alert[] {
  return largeSkews(skewMonitor).map(({ api, skewMs }) => ({
    kind: 'clock',
    api,
    seconds: Math.round(skewMs / SECOND_MS),
  }))
}

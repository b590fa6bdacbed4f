import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { cursor, toPage } from '../../api/routes/route-helpers.ts'
import { type BulkJobView, bulkJobView } from '../../api/views/bulk-job-view.ts'
import { MINUTE_MS } from '../../shared/time-units.ts'
import {
  type BulkJob,
  isBulkJobSettling,
  listBulkJobs,
  readBulkJob,
  whyBulkJobWaits,
} from '../../store/bulk/bulk-jobs.ts'
import { listedBulkResults } from '../../store/bulk/bulk-results.ts'
import { chosenRuns, countSelected } from '../../store/bulk/selected-runs.ts'
import { accountNames, campaignNames } from '../../store/runs/choices.ts'
import { BULK_ACTIONS, type BulkAction, type BulkQuestion } from '../components/bulk-bar.tsx'
import { BulkJobs, type BulkWait, type RecentJob } from '../components/bulk-jobs.tsx'
import type { FilterChoices } from '../components/filter-words.tsx'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { type AskedFilter, filtersInBody, readFilters } from '../follower-list.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { BulkJobPage, BulkJobResult, BulkJobsPage } from '../pages/bulk-job-pages.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { bulkJobPath } from '../paths.ts'
import { respond } from '../respond.tsx'

/** A job that is over is shown this long. */
const SHOWN_MS = 10 * MINUTE_MS
const MOST_JOBS = 3
/** The rows of runs are read again at most this long after a job. */
const SETTLES_MS = MINUTE_MS

/** The bulk jobs that run, newest first, and the one that has ended last, while it is new. */
export async function recentBulkJobs(deps: PageDeps): Promise<RecentJob[]> {
  const { db, now } = deps
  const jobs = await listBulkJobs(db, { after: null, limit: MOST_JOBS })
  const hasEndedIn = (job: BulkJob, ms: number) => job.endedAt !== null && job.endedAt > now() - ms
  const [lastEnded] = jobs
    .filter((job) => hasEndedIn(job, SHOWN_MS))
    .sort((a, b) => Number(b.endedAt) - Number(a.endedAt))
  const shown = jobs.filter((job) => job.endedAt === null || job === lastEnded)
  return Promise.all(
    shown.map(async (job) => ({
      ...bulkJobView(job),
      waits: await waitOf(deps, job),
      isSettling: hasEndedIn(job, SETTLES_MS) && (await isBulkJobSettling(db, job)),
    })),
  )
}

async function waitOf({ db, temporal, now }: PageDeps, job: BulkJob): Promise<BulkWait> {
  if (job.state !== 'running') return null
  return (await temporal.isUp()) ? whyBulkJobWaits(db, job, now()) : 'temporal'
}

const actionOf = (text: string | undefined): BulkAction | undefined =>
  BULK_ACTIONS.find((action) => action === text)

/** The question of a URL with `bulk`, and its count; null: it asks nothing, or the call was refused. */
export async function readBulkQuestion(
  { api, db, now }: PageDeps,
  c: Context,
  asked: AskedFilter,
): Promise<BulkQuestion | null> {
  const action = actionOf(c.req.query('bulk'))
  if (!action) return null
  const picks = c.req.query('all') ? null : (c.req.queries('pick') ?? [])
  if (picks?.length === 0)
    return { action, count: 0, closingSoon: 0, picks, unchanged: { ended: 0, others: 0 } }
  // Without the filter that is left out, the question would be about others too.
  if (!picks && asked.invalid.length > 0) return null
  const json = { action, ...(picks ? chosenFrom(picks) : { filter: asked.filter }), dryRun: true }
  const answer = await api.call(c, 'POST', '/api/followers/bulk', { json })
  const counted = z.object({ count: z.number(), closingSoon: z.number() }).safeParse(answer.body)
  if (!counted.success) return null
  const { count, closingSoon } = counted.data
  const open = picks ? (await countSelected(db, chosenRuns(picks.map(followerOf), null), now())).count : count
  const unchanged = { ended: (picks?.length ?? open) - open, others: open - count }
  return { action, count, closingSoon, picks, unchanged }
}

const chosenFrom = (picks: readonly string[]) => ({ followers: picks.map(followerOf) })

/**
 * Whom a form is about. The call refuses a filter that it does not know, which would select everybody if it were left out, and a
 * form that says neither `picks` nor `all`.
 */
function selectionOf(field: (name: string) => string) {
  const picks = field('picks')
  if (picks !== '') return chosenFrom(picks.split(' '))
  return field('all') === '' ? {} : { filter: filtersInBody(field) }
}

function followerOf(pick: string): { appId: string; openId: string } {
  const [appId = '', openId = ''] = pick.split('/', 2)
  return { appId, openId }
}

/** The pages of bulk jobs, and the form of `/followers` that begins one */
export function addBulkPages(app: Hono, deps: PageDeps): void {
  addBulkActions(app, deps)
  const { db, now } = deps
  app.get('/bulk-jobs', async (c) => {
    const at = cursor.readTimed(c.req.query('cursor'))
    const after = at && { createdAt: at.time, id: at.key }
    const found = await listBulkJobs(db, { after, limit: PAGE_SIZE + 1 })
    const { items, next } = toPage(found, PAGE_SIZE, (job) => `${job.createdAt} ${job.id}`)
    const choices = await readFilterChoices(deps)
    return respond(c, <BulkJobsPage items={items.map(bulkJobView)} next={next} choices={choices} />)
  })
  app.get('/bulk-jobs/recent', async (c) =>
    respond(c, <BulkJobs jobs={await recentBulkJobs(deps)} now={now()} />),
  )
  const one = async (id: string) => {
    const job = await readBulkJob(db, id)
    if (!job) return null
    const shown = bulkJobView(job)
    const [waits, listed, choices] = await Promise.all([
      waitOf(deps, job),
      listedBulkResults(db, id),
      namesOf(deps, shown),
    ])
    return { job: shown, waits, listed, choices, now: now() }
  }
  app.get('/bulk-jobs/:id', async (c) => {
    const shown = await one(c.req.param('id'))
    return shown ? respond(c, <BulkJobPage {...shown} />) : respond(c, <NotFoundPage />, 404)
  })
  app.get('/bulk-jobs/:id/result', async (c) => {
    const shown = await one(c.req.param('id'))
    return shown ? respond(c, <BulkJobResult {...shown} />) : respond(c, <NotFoundPage />, 404)
  })
}

/** What the selection of a job is called. The page asks each second while the job runs, so only what is named is read. */
async function namesOf(
  { configCache, campaigns }: PageDeps,
  { selection: { appId, campaign } }: BulkJobView,
): Promise<FilterChoices> {
  const id = campaign === undefined ? null : String(campaign)
  const found = id === null ? null : (await campaigns.find(id))?.version
  return {
    accounts: configCache
      .accounts()
      .flatMap((a) => (a.appId === appId ? [{ id: a.appId, name: a.name ?? a.appId }] : [])),
    campaigns: id !== null && found ? [{ id, name: found.model.name, version: found.version }] : [],
  }
}

/** What filters are called: names of accounts and campaigns, and the job of the filter `bulkJob`. */
export async function readFilterChoices({ db }: PageDeps, job?: string): Promise<FilterChoices> {
  const [accounts, campaigns, found] = await Promise.all([
    accountNames(db),
    campaignNames(db),
    job === undefined ? null : readBulkJob(db, job),
  ])
  return { accounts, campaigns, job: found && bulkJobView(found) }
}

function addBulkActions(app: Hono, deps: PageDeps): void {
  const { api } = deps
  formAction(app, { path: '/followers/bulk', role: 'operator' }, deps, async (c, field) => {
    const asked = readFilters((name) => field(name))
    const back = `/followers?${new URLSearchParams(asked.values as Record<string, string>)}`
    const reason = field('reason').trim()
    const json = {
      action: field('action'),
      ...selectionOf(field),
      ...(reason ? { reason } : {}),
    }
    const headers: Record<string, string> = field('key') ? { 'idempotency-key': field('key') } : {}
    const answer = await api.call(c, 'POST', '/api/followers/bulk', { json, headers })
    if (answer.error) return notDone(c, answer, back)
    return c.redirect(back, 303)
  })
  formAction(app, { path: '/bulk-jobs/:id/stop', role: 'operator' }, deps, async (c) => {
    const path = bulkJobPath(c.req.param('id') ?? '')
    const answer = await api.call(c, 'POST', `/api${path}/stop`)
    if (answer.error) return notDone(c, answer, '/followers')
    const { done: changed } = answer.body as BulkJobView
    return done(c, path, 'bulkStopped', changed)
  })
}

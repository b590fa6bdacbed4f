import type { Context } from 'hono'
import { type FollowerFilter, followerFilter, toRunFilter } from '../api/follower-filter.ts'
import { readRunCursor, runCursor } from '../api/routes/follower-routes.ts'
import { toPage } from '../api/routes/route-helpers.ts'
import { viewRun } from '../api/views/follower-view.ts'
import { readFollowers } from '../store/runs/follower-rows.ts'
import { listLatestRuns } from '../store/runs/latest-runs.ts'
import { type Grant, selectGrant } from '../wechat/rules/ledger.ts'
import { PAGE_SIZE, type PageDeps } from './console-deps.ts'
import { numberOf } from './number-of.ts'
import { readMediaNames } from './steps/media-names.ts'
import { readModels } from './steps/run-models.ts'

/** The filters of the page, in the order in which their chips are shown. */
export const FILTER_NAMES = [
  'openId',
  'appId',
  'campaign',
  'version',
  'status',
  'outcome',
  'reason',
  'scene',
  'tag',
  'closing',
  'bulkJob',
  'bulkResult',
] as const
export type FilterName = (typeof FILTER_NAMES)[number]
/** As the URL has them. */
export type FilterValues = Partial<Record<FilterName, string>>

export interface AskedFilter {
  /** Valid ones, as they were asked for. */
  values: FilterValues
  filter: FollowerFilter
  /** Fields of the URL that are not valid, and are left out. */
  invalid: readonly FilterName[]
}

/** The filters of a URL or a form as they are written there, valid or not. An empty field is none. */
function writtenFilters(get: (name: string) => string | undefined): FilterValues {
  return Object.fromEntries(
    FILTER_NAMES.flatMap((name) => {
      const value = get(name)?.trim()
      return value ? [[name, value]] : []
    }),
  )
}

const NUMBERS: readonly string[] = ['version', 'closing'] satisfies FilterName[]

/** The filters of a form as the operator API has them in a body. It refuses a number that is not written in digits. */
export function filtersInBody(get: (name: string) => string | undefined): Record<string, string | number> {
  const written = Object.entries(writtenFilters(get))
  return Object.fromEntries(
    written.map(([name, value]) => [name, NUMBERS.includes(name) ? (numberOf(value) ?? value) : value]),
  )
}

/** The filters of a URL. */
export function readFilters(get: (name: string) => string | undefined): AskedFilter {
  const asked = Object.entries(writtenFilters(get)) as [FilterName, string][]
  const isValid = ([name, value]: readonly [FilterName, string]): boolean =>
    followerFilter.safeParse({ [name]: value }).success
  const values = Object.fromEntries(asked.filter(isValid)) as FilterValues
  // Versions are counted for each campaign, and a result is that of a job.
  if (!values.campaign) delete values.version
  if (!values.bulkJob) delete values.bulkResult
  return {
    values,
    filter: followerFilter.parse(values),
    invalid: asked.map(([name]) => name).filter((name) => values[name] === undefined),
  }
}

export type ListedFollower = Awaited<ReturnType<typeof readFollowerList>>['items'][number]

/** A page of the list of followers, with what its columns show. */
export async function readFollowerList(
  { db, campaigns, now }: PageDeps,
  { filter }: AskedFilter,
  c: Context,
) {
  const after = readRunCursor(c.req.query('cursor'))
  const found = await listLatestRuns(db, toRunFilter(filter, now()), { after, limit: PAGE_SIZE + 1 })
  const { items: rows, next } = toPage(found, PAGE_SIZE, runCursor)
  const open = rows.filter(({ state }) => state.status !== 'ended')
  const [followerOf, modelOf] = await Promise.all([readFollowers(db, rows), readModels(campaigns, open)])
  const items = rows.map((row) => {
    const follower = followerOf(row)
    const run = viewRun(row, [], follower)
    const isOpen = run.status !== 'ended'
    return {
      ...run,
      scene: row.entry.qrScene,
      event: row.entry.event,
      tags: follower?.attributes?.tags ?? [],
      agent: isOpen && (follower?.agent ?? false),
      grant: isOpen ? payingGrant(run.ledger, now()) : null,
      nextStep: isOpen ? nextStepOf(run.steps) : null,
      /** Null: its version cannot be read. */
      model: isOpen ? modelOf(row) : null,
    }
  })
  return {
    items,
    next,
    media: await readMediaNames(
      db,
      items.map(({ model }) => model),
    ),
  }
}

/** The grant that would pay a message now; null: none. */
export function payingGrant(ledger: ReturnType<typeof viewRun>['ledger'], now: number): Grant | null {
  const grants = ledger.map((g) => ({
    ...g,
    grantedAt: Date.parse(g.grantedAt),
    expiresAt: Date.parse(g.expiresAt),
  }))
  return selectGrant(grants as Grant[], now) ?? null
}

/** The first step that has not ended. */
function nextStepOf(steps: ReturnType<typeof viewRun>['steps']) {
  const open = steps.filter(({ state }) => state === 'pending' || state === 'held' || state === 'sending')
  const timed = open.filter(({ dueAt }) => dueAt !== null)
  return timed.sort((a, b) => Date.parse(a.dueAt ?? '') - Date.parse(b.dueAt ?? ''))[0] ?? open[0] ?? null
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { hasRole, OPEN_IDS_ROLE } from '../../auth/roles.ts'
import type { StatisticsFilter } from '../../campaign/statistics/counted-row.ts'
import type { Statistics } from '../../campaign/statistics/report.ts'
import { statisticsTable } from '../../campaign/statistics/statistics-tables.ts'
import type { PlanFork } from '../../run/plan-fork.ts'
import { type RunPosition, readRunNaming, readRunPage } from '../../store/runs/export-runs.ts'
import { type EntryFilter, versionPlan } from '../../store/statistics/read-statistics.ts'
import { amendAudit, writeAudit } from '../../store/users/audit-log.ts'
import { forbidden, notFound } from '../api-error.ts'
import { csvOf } from '../csv.ts'
import { jsonLines, type StreamEnd } from '../json-lines.ts'
import { campaignParam } from '../schemas/campaign-schemas.ts'
import { exportedRun, runsQuery, statisticsTableQuery } from '../schemas/statistics-schemas.ts'
import { type ExportedRun, type RunExport, viewExportedRun } from '../views/exported-run-view.ts'
import { type ApiDeps, errorResponses, notFoundResponse, security } from './route-helpers.ts'

/** Typed as any text, because the router takes a literal with `json` in it for one JSON value. */
const JSON_LINES: string = 'application/x-ndjson'
/** A page is about half a megabyte. */
const PAGE_RUNS = 500

/** `GET /campaigns/{id}/statistics.csv` */
export function exportStatistics(
  router: OpenAPIHono,
  { campaigns }: Pick<ApiDeps, 'campaigns'>,
  read: (campaign: string, filter: StatisticsFilter) => Promise<Statistics>,
): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/statistics.csv',
      summary: 'Get a table of the statistics of a campaign as CSV',
      description:
        'For Excel and WPS: UTF-8 with a byte order mark, a header, a row for each step, branch, answer, variant, day or scene. The figures are those of the statistics. A text that begins like a formula has an apostrophe before it.',
      security,
      request: { params: campaignParam, query: statisticsTableQuery },
      responses: {
        200: { content: { 'text/csv': { schema: z.string() } }, description: 'The table.' },
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { table, lang, ...filter } = c.req.valid('query')
      if (!(await campaigns.row(id))) throw notFound(`campaign ${id}`)
      const csv = csvOf(statisticsTable(await read(id, filter), table, lang))
      return c.body(csv, 200, download('text/csv; charset=utf-8', `${id}-${table}.csv`))
    },
  )
}

/** `GET /campaigns/{id}/runs.jsonl` */
export function exportRuns(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/runs.jsonl',
      summary: 'Export the runs of a campaign as JSON lines',
      description:
        'A line for each run that exists, in the order of arrival. Runs that began during the export are left out, and so are runs that were deleted after `RUN_RETENTION_DAYS`. Without `openIds`, no line tells who the follower is. `openIds=true` needs the role operator and writes the audit log. If the export fails, the connection is closed before its end.',
      security,
      request: { params: campaignParam, query: runsQuery },
      responses: {
        200: {
          content: { [JSON_LINES]: { schema: exportedRun } },
          description: 'The runs; the schema is that of a line.',
        },
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { openIds, ...filter } = c.req.valid('query')
      const withOpenIds = openIds === 'true'
      const { role } = c.get('principal')
      if (withOpenIds && !hasRole(role, OPEN_IDS_ROLE)) throw forbidden(OPEN_IDS_ROLE, role)
      if (!(await deps.campaigns.row(id))) throw notFound(`campaign ${id}`)
      const headers = download(`${JSON_LINES}; charset=utf-8`, `${id}-runs.jsonl`)
      if (c.req.method === 'HEAD') return new Response(null, { headers })
      const nameOf = await readRunNaming(deps.db, deps.now())
      // Before the first line, so that no openId leaves without a row in the audit log.
      const audited = withOpenIds ? await auditExport(deps, c, id, filter) : async () => {}
      const pages = pagesOf(deps, { campaign: id, nameOf, openIds: withOpenIds }, filter)
      const lines = jsonLines(pages, async (end) => {
        const { failed, err } = end
        if (err) deps.log.error({ err, campaign: id }, 'export of runs failed')
        else if (failed)
          deps.log.info({ campaign: id, runs: end.lines }, 'export of runs stopped by the client')
        await audited(end)
      })
      return new Response(lines, { headers })
    },
  )
}

async function* pagesOf(
  { db, campaigns, now }: Pick<ApiDeps, 'db' | 'campaigns' | 'now'>,
  about: RunExport,
  filter: EntryFilter,
): AsyncGenerator<ExportedRun[], void> {
  const scope = { campaign: about.campaign, filter, until: now() }
  const forks = new Map<number, readonly PlanFork[]>()
  const forksOf = async (version: number): Promise<readonly PlanFork[]> => {
    const known = forks.get(version) ?? (await versionPlan(campaigns, about.campaign, version))?.forks ?? []
    forks.set(version, known)
    return known
  }
  let after: RunPosition | null = null
  do {
    const page = await readRunPage(db, scope, { after, limit: PAGE_RUNS })
    const lines: ExportedRun[] = []
    for (const run of page) lines.push(viewExportedRun(about, run, await forksOf(run.version)))
    if (lines.length > 0) yield lines
    after = page.length < PAGE_RUNS ? null : (page.at(-1) ?? null)
  } while (after)
}

/**
 * Records that openIds are exported, with `outcome: unknown` until the end.
 * @returns records the end: how many runs were sent, and why not all were
 */
async function auditExport(
  { db, now, log }: Pick<ApiDeps, 'db' | 'now' | 'log'>,
  c: Context,
  campaign: string,
  filter: EntryFilter,
): Promise<(end: StreamEnd) => Promise<void>> {
  const note = { actor: c.get('principal').actor, action: 'campaign.export-open-ids', target: campaign }
  const row = await writeAudit(db, { ...note, details: { ...filter, outcome: 'unknown' }, at: now() })
  return ({ lines, failed }) =>
    amendAudit(db, row, { ...filter, runs: lines, ...(failed ? { failed } : {}) }).catch((err) =>
      // The row keeps `outcome: unknown`.
      log.error({ err, ...note }, 'outcome not written to the audit log'),
    )
}

/** Headers of a file. Ids of campaigns are ASCII. */
const download = (type: string, name: string) => ({
  'content-type': type,
  'content-disposition': `attachment; filename="${name}"`,
  'x-content-type-options': 'nosniff',
})

import { type SQL, sql } from 'drizzle-orm'
import { planOfVersion } from '../../campaign/compiled-plan.ts'
import { describeEvents } from '../../campaign/statistics/answer-counts.ts'
import type { CountedRow, StatisticsFilter } from '../../campaign/statistics/counted-row.ts'
import { type Statistics, statisticsOf, type VersionPlan } from '../../campaign/statistics/report.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import type { CampaignStore } from '../campaigns/campaign-store.ts'
import type { Db } from '../db.ts'
import { campaignStatistics, inbox, runs } from '../schema.ts'
import { answerDay, answeringCampaign, answerMetrics } from './answer-metrics.ts'
import { CountSum, type StoredCount } from './count-sum.ts'
import { countInSql, entryDay, runMetrics } from './run-metrics.ts'
import { type CountParts, countUndisturbed, forEachSlice, WHOLE } from './run-slices.ts'

/**
 * Counts the runs and answers of a campaign, with those that the purges have deleted. Reads each run of the campaign, by many short
 * statements. What is purged meanwhile is counted once. Answers belong to no scene.
 */
export async function readStatistics(
  db: Db,
  campaign: string,
  filter: EntryFilter,
  parts: Partial<CountParts> = {},
): Promise<CountedRow[]> {
  return countUndisturbed(db, {
    kept: sql`SELECT sum(n) AS n FROM ${campaignStatistics} WHERE campaign = ${campaign}`,
    inSlices: () => countInSlices(db, campaign, filter, { ...WHOLE, ...parts }),
    async atOnce() {
      const sum = new CountSum()
      const existing = runMetrics(keptRuns(campaign, filter, sql`true`))
      sum.add(await countRows(db, [existing, ...otherMetrics(campaign, filter)]))
      return sum.rows()
    },
  })
}

async function countInSlices(
  db: Db,
  campaign: string,
  filter: EntryFilter,
  parts: CountParts,
): Promise<CountedRow[]> {
  const sum = new CountSum()
  const count = async (metrics: readonly SQL[]) => sum.add(await countRows(db, metrics))
  const began = performance.now()
  await count(otherMetrics(campaign, filter))
  await parts.pause(performance.now() - began)
  await forEachSlice(db, sql`r.campaign = ${campaign}`, parts, (isInSlice) =>
    count([runMetrics(keptRuns(campaign, filter, isInSlice))]),
  )
  return sum.rows()
}

function keptRuns(campaign: string, filter: EntryFilter, isInSlice: SQL): SQL {
  return sql`(SELECT * FROM ${runs} r WHERE ${runsOfCampaign(campaign, filter)} AND ${isInSlice})`
}

/** What counts beside the runs that exist: answers, and what was deleted. */
function otherMetrics(campaign: string, filter: EntryFilter): SQL[] {
  const answered = sql`(SELECT * FROM ${inbox} i WHERE ${existingAnswers(campaign, filter)})`
  return [
    sql`SELECT a.*, 0 FROM (${answerMetrics(answered)}) a`,
    sql`SELECT campaign, version, app_id, day, scene, variant, step, metric, n, value
      FROM ${campaignStatistics} t WHERE ${deletedRuns(campaign, filter)}`,
  ]
}

async function countRows(db: Db, parts: readonly SQL[]): Promise<StoredCount[]> {
  const { rows } = await countInSql<StoredCount>(
    db,
    sql`WITH counted (campaign, version, app_id, day, scene, variant, step, metric, n, value)
        AS MATERIALIZED (${sql.join([...parts], sql` UNION ALL `)})
      SELECT version, variant, step, metric, NULL AS day, NULL AS scene, sum(n) AS n, sum(value) AS value
        FROM counted GROUP BY 1, 2, 3, 4
      UNION ALL SELECT version, variant, '', metric, day, NULL, sum(n), sum(value) FROM counted WHERE step = '' GROUP BY 1, 2, 4, 5
      UNION ALL SELECT version, variant, '', metric, NULL, scene, sum(n), sum(value) FROM counted WHERE step = '' GROUP BY 1, 2, 4, 6`,
  )
  return rows
}

/** Selects runs by their entry. */
export type EntryFilter = Omit<StatisticsFilter, 'variant'>

/** The runs of a campaign that exist, under the alias `r`. */
export function runsOfCampaign(campaign: string, { from, to, version, scene, appId }: EntryFilter): SQL {
  const day = entryDay(sql`r`)
  return allOf([
    sql`r.campaign = ${campaign}`,
    from === undefined ? null : sql`r.started_at >= ${dayStart(from) - DAY_MS}::bigint AND ${day} >= ${from}`,
    to === undefined ? null : sql`r.started_at < ${dayStart(to) + 2 * DAY_MS}::bigint AND ${day} <= ${to}`,
    version === undefined ? null : sql`r.version = ${version}::integer`,
    scene === undefined ? null : sql`COALESCE(r.scene_pattern, '') = ${scene}`,
    appId === undefined ? null : sql`r.app_id = ${appId}`,
  ])
}

/** The rows of the inbox that the campaign has answered and that exist, under the alias `i`. */
function existingAnswers(campaign: string, { from, to, version, scene, appId }: EntryFilter): SQL {
  const day = answerDay(sql`i`)
  return allOf([
    sql`i.answered IS NOT NULL AND ${answeringCampaign(sql`i`)} = ${campaign}`,
    from === undefined ? null : sql`${day} >= ${from}`,
    to === undefined ? null : sql`${day} <= ${to}`,
    version === undefined ? null : sql`i.answered LIKE ${`%@${version}/%`}`,
    scene === undefined ? null : sql`false`,
    appId === undefined ? null : sql`i.app_id = ${appId}`,
  ])
}

/** The counts of deleted runs and answers, under the alias `t`. */
function deletedRuns(campaign: string, { from, to, version, scene, appId }: EntryFilter): SQL {
  return allOf([
    sql`t.campaign = ${campaign}`,
    from === undefined ? null : sql`t.day >= ${from}`,
    to === undefined ? null : sql`t.day <= ${to}`,
    version === undefined ? null : sql`t.version = ${version}::integer`,
    scene === undefined ? null : sql`t.scene = ${scene} AND t.metric <> 'answered'`,
    appId === undefined ? null : sql`t.app_id = ${appId}`,
  ])
}

function allOf(conditions: readonly (SQL | null)[]): SQL {
  return sql.join(
    conditions.filter((c) => c !== null),
    sql` AND `,
  )
}

/** In UTC. Local days begin up to a day earlier or later. */
function dayStart(day: string): number {
  return Date.parse(`${day}T00:00:00Z`)
}

/** The statistics of a campaign. The forks of each version have their names from the campaign file. */
export async function readCampaignStatistics(
  deps: { db: Db; campaigns: Pick<CampaignStore, 'version'> },
  campaign: string,
  { variant, ...filter }: StatisticsFilter,
  parts?: Partial<CountParts>,
): Promise<Statistics> {
  const rows = await readStatistics(deps.db, campaign, filter, parts)
  const versions = [...new Set(rows.map((row) => row.version))]
  const plans = await Promise.all(versions.map((version) => versionPlan(deps.campaigns, campaign, version)))
  const byVersion = new Map(versions.map((version, i) => [version, plans[i] ?? null]))
  return statisticsOf(rows, (version) => byVersion.get(version) ?? null, variant)
}

/** The forks, steps and answers of a version; null when it cannot be read. */
export async function versionPlan(
  campaigns: Pick<CampaignStore, 'version'>,
  campaign: string,
  version: number,
): Promise<VersionPlan> {
  const found = await campaigns.version(campaign, version)
  if (!found) return null
  const { steps, forks = [] } = planOfVersion(found.model, version)
  const answers = (found.model.answers ?? []).map(({ on }) => describeEvents(on))
  return { forks, steps: steps.map(({ id }) => id), answers }
}

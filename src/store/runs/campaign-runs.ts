import { and, count, eq, ne } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'

/** How many runs of each version of a campaign have not ended. */
export async function activeRunsByVersion(db: Db, campaign: string): Promise<Map<number, number>> {
  const rows = await db
    .select({ version: runs.version, n: count() })
    .from(runs)
    .where(and(eq(runs.campaign, campaign), ne(runs.status, 'ended')))
    .groupBy(runs.version)
  return new Map(rows.map(({ version, n }) => [version, n]))
}

/** Followers of a campaign with a run that has not ended. */
export function activeFollowersByCampaign(
  db: Db,
  campaign: string,
): Promise<(FollowerKey & { runKey: string; runId: string | null })[]> {
  return db
    .select({ appId: runs.appId, openId: runs.openId, runKey: runs.runKey, runId: runs.runId })
    .from(runs)
    .where(and(eq(runs.campaign, campaign), ne(runs.status, 'ended')))
}

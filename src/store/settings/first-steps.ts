import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { accounts, campaignDrafts, campaignVersions, entries, runs } from '../schema.ts'

/** What somebody who is new to the product has done. Each is known by its trace in the store. */
export interface FirstSteps {
  /** A follower of any account has entered a campaign. */
  tried: boolean
  /** Somebody has saved a draft, or published a campaign: the demo's own do not count. */
  written: boolean
  /** An account of WeChat itself is connected, not only simulated ones. */
  connected: boolean
}

/** Reads the first steps: lookups that stop at the first row. */
export async function readFirstSteps(db: Db): Promise<FirstSteps> {
  const [row] = await db
    .select({
      // An entry outlives its run.
      tried: sql<boolean>`EXISTS (SELECT 1 FROM ${runs}) OR EXISTS (SELECT 1 FROM ${entries})`,
      written: sql<boolean>`EXISTS (SELECT 1 FROM ${campaignDrafts}) OR EXISTS (SELECT 1 FROM ${campaignVersions} WHERE ${campaignVersions.publishedBy} IS NOT NULL)`,
      connected: sql<boolean>`EXISTS (SELECT 1 FROM ${accounts} WHERE ${accounts.apiBase} IS NULL)`,
    })
    .from(sql`(SELECT 1) AS one`)
  return row ?? { tried: false, written: false, connected: false }
}

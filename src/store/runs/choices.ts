import { ne, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { accounts, campaigns, campaignVersions } from '../schema.ts'

export interface Named {
  id: string
  name: string
}

/** The most accounts or campaigns of a choice. Lists of more are searched by other means. */
const MOST = 500

/** Names of accounts, in the order of the names. */
export function accountNames(db: Db): Promise<Named[]> {
  const { appId: id, name } = accounts
  return db.select({ id, name }).from(accounts).orderBy(name, id).limit(MOST)
}

/** Names of campaigns as their newest versions have them, without deleted campaigns. */
export async function campaignNames(db: Db): Promise<(Named & { version: number })[]> {
  const { id, version } = campaigns
  const newest = sql`${campaignVersions.id} = ${id} AND ${campaignVersions.version} = ${version}`
  const rows = await db
    .select({ id, version, name: sql<string | null>`${campaignVersions.model}->>'name'` })
    .from(campaigns)
    .leftJoin(campaignVersions, newest)
    .where(ne(campaigns.state, 'deleted'))
    .orderBy(id)
    .limit(MOST)
  return rows.map((row) => ({ ...row, name: row.name ?? row.id }))
}

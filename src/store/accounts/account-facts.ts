import { and, count, eq, inArray, ne } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { accessTokens, followers, inbox, runs } from '../schema.ts'

/** When the access token of an account was fetched, and when it expires. Epoch ms. */
export interface TokenTimes {
  obtainedAt: number | null
  expiresAt: number
}

/** The times of the access tokens by account. Accounts whose token was never fetched are missing. */
export async function readTokenTimes(db: Db, appIds: readonly string[]): Promise<Map<string, TokenTimes>> {
  if (appIds.length === 0) return new Map()
  const { appId, obtainedAt, expiresAt } = accessTokens
  const rows = await db
    .select({ appId, obtainedAt, expiresAt })
    .from(accessTokens)
    .where(inArray(appId, [...appIds]))
  return new Map(
    rows.flatMap((row) =>
      row.expiresAt === null
        ? []
        : [[row.appId, { obtainedAt: row.obtainedAt, expiresAt: row.expiresAt }] as const],
    ),
  )
}

/** Whether an event of a follower of the account is in the store, or a follower. */
export async function hasReceivedEvent(db: Db, appId: string): Promise<boolean> {
  const [event] = await db.select({ id: inbox.id }).from(inbox).where(eq(inbox.appId, appId)).limit(1)
  if (event) return true
  const { openId } = followers
  const [follower] = await db.select({ openId }).from(followers).where(eq(followers.appId, appId)).limit(1)
  return follower !== undefined
}

/** How many runs of the account have not ended. Counts to `most` only. */
export async function countOpenRuns(db: Db, appId: string, most: number): Promise<number> {
  const open = db
    .select({ key: runs.runKey })
    .from(runs)
    .where(and(eq(runs.appId, appId), ne(runs.status, 'ended')))
    .limit(most)
    .as('open')
  const [row] = await db.select({ n: count() }).from(open)
  return row?.n ?? 0
}

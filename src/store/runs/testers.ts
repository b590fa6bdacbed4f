import { and, desc, eq, gt } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { followers } from '../schema.ts'

/** A follower whom WeChat lets the account write to now. */
export interface Tester {
  openId: string
  lastInteractionAt: number | null
  /** When WeChat stops accepting messages, epoch ms. */
  grantEndsAt: number
}

/** The followers of an account whose last message opened a grant that has not ended, the latest first. */
export async function listTesters(db: Db, appId: string, now: number, limit: number): Promise<Tester[]> {
  const { openId, lastInteractionAt, messageGrantEndsAt } = followers
  const rows = await db
    .select({ openId, lastInteractionAt, grantEndsAt: messageGrantEndsAt })
    .from(followers)
    .where(and(eq(followers.appId, appId), gt(messageGrantEndsAt, now)))
    .orderBy(desc(messageGrantEndsAt))
    .limit(limit)
  return rows.map((row) => ({ ...row, grantEndsAt: row.grantEndsAt ?? 0 }))
}

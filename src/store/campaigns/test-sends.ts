import { and, asc, eq, gte, inArray, lt, sql } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { testSends } from '../schema.ts'

export type TestSendRow = typeof testSends.$inferSelect

/** Stores a test send before its first request. @returns null when its key was used before */
export async function beginTestSend(
  db: Db,
  row: Pick<TestSendRow, 'appId' | 'openId' | 'dedupeKey' | 'requestHash' | 'campaign' | 'requestedAt'>,
): Promise<number | null> {
  const [inserted] = await db
    .insert(testSends)
    .values(row)
    .onConflictDoNothing({ target: testSends.dedupeKey })
    .returning({ id: testSends.id })
  return inserted?.id ?? null
}

/** The test send that has used a key. */
export async function findTestSend(db: Db, dedupeKey: string): Promise<TestSendRow | null> {
  const [found] = await db.select().from(testSends).where(eq(testSends.dedupeKey, dedupeKey))
  return found ?? null
}

/** Counts a message that is being sent. */
export async function countTestMessage(db: Db, id: number): Promise<void> {
  await db
    .update(testSends)
    .set({ sent: sql`${testSends.sent} + 1` })
    .where(eq(testSends.id, id))
}

/** Keeps the answer, for a repetition of the request. */
export async function finishTestSend(db: Db, id: number, answer: unknown): Promise<void> {
  await db.update(testSends).set({ answer }).where(eq(testSends.id, id))
}

/** Deletes a test send of which no message was sent. */
export async function removeTestSend(db: Db, id: number): Promise<void> {
  await db.delete(testSends).where(eq(testSends.id, id))
}

/** When test messages went to a follower since a time, one entry for each message. */
export async function testMessagesSince(
  db: Db,
  { appId, openId }: FollowerKey,
  since: number,
): Promise<number[]> {
  const rows = await db
    .select({ at: testSends.requestedAt, sent: testSends.sent })
    .from(testSends)
    .where(and(eq(testSends.appId, appId), eq(testSends.openId, openId), gte(testSends.requestedAt, since)))
  return rows.flatMap(({ at, sent }) => Array.from({ length: sent }, () => at))
}

/** Deletes test sends that were requested before a time. Their keys may then be used again. @returns how many */
export async function purgeTestSends(db: Db, before: number, limit: number): Promise<number> {
  const old = await db
    .select({ id: testSends.id })
    .from(testSends)
    .where(lt(testSends.requestedAt, before))
    .orderBy(asc(testSends.id))
    .limit(limit)
  if (old.length === 0) return 0
  const ids = old.map(({ id }) => id)
  await db.delete(testSends).where(inArray(testSends.id, ids))
  return ids.length
}

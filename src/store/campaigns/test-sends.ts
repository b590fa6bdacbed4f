import { asc, inArray, lt } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { testSends } from '../schema.ts'

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

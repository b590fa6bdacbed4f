import { and, eq, gt, sql } from 'drizzle-orm'
import { lastDoneAt, tallyOf } from '../../run/tally.ts'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'
import type { PagePurge, TablePage } from '../table-page.ts'

/** Writes the tallies of a page of the runs whose last state was written by 0.3, which knew none. */
export async function countRuns(db: Db, { after, limit }: TablePage<string>): Promise<PagePurge<string>> {
  const uncounted = sql`${runs.tallyRevision} IS DISTINCT FROM ${runs.revision}`
  const page = await db
    .select({ runKey: runs.runKey, revision: runs.revision, state: runs.state })
    .from(runs)
    .where(and(after === null ? undefined : gt(runs.runKey, after), uncounted))
    .orderBy(runs.runKey)
    .limit(limit)
  for (const { runKey, revision, state } of page)
    await db
      .update(runs)
      .set({ tally: tallyOf(state), tallyRevision: revision, lastDoneAt: lastDoneAt(state) })
      .where(and(eq(runs.runKey, runKey), eq(runs.revision, revision)))
  return { changed: page.length, next: page.length < limit ? null : (page.at(-1)?.runKey ?? null) }
}

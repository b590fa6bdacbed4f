import { and, eq, gt, inArray } from 'drizzle-orm'
import { lastDoneAt, tallyOf } from '../../run/tally.ts'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'
import type { PagePurge, TablePage } from '../table-page.ts'

/**
 * Writes the tallies of those runs of a page whose last state was written by 0.3, which knew none. A page has counted runs too: a
 * statement that looks for the others only would read the whole table when there are none.
 */
export async function countRuns(db: Db, { after, limit }: TablePage<string>): Promise<PagePurge<string>> {
  const { runKey, revision, tallyRevision } = runs
  const page = await db
    .select({ runKey, revision, tallyRevision })
    .from(runs)
    .where(after === null ? undefined : gt(runKey, after))
    .orderBy(runKey)
    .limit(limit)
  const uncounted = page.filter((run) => run.tallyRevision !== run.revision).map((run) => run.runKey)
  for (const run of await readStates(db, uncounted))
    await db
      .update(runs)
      .set({ tally: tallyOf(run.state), tallyRevision: run.revision, lastDoneAt: lastDoneAt(run.state) })
      .where(and(eq(runKey, run.runKey), eq(revision, run.revision)))
  return { changed: uncounted.length, next: page.length < limit ? null : (page.at(-1)?.runKey ?? null) }
}

async function readStates(db: Db, runKeys: readonly string[]) {
  if (runKeys.length === 0) return []
  const { runKey, revision, state } = runs
  return db
    .select({ runKey, revision, state })
    .from(runs)
    .where(inArray(runKey, [...runKeys]))
}

import { and, eq, isNull, lt, or } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { isInFuture, isLeaseFree } from '../lease.ts'
import { jobs } from '../schema.ts'

/** A lease on a periodic job, for one process at a time; null when another has it, or it is not due yet. */
export async function claimJob(
  db: Db,
  job: { name: string; ownerId: string; now: number; everyMs: number; leaseMs: number },
): Promise<{ lastRunAt: number | null } | null> {
  const { name, ownerId: by, now, everyMs, leaseMs } = job
  await db.insert(jobs).values({ name }).onConflictDoNothing()
  const [claimed] = await db
    .update(jobs)
    .set({ claimedBy: by, claimedUntil: now + leaseMs })
    .where(
      and(
        eq(jobs.name, name),
        isLeaseFree(jobs.claimedUntil, { now, leaseMs }),
        or(isNull(jobs.lastRunAt), lt(jobs.lastRunAt, now - everyMs + 1), isInFuture(jobs.lastRunAt, now)),
      ),
    )
    .returning({ lastRunAt: jobs.lastRunAt })
  return claimed ?? null
}

/** The job is done (`ranAt`), or failed (null): then it is due again at once, for whoever asks next. */
export async function releaseJob(db: Db, name: string, ownerId: string, ranAt: number | null): Promise<void> {
  await db
    .update(jobs)
    .set({ claimedBy: null, claimedUntil: null, ...(ranAt === null ? {} : { lastRunAt: ranAt }) })
    .where(and(eq(jobs.name, name), eq(jobs.claimedBy, ownerId)))
}

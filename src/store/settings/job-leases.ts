import { and, eq, isNull, lt, or } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { isInFuture, isLeaseFree } from '../lease.ts'
import { periodicJobs } from '../schema.ts'

/** A lease on a periodic job, for one process at a time; null when another has it, or it is not due yet. */
export async function claimJob(
  db: Db,
  job: { name: string; ownerId: string; now: number; everyMs: number; leaseMs: number },
): Promise<{ lastRunAt: number | null } | null> {
  const { name, ownerId: by, now, everyMs, leaseMs } = job
  await db.insert(periodicJobs).values({ name }).onConflictDoNothing()
  const [claimed] = await db
    .update(periodicJobs)
    .set({ leaseOwnerId: by, leaseExpiresAt: now + leaseMs })
    .where(
      and(
        eq(periodicJobs.name, name),
        isLeaseFree(periodicJobs.leaseExpiresAt, { now, leaseMs }),
        or(
          isNull(periodicJobs.lastRunAt),
          lt(periodicJobs.lastRunAt, now - everyMs + 1),
          isInFuture(periodicJobs.lastRunAt, now),
        ),
      ),
    )
    .returning({ lastRunAt: periodicJobs.lastRunAt })
  return claimed ?? null
}

/** The job is done (`ranAt`), or failed (null): then it is due again at once, for whoever asks next. */
export async function releaseJob(db: Db, name: string, ownerId: string, ranAt: number | null): Promise<void> {
  await db
    .update(periodicJobs)
    .set({ leaseOwnerId: null, leaseExpiresAt: null, ...(ranAt === null ? {} : { lastRunAt: ranAt }) })
    .where(and(eq(periodicJobs.name, name), eq(periodicJobs.leaseOwnerId, ownerId)))
}

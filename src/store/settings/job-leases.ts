import { and, asc, eq, isNull, lt, or } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { isInFuture, isLeaseFree } from '../lease.ts'
import { periodicJobs } from '../schema.ts'

/** Leases a periodic job to one process at a time. Null when another process has it, or it is not due yet. */
export async function claimJob(
  db: Db,
  job: { name: string; ownerId: string; now: number; everyMs: number; leaseMs: number },
): Promise<{ lastRunAt: number | null } | null> {
  const { name, ownerId, now, everyMs, leaseMs } = job
  await db.insert(periodicJobs).values({ name }).onConflictDoNothing()
  const [claimed] = await db
    .update(periodicJobs)
    .set({ leaseOwnerId: ownerId, leaseExpiresAt: now + leaseMs })
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

/** Releases a job. @param ranAt when it ran, epoch ms; null: it failed or is unfinished, and is due again at once */
export async function releaseJob(db: Db, name: string, ownerId: string, ranAt: number | null): Promise<void> {
  await db
    .update(periodicJobs)
    .set({ leaseOwnerId: null, leaseExpiresAt: null, ...(ranAt === null ? {} : { lastRunAt: ranAt }) })
    .where(and(eq(periodicJobs.name, name), eq(periodicJobs.leaseOwnerId, ownerId)))
}

/** Every periodic job that a process has ever claimed, by name. */
export const listJobs = (db: Db): Promise<(typeof periodicJobs.$inferSelect)[]> =>
  db.select().from(periodicJobs).orderBy(asc(periodicJobs.name))

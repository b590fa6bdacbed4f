import { and, eq, isNull } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { type FollowerPatch, upsertFollower } from '../runs/follower-rows.ts'
import { type GoalHit, goalStatements } from '../runs/goals.ts'
import { inbox, runs } from '../schema.ts'
import { dispatchedColumns } from './inbox-rows.ts'

/** What became of a dispatched event. */
export interface Dispatched {
  id: number
  result: string
  follower: FollowerKey
  /** What the event changes of the follower's row. */
  patch: FollowerPatch
  /** The run that it started, with Temporal's run id. */
  started: { runKey: string; runId: string } | null
  /** The runs that reach their goal by it. Default: none. */
  goals?: readonly GoalHit[]
  /** The follower's newest run, which may have ended, and when the follower left. Epoch ms. Absent: the event is no unfollow. */
  unfollowed?: { runKey: string; at: number } | undefined
}

/**
 * Records a dispatched event in one statement: its row, its follower's, Temporal's run id of the run that
 * it started, the goals that it reached, and the first unfollow of a run.
 */
export async function finishDispatch(
  db: Db,
  { id, result, follower, patch, started, goals = [], unfollowed }: Dispatched,
  now: number,
): Promise<void> {
  const event = db
    .$with('event')
    .as(
      db
        .update(inbox)
        .set(dispatchedColumns(result, now))
        .where(eq(inbox.id, id))
        .returning({ id: inbox.id }),
    )
  const run = db.$with('run').as(
    db
      .update(runs)
      .set({ runId: started?.runId ?? null })
      .where(and(eq(runs.runKey, started?.runKey ?? ''), isNull(runs.runId)))
      .returning({ runKey: runs.runKey }),
  )
  const left = db.$with('left_run').as(
    db
      .update(runs)
      .set({ unfollowedAt: unfollowed?.at ?? null })
      .where(and(eq(runs.runKey, unfollowed?.runKey ?? ''), isNull(runs.unfollowedAt)))
      .returning({ runKey: runs.runKey }),
  )
  const ctes = [event, ...(started ? [run] : []), ...(unfollowed ? [left] : []), ...goalStatements(db, goals)]
  if (Object.keys(patch).length > 0) await upsertFollower(db.with(...ctes), follower, patch, now)
  else
    await db
      .with(...ctes)
      .select()
      .from(event)
}

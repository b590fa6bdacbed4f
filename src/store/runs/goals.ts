import { eq, inArray, sql } from 'drizzle-orm'
import type { ReachedGoal } from '../../run/goal.ts'
import type { Db } from '../db.ts'
import { deliveries, goals, runs } from '../schema.ts'

/** An event by which a run reaches its goal, unless it has before. */
export interface GoalHit {
  runKey: string
  /** Epoch ms. */
  at: number
  value: number | null
}

/**
 * The statements that record reached goals, as parts of the statement that records their event. Each run has one goal, with the
 * version of its campaign and the last step whose message was sent before.
 */
export function goalStatements(db: Pick<Db, 'insert' | 'select' | '$with'>, hits: readonly GoalHit[]) {
  return hits.map(({ runKey, at, value }, i) =>
    db.$with(`goal${i}`).as(
      db
        .insert(goals)
        .select(
          db
            .select({
              runKey: runs.runKey,
              appId: runs.appId,
              campaign: runs.campaign,
              version: runs.version,
              at: sql<number>`${at}::bigint`.as('at'),
              value: sql<number | null>`${value}::text::numeric`.as('value'),
              stepId: sql<string | null>`(SELECT d.step_id FROM ${deliveries} d
                WHERE d.run_key = ${runs.runKey} AND d.state = 'sent' AND d.sent_at <= ${at}::bigint
                ORDER BY d.sent_at DESC, d.step_id DESC LIMIT 1)`.as('step_id'),
            })
            .from(runs)
            .where(eq(runs.runKey, runKey)),
        )
        .onConflictDoNothing()
        .returning({ runKey: goals.runKey }),
    ),
  )
}

/** The goals that these runs have reached, by run key. */
export async function readGoals(
  db: Pick<Db, 'select'>,
  runKeys: readonly string[],
): Promise<Map<string, ReachedGoal>> {
  if (runKeys.length === 0) return new Map()
  const rows = await db
    .select()
    .from(goals)
    .where(inArray(goals.runKey, [...runKeys]))
  return new Map(rows.map(({ runKey, at, value, stepId }) => [runKey, { at, value, step: stepId }]))
}

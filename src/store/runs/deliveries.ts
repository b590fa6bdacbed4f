import { and, eq, gt, inArray, ne, notInArray, or, sql } from 'drizzle-orm'
import type { EventStamp } from '../../run/plan.ts'
import type { RunState } from '../../run/state.ts'
import type { Db } from '../db.ts'
import { ERASURE_KINDS } from '../inbox/inbox-event.ts'
import { accounts, campaigns, deliveries, followers, inbox, runs } from '../schema.ts'
import { compiledStatement } from '../sql.ts'
import { isRefusedData } from '../store-error.ts'
import { hasOlderSnapshot, saveSnapshot } from './run-rows.ts'
import { type StoredDetail, snapshotColumns } from './run-snapshots.ts'

export type Delivery = typeof deliveries.$inferSelect

/** Why the check before a request refuses it. */
type Refusal = 'unfollowed' | 'run-ended' | 'follower-paused' | 'account-stopped' | 'campaign-paused'

/** A message that answers nothing that the follower did. */
export interface Unasked {
  /** Now by the clock of the run, epoch ms. */
  at: number
  /** It counts against the account's cap, and goes over it. */
  goesOverCap: boolean
}

export interface SendKey {
  runKey: string
  stepId: string
  appId: string
  openId: string
  campaign: string
  entry: EventStamp
}

export type Intent =
  /** `followsInvalidRecipient`: the account's last send went to a follower that WeChat does not know. */
  | { allowed: true; attempts: number; unclear: number; failures: number; followsInvalidRecipient: boolean }
  /** `overtaken`: another attempt has recorded an intent meanwhile. */
  | { allowed: false; refusal: Refusal | 'sent' | 'overtaken' }
  /** The follower got as many unasked messages as the account's cap allows. `until`: when the oldest leaves the period. */
  | { allowed: false; refusal: 'capped'; until: number }

/** The delivery row of a step; null before its first intent. */
export async function readDelivery(db: Db, runKey: string, stepId: string): Promise<Delivery | null> {
  const [row] = await db.select().from(deliveries).where(byKey(runKey, stepId))
  return row ?? null
}

/**
 * Checks whether a request may be sent and records the intent, in one statement. It sees every event that was accepted before,
 * and no request is sent without a row. Refuses after an unfollow or an erasure request newer than the run's entry
 * (dispatched or not, even when a follow came after it), for a run that has ended in the store, for a paused follower or
 * campaign, for a stopped account, and over the account's cap of unasked messages: those of all the follower's runs count, if they
 * were sent or may have been. Only two requests for one follower at the same moment, which the cap is about, need a second
 * statement.
 * @param now real time, epoch ms
 * @param knownAttempts the attempts that the caller has read. A stalled attempt that resumes beside its successor has an
 *   older number and is refused
 * @param unasked what the account's cap is about; null: the message answers the follower
 */
export async function recordIntent(
  db: Db,
  { runKey, stepId, appId, openId, campaign, entry }: SendKey,
  now: number,
  knownAttempts: number,
  unasked: Unasked | null = null,
): Promise<Intent> {
  const { at, seq } = entry
  const values = {
    ...{ runKey, stepId, appId, openId, campaign, at, seq, now, knownAttempts },
    unaskedAt: unasked?.at ?? null,
    isCapped: unasked !== null && !unasked.goesOverCap,
  }
  let [row] = (await checkAndIntend(db, values)).rows
  for (let turn = 1; row?.refusal === 'crossed'; turn++) {
    // Each turn another request of this follower went before.
    if (turn === MOST_TURNS) throw new Error(`${MOST_TURNS} requests for one follower went before this one`)
    ;[row] = (await checkAndIntend(db, values)).rows
  }
  if (!row || row.attempts === null)
    return refused(row?.before === 'sent' ? 'sent' : (row?.refusal ?? 'overtaken'), row?.until ?? null)
  if (row.refusal) return refused(row.refusal, row.until)
  return {
    allowed: true,
    attempts: Number(row.attempts),
    unclear: Number(row.unclear),
    failures: Number(row.failures),
    followsInvalidRecipient: row.followsInvalidRecipient === true,
  }
}

/** Far more than runs of one follower can send at once. */
const MOST_TURNS = 20

function refused(
  refusal: Refusal | 'capped' | 'crossed' | 'sent' | 'overtaken',
  until: number | string | null,
): Extract<Intent, { allowed: false }> {
  if (refusal === 'capped') return { allowed: false, refusal, until: Number(until ?? 0) }
  return { allowed: false, refusal: refusal === 'crossed' ? 'overtaken' : refusal }
}

const checkAndIntend = compiledStatement<
  Omit<SendKey, 'entry'> & {
    at: number
    seq: number
    now: number
    knownAttempts: number
    unaskedAt: number | null
    isCapped: boolean
  },
  {
    before: string | null
    refusal: Refusal | 'capped' | 'crossed' | null
    until: number | string | null
    attempts: number | null
    unclear: number | null
    failures: number | null
    followsInvalidRecipient: boolean | null
  }
>(
  // The index `runs_by_follower` and the primary key of deliveries find what the cap counts, whatever else the account sends.
  // Of two requests for one follower at once, the second waits for the first's update of the follower's row, finds the number
  // changed, and is checked again with what the first has written.
  (value) => sql`WITH limited AS (
      SELECT a.cap, f.unasked_sends AS turn FROM ${accounts} a
        LEFT JOIN ${followers} f ON f.app_id = a.app_id AND f.open_id = ${value('openId')}
        WHERE ${value('isCapped')}::boolean AND a.app_id = ${value('appId')} AND a.cap IS NOT NULL),
    full_until AS (
      SELECT counted.at + (limited.cap->>'perMs')::bigint AS until FROM limited CROSS JOIN LATERAL (
        SELECT d.unasked_at AS at FROM ${runs} r JOIN ${deliveries} d ON d.run_key = r.run_key
        WHERE r.app_id = ${value('appId')} AND r.open_id = ${value('openId')}
          AND d.unasked_at > ${value('unaskedAt')}::bigint - (limited.cap->>'perMs')::bigint
          AND (d.state IN ('sent', 'unknown', 'sending') OR d.unclear > 0)
          AND (d.run_key, d.step_id) <> (${value('runKey')}, ${value('stepId')})
        ORDER BY d.unasked_at DESC OFFSET (limited.cap->>'messages')::integer - 1 LIMIT 1) counted),
    looked AS (SELECT CASE
        WHEN EXISTS (
          SELECT 1 FROM ${inbox} WHERE app_id = ${value('appId')} AND open_id = ${value('openId')}
            AND kind IN ('unsubscribe', ${sql.join(
              ERASURE_KINDS.map((k) => sql`${k}`),
              sql`, `,
            )})
            AND (create_time, id) > (${value('at')}::bigint, ${value('seq')}::bigint)
            AND result IS DISTINCT FROM 'ignored') THEN 'unfollowed'
        WHEN EXISTS (SELECT 1 FROM ${runs} WHERE run_key = ${value('runKey')} AND status = 'ended'
          AND outcome <> 'terminated') THEN 'run-ended'
        WHEN (SELECT paused FROM ${followers} WHERE app_id = ${value('appId')} AND open_id = ${value('openId')})
          THEN 'follower-paused'
        WHEN NOT EXISTS (SELECT 1 FROM ${accounts} WHERE app_id = ${value('appId')}
          AND (state = 'active' OR state_until <= ${value('now')}::bigint)) THEN 'account-stopped'
        WHEN (SELECT state FROM ${campaigns} WHERE id = ${value('campaign')}) = 'paused' THEN 'campaign-paused'
        WHEN EXISTS (SELECT 1 FROM full_until) THEN 'capped'
      END AS refusal),
    turn AS (
      UPDATE ${followers} SET unasked_sends = followers.unasked_sends + 1 FROM limited, looked
      WHERE followers.app_id = ${value('appId')} AND followers.open_id = ${value('openId')}
        AND looked.refusal IS NULL AND followers.unasked_sends = limited.turn
      RETURNING 1),
    checked AS (SELECT CASE
        WHEN refusal IS NULL AND EXISTS (SELECT 1 FROM limited WHERE turn IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM turn) THEN 'crossed'
        ELSE refusal
      END AS refusal FROM looked),
    intent AS (
      INSERT INTO ${deliveries} (run_key, step_id, app_id, state, attempts, intent_at, unasked_at, reason, updated_at)
      SELECT ${value('runKey')}, ${value('stepId')}, ${value('appId')},
        CASE WHEN refusal IS NULL THEN 'sending' ELSE 'deferred' END,
        CASE WHEN refusal IS NULL THEN 1 ELSE 0 END,
        CASE WHEN refusal IS NULL THEN ${value('now')}::bigint END,
        CASE WHEN refusal IS NULL THEN ${value('unaskedAt')}::bigint END,
        refusal, ${value('now')}::bigint FROM checked WHERE refusal IS DISTINCT FROM 'crossed'
      ON CONFLICT (run_key, step_id) DO UPDATE SET state = EXCLUDED.state,
        attempts = deliveries.attempts + EXCLUDED.attempts,
        intent_at = COALESCE(EXCLUDED.intent_at, deliveries.intent_at),
        unasked_at = CASE WHEN EXCLUDED.attempts > 0 THEN EXCLUDED.unasked_at ELSE deliveries.unasked_at END,
        reason = EXCLUDED.reason, updated_at = EXCLUDED.updated_at
        WHERE deliveries.state <> 'sent' AND deliveries.attempts = ${value('knownAttempts')}::integer
      RETURNING attempts, unclear, failures)
    SELECT (SELECT state FROM ${deliveries} WHERE run_key = ${value('runKey')} AND step_id = ${value('stepId')}) AS before,
      checked.refusal, (SELECT until FROM full_until) AS until, intent.attempts, intent.unclear, intent.failures,
      (SELECT invalid_recipients <> '[]'::jsonb FROM ${accounts} WHERE app_id = ${value('appId')}) AS "followsInvalidRecipient"
      FROM checked LEFT JOIN intent ON true`,
)

/** Records why a step is deferred, without an intent. */
export async function recordDeferral(db: Db, key: SendKey, reason: string, now: number): Promise<void> {
  await db
    .insert(deliveries)
    .values({
      runKey: key.runKey,
      stepId: key.stepId,
      appId: key.appId,
      state: 'deferred',
      reason,
      updatedAt: now,
    })
    .onConflictDoUpdate({
      target: [deliveries.runKey, deliveries.stepId],
      set: { state: 'deferred', reason, updatedAt: now },
      // An attempt that was refused must not hide the request of another one.
      setWhere: notInArray(deliveries.state, ['sent', 'sending']),
    })
}

/** Records an attempt without a final answer: not delivered (`unclear: false`), or perhaps delivered. */
export async function recordAttempt(
  db: Db,
  key: SendKey,
  attempt: { unclear: boolean; reason: string; errcode: number | null; rid: string | null; now: number },
): Promise<{ unclear: number; failures: number }> {
  const [row] = await db
    .update(deliveries)
    .set({
      state: 'failed',
      unclear: attempt.unclear ? sql`${deliveries.unclear} + 1` : deliveries.unclear,
      failures: sql`${deliveries.failures} + 1`,
      reason: attempt.reason,
      errcode: storableErrcode(attempt.errcode),
      rid: attempt.rid,
      updatedAt: attempt.now,
    })
    .where(and(byKey(key.runKey, key.stepId), ne(deliveries.state, 'sent')))
    .returning({ unclear: deliveries.unclear, failures: deliveries.failures })
  return row ?? { unclear: 0, failures: 0 }
}

export interface StepResult {
  state: 'sent' | 'skipped' | 'unknown' | 'failed' | 'deferred'
  sentAt: number | null
  errcode: number | null
  reason: string | null
  rid: string | null
  now: number
}

/**
 * What is written with a result, in its transaction. It must be safe to repeat.
 * @param wasUnknown the run has already taken the result for unknown, so that nothing may depend on it any more
 * @returns what to do after the commit
 */
type AlsoWritten = (tx: Db, wasUnknown: boolean) => Promise<() => void>

/**
 * Records the result of a step and the snapshot of the run, in one statement, or with `also` in one transaction. When the
 * database refuses it, the result is recorded in a statement of its own: without it, the message would be sent again. A late
 * `sent` overwrites `unknown`, never the reverse. When a worker dies between these statements, the next attempt writes the snapshot with `saveSnapshot`.
 * @returns how much of the snapshot was stored
 */
export async function recordStepResult(
  db: Db,
  key: SendKey,
  result: StepResult,
  snapshot: { state: RunState; runId: string },
  also: AlsoWritten | null = null,
): Promise<StoredDetail> {
  try {
    await withAlso(db, key, also, (tx) => updateDeliveryAndRun(tx, key, result, snapshot))
    return 'whole'
  } catch (err) {
    if (!isRefusedData(err)) throw err
  }
  // Before the result: an attempt that finds the result writes nothing more.
  await withAlso(db, key, also, async () => {})
  await updateDelivery(db, key, result)
  return saveSnapshot(db, key.runKey, snapshot, result.now)
}

/**
 * Records the result of the run's last step and the end of the run, in one statement.
 * @returns false when the run's row does not show the end: it is missing, newer or ended otherwise, or the database refuses
 *   the snapshot. The result may not be recorded then; `recordStepResult` is needed
 */
export async function recordLastStep(
  db: Db,
  key: SendKey,
  result: StepResult,
  ended: { state: RunState; runId: string },
  also: AlsoWritten | null = null,
): Promise<boolean> {
  try {
    return await withAlso(db, key, also, (tx) => updateDeliveryAndRun(tx, key, result, ended))
  } catch (err) {
    if (!isRefusedData(err)) throw err
    return false
  }
}

/** Writes in one transaction, if there is more to write. */
async function withAlso<T>(
  db: Db,
  { runKey, stepId }: SendKey,
  also: AlsoWritten | null,
  write: (tx: Db) => Promise<T>,
): Promise<T> {
  if (!also) return write(db)
  const [value, afterCommit] = await db.transaction(async (tx) => {
    const before = await tx
      .select({ state: deliveries.state })
      .from(deliveries)
      .where(byKey(runKey, stepId))
      .for('update')
    const wasUnknown = before[0]?.state === 'unknown'
    return [await write(tx), await also(tx, wasUnknown)] as const
  })
  afterCommit()
  return value
}

/** @returns whether the run's row was older, and is updated */
async function updateDeliveryAndRun(
  db: Db,
  key: SendKey,
  { state, sentAt, errcode, reason, rid, now }: StepResult,
  snapshot: { state: RunState; runId: string },
): Promise<boolean> {
  const details = { errcode: storableErrcode(errcode), reason, rid }
  const delivery = db.$with('delivery').as(
    db
      .update(deliveries)
      .set({ state, sentAt, endedAt: now, updatedAt: now, ...details })
      .where(and(byKey(key.runKey, key.stepId), ne(deliveries.state, 'sent')))
      .returning({ stepId: deliveries.stepId }),
  )
  const updated = await db
    .with(delivery)
    .update(runs)
    .set(snapshotColumns(snapshot, now))
    .where(hasOlderSnapshot(key.runKey, snapshot.state.revision))
    .returning({ runKey: runs.runKey })
  return updated.length > 0
}

/** Stores a result. When the database refuses its details, the result is stored without them. */
async function updateDelivery(db: Db, key: SendKey, result: StepResult): Promise<void> {
  const { state, sentAt, now } = result
  const outcome = { state, sentAt, endedAt: now, updatedAt: now }
  const row = and(byKey(key.runKey, key.stepId), ne(deliveries.state, 'sent'))
  const details = { errcode: storableErrcode(result.errcode), reason: result.reason, rid: result.rid }
  try {
    await db
      .update(deliveries)
      .set({ ...outcome, ...details })
      .where(row)
  } catch (err) {
    if (!isRefusedData(err)) throw err
    await db.update(deliveries).set(outcome).where(row)
  }
}

/** Null for a number that does not fit the integer column. WeChat's codes are small. */
function storableErrcode(errcode: number | null): number | null {
  return errcode !== null && Number.isInteger(errcode) && Math.abs(errcode) < 2 ** 31 ? errcode : null
}

/** Steps of a run that have an intent but no certain result. */
export async function unansweredSteps(db: Db, runKey: string): Promise<string[]> {
  const rows = await db
    .select({ stepId: deliveries.stepId })
    .from(deliveries)
    .where(and(eq(deliveries.runKey, runKey), or(eq(deliveries.state, 'sending'), gt(deliveries.unclear, 0))))
  return rows.map((r) => r.stepId)
}

function byKey(runKey: string, stepId: string) {
  return and(eq(deliveries.runKey, runKey), eq(deliveries.stepId, stepId))
}

/**
 * Ends the unanswered requests of these steps as unknown.
 * @returns the delivery rows of the steps whose message was or may have been delivered
 */
export async function endUnanswered(
  db: Db,
  { runKey, stepIds }: { runKey: string; stepIds: string[] },
  reason: string,
  now: number,
): Promise<Delivery[]> {
  const ofSteps = and(eq(deliveries.runKey, runKey), inArray(deliveries.stepId, stepIds))
  await db
    .update(deliveries)
    .set({ state: 'unknown', unclear: sql`${deliveries.unclear} + 1`, reason, endedAt: now, updatedAt: now })
    .where(and(ofSteps, eq(deliveries.state, 'sending')))
  return db
    .select()
    .from(deliveries)
    .where(
      and(
        ofSteps,
        or(
          inArray(deliveries.state, ['sent', 'unknown']),
          // `skipped` is a final result: WeChat refused a later request.
          and(ne(deliveries.state, 'skipped'), gt(deliveries.unclear, 0)),
        ),
      ),
    )
}

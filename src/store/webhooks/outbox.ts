import { and, count, desc, eq, inArray, lt, min, or, sql } from 'drizzle-orm'
import type { Facts } from '../../shared/facts.ts'
import type { FollowerKey } from '../../shared/ids.ts'
import { storableText, truncateText } from '../../shared/text.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { isInFuture, isLeaseFree } from '../lease.ts'
import { outbox } from '../schema.ts'
import { execute, readRow } from '../sql.ts'

export type OutboxRow = typeof outbox.$inferSelect
/** A row without the body, which has personal data. */
export type OutboxItem = Omit<OutboxRow, 'body' | 'leaseOwnerId' | 'leaseExpiresAt'>

/** A webhook is tried for this long. */
const LIFETIME_MS = DAY_MS
const MAX_BACKOFF_MS = HOUR_MS
const MAX_ERROR_CHARS = 300

/** What a webhook tells its receiver. */
export interface WebhookEvent {
  campaign: string
  version: number
  /** The id of the step. */
  step: string
  /** The key of the run. */
  runKey: string
  qrScene: string | null
  /** The branches that a share has chosen, like `test=b`; null: none. */
  variant: string | null
  facts: Facts
  /** When the step was done, epoch ms by the clock of the run. */
  at: number
}

/**
 * Queues a webhook, once for each step of a run: a second call for the same step changes nothing. Call it in the transaction
 * that records the step's result, or use the query as a part of that statement (`db.$with(…).as(…)` with `.returning()`).
 * @param now real time, epoch ms
 */
export function enqueueWebhook(
  db: Pick<Db, 'insert'>,
  follower: FollowerKey,
  endpoint: string,
  event: WebhookEvent,
  now: number,
) {
  const { runKey, step } = event
  const row = {
    runKey,
    stepId: step,
    endpoint,
    ...follower,
    body: webhookBody(follower, event),
    nextAttemptAt: now,
    giveUpAt: now + LIFETIME_MS,
    createdAt: now,
  }
  return db
    .insert(outbox)
    .values(row)
    .onConflictDoNothing({ target: [outbox.runKey, outbox.stepId] })
}

/** The body of the request. `id` lets the receiver ignore copies. */
function webhookBody({ appId, openId }: FollowerKey, event: WebhookEvent): string {
  const { runKey, step, campaign, version, qrScene, variant, facts, at } = event
  return JSON.stringify({
    id: `${runKey}/${step}`,
    at: new Date(at).toISOString(),
    campaign,
    version,
    step,
    appId,
    openId,
    runKey,
    qrScene,
    variant,
    facts,
  })
}

/**
 * Leases webhooks that are due: of each endpoint at most `perEndpoint`, the longest due first. The rows of an endpoint that
 * does not answer therefore never delay the others.
 * @param claim.except endpoints that get no further requests now
 */
export async function claimWebhooks(
  db: Db,
  claim: { ownerId: string; now: number; leaseMs: number; perEndpoint: number; except: readonly string[] },
): Promise<OutboxRow[]> {
  const { ownerId, now, leaseMs, perEndpoint, except } = claim
  const isFree = isLeaseFree(sql.raw('o.lease_expires_at'), { now, leaseMs })
  // A time later than any backoff was written by a clock that was ahead.
  const isDue = sql`(o.next_attempt_at <= ${now}::bigint OR ${isInFuture(sql.raw('o.next_attempt_at'), now + MAX_BACKOFF_MS)})`
  const isOpen = except.length === 0 ? sql`true` : sql`e.endpoint NOT IN ${except}`
  const { rows } = await execute<Record<string, unknown>>(
    db,
    sql`WITH RECURSIVE endpoints AS (
        SELECT min(endpoint) AS endpoint FROM ${outbox} WHERE state = 'waiting'
        UNION ALL
        SELECT (SELECT min(o.endpoint) FROM ${outbox} o WHERE o.state = 'waiting' AND o.endpoint > e.endpoint)
        FROM endpoints e WHERE e.endpoint IS NOT NULL),
      due AS (
        SELECT d.id FROM endpoints e CROSS JOIN LATERAL (
          SELECT o.id FROM ${outbox} o
          WHERE o.state = 'waiting' AND o.endpoint = e.endpoint AND ${isDue} AND ${isFree}
          ORDER BY o.next_attempt_at LIMIT ${perEndpoint}) d
        WHERE ${isOpen})
      UPDATE ${outbox} o SET lease_owner_id = ${ownerId}, lease_expires_at = ${now + leaseMs}::bigint, attempts = o.attempts + 1
      WHERE o.id IN (
        SELECT o.id FROM ${outbox} o WHERE o.id IN (SELECT id FROM due) AND o.state = 'waiting' AND ${isFree}
        FOR UPDATE SKIP LOCKED)
      RETURNING to_jsonb(o) AS row`,
  )
  return rows.map(({ row }) => readRow(outbox, row as Record<string, unknown>))
}

/** What became of one attempt. `status`: of the HTTP answer; null: none. `error`: null when it was delivered. */
export interface AttemptResult {
  status: number | null
  error: string | null
}

/**
 * Records the result of a leased attempt. A failed one is repeated after 1 s, 2 s, 4 s … at most an hour, until the webhook is
 * a day old. Then it has failed, and waits for an operator.
 * @returns the state of the webhook; null when the lease has passed to another process
 */
export async function recordWebhookAttempt(
  db: Pick<Db, 'update'>,
  { id, leaseOwnerId, attempts, giveUpAt }: Pick<OutboxRow, 'id' | 'leaseOwnerId' | 'attempts' | 'giveUpAt'>,
  { status, error }: AttemptResult,
  now: number,
): Promise<OutboxRow['state'] | null> {
  const nextAttemptAt = now + webhookBackoffMs(attempts)
  const state = error === null ? 'delivered' : nextAttemptAt > giveUpAt ? 'failed' : 'waiting'
  const [row] = await db
    .update(outbox)
    .set({
      state,
      lastStatus: status,
      lastError: error === null ? null : truncateText(storableText(error), MAX_ERROR_CHARS),
      leaseOwnerId: null,
      leaseExpiresAt: null,
      ...(state === 'waiting' ? { nextAttemptAt } : { endedAt: now }),
      ...(state === 'delivered' ? { body: null } : {}),
    })
    .where(and(eq(outbox.id, id), eq(outbox.state, 'waiting'), eq(outbox.leaseOwnerId, leaseOwnerId ?? '')))
    .returning({ state: outbox.state })
  return row?.state ?? null
}

/** The wait before the next attempt, ms. @param attempts made so far, from 1 */
export function webhookBackoffMs(attempts: number): number {
  return Math.min(MAX_BACKOFF_MS, SECOND_MS * 2 ** Math.min(attempts - 1, 20))
}

/** Not written as `IN`, with which PostgreSQL would not use the indexes of the two states, and read every delivered row. */
const needsAttention = or(eq(outbox.state, 'waiting'), eq(outbox.state, 'failed'))

/** Webhooks of a state, or all that wait or have failed. Newest first, before the row with this id. */
export async function listOutbox(
  db: Db,
  filter: { state?: OutboxRow['state'] | undefined; endpoint?: string | undefined },
  { before, limit }: { before: number | null; limit: number },
): Promise<OutboxItem[]> {
  const rows = await db
    .select()
    .from(outbox)
    .where(
      and(
        filter.state ? eq(outbox.state, filter.state) : needsAttention,
        filter.endpoint === undefined ? undefined : eq(outbox.endpoint, filter.endpoint),
        before === null ? undefined : lt(outbox.id, before),
      ),
    )
    .orderBy(desc(outbox.id))
    .limit(limit)
  return rows.map(({ body: _body, leaseOwnerId: _owner, leaseExpiresAt: _until, ...item }) => item)
}

/** The state of a webhook; null when there is none with this id. */
export async function webhookState(db: Pick<Db, 'select'>, id: number): Promise<OutboxRow['state'] | null> {
  const [row] = await db.select({ state: outbox.state }).from(outbox).where(eq(outbox.id, id))
  return row?.state ?? null
}

/** Another day of attempts, from now on. */
const retryColumns = (now: number) => ({
  state: 'waiting' as const,
  attempts: 0,
  nextAttemptAt: now,
  giveUpAt: now + LIFETIME_MS,
  endedAt: null,
})

/**
 * Makes a webhook that waits or has failed due now, with another day of attempts.
 * @returns false when there is none with this id, or it was delivered
 */
export async function retryWebhook(db: Pick<Db, 'update'>, id: number, now: number): Promise<boolean> {
  const changed = await db
    .update(outbox)
    .set(retryColumns(now))
    .where(and(eq(outbox.id, id), needsAttention))
    .returning({ id: outbox.id })
  return changed.length > 0
}

/** Webhooks that one statement makes due. The embedded store does nothing else meanwhile. */
const RETRY_BATCH = 500

/**
 * Makes the webhooks of an endpoint that have failed due now, as {@link retryWebhook}. After days without the receiver there are
 * many, so it is done by many short statements, outside of a transaction.
 * @returns their number
 */
export async function retryFailedWebhooks(
  db: Pick<Db, 'update' | 'select'>,
  endpoint: string,
  now: number,
  batch = RETRY_BATCH,
): Promise<number> {
  const hasFailed = and(eq(outbox.endpoint, endpoint), eq(outbox.state, 'failed'))
  for (let retried = 0; ; ) {
    const next = db.select({ id: outbox.id }).from(outbox).where(hasFailed).orderBy(outbox.id).limit(batch)
    const changed = await db
      .update(outbox)
      .set(retryColumns(now))
      .where(and(inArray(outbox.id, next), hasFailed))
      .returning({ id: outbox.id })
    retried += changed.length
    if (changed.length < batch) return retried
  }
}

/** How many webhooks wait and have failed, and when the oldest one that waits was queued (epoch ms; null: none waits). */
export async function outboxBacklog(
  db: Db,
): Promise<{ waiting: number; failed: number; oldestCreatedAt: number | null }> {
  const rows = await db
    .select({ state: outbox.state, n: count(), oldest: min(outbox.createdAt) })
    .from(outbox)
    .where(needsAttention)
    .groupBy(outbox.state)
  const of = (state: OutboxRow['state']) => rows.find((row) => row.state === state)
  const oldest = of('waiting')?.oldest ?? null
  return {
    waiting: of('waiting')?.n ?? 0,
    failed: of('failed')?.n ?? 0,
    oldestCreatedAt: oldest === null ? null : Number(oldest),
  }
}

/**
 * Deletes at most `limit` webhooks that were delivered, or have failed, before these times (epoch ms). One that waits although
 * its time is over counts as failed: nobody sends.
 * @returns their number
 */
export async function purgeOutbox(
  db: Pick<Db, 'delete' | 'select'>,
  before: { delivered: number; failed: number },
  limit: number,
): Promise<number> {
  const old = db
    .select({ id: outbox.id })
    .from(outbox)
    .where(
      or(
        and(eq(outbox.state, 'delivered'), lt(outbox.endedAt, before.delivered)),
        and(eq(outbox.state, 'failed'), lt(outbox.endedAt, before.failed)),
        and(eq(outbox.state, 'waiting'), lt(outbox.giveUpAt, before.failed)),
      ),
    )
    .limit(limit)
  const deleted = await db.delete(outbox).where(inArray(outbox.id, old)).returning({ id: outbox.id })
  return deleted.length
}

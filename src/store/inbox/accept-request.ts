import { createHash, randomBytes } from 'node:crypto'
import { and, eq, max } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import { MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { inbox } from '../schema.ts'
import type { InboxEvent, InboxRequest } from './inbox-event.ts'

/**
 * A request is ordered this long before its arrival. An unfollow that happens after an entry then counts as newer, although
 * WeChat's `CreateTime` has whole seconds and its clock may be behind by as much. All requests have the same lead, so that
 * facts stay before an entry that follows them.
 */
const LEAD_MS = MINUTE_MS

/** A request about a follower, to be stored as an event. */
export interface NewRequest {
  follower: FollowerKey
  request: InboxRequest
  /** The campaign version that it starts. */
  start?: InboxEvent['start']
  /** The same for each delivery of one request; null: the caller gave none. */
  key: string | null
  /** How far this machine's clock is ahead of WeChat's, ms; default: 0. */
  aheadMs?: number
}

/** `mismatch`: the same key was used for another request. */
export type AcceptedRequest = 'accepted' | 'duplicate' | 'mismatch'

/**
 * Stores a request as the newest event of the follower, so that it is durable and ordered with the follower's actions. A
 * repeated key changes nothing. Wake the dispatcher afterwards.
 * @param now real time, epoch ms
 */
export async function acceptRequest(db: Db, wanted: NewRequest, now: number): Promise<AcceptedRequest> {
  const inserted = await db
    .insert(inbox)
    .values({
      ...(await newRequestRow(db, wanted, now)),
      dedupeKey: requestKey(wanted) ?? randomKey(wanted),
      // A duplicate is compared with it.
      reply: wanted.key === null ? null : { contentHash: contentHash(wanted) },
    })
    .onConflictDoNothing({ target: inbox.dedupeKey })
    .returning({ id: inbox.id })
  return inserted.length > 0 ? 'accepted' : ((await findRequest(db, wanted)) ?? 'duplicate')
}

/** The result for a request whose key was used before; null when it was not. */
export async function findRequest(
  db: Pick<Db, 'select'>,
  wanted: NewRequest,
): Promise<'duplicate' | 'mismatch' | null> {
  const dedupeKey = requestKey(wanted)
  if (dedupeKey === null) return null
  const [known] = await db.select({ reply: inbox.reply }).from(inbox).where(eq(inbox.dedupeKey, dedupeKey))
  if (!known) return null
  // `acceptRequest` wrote it. An erasure deletes it: the key alone then identifies the request.
  const reply = known.reply as { contentHash: string } | null
  return reply === null || reply.contentHash === contentHash(wanted) ? 'duplicate' : 'mismatch'
}

/** The row of a request as it will be stored, without its keys. */
export async function newRequestRow(
  db: Pick<Db, 'select'>,
  wanted: NewRequest,
  now: number,
): Promise<FollowerKey & { kind: string; createTime: number; receivedAt: number; event: InboxEvent }> {
  const { follower, request, start = null } = wanted
  const { createTime, aheadMs } = await requestTime(db, wanted, now)
  const kind = kindOf(request)
  const noInteraction = { scene: null, text: null, qrScene: null, eventKey: null }
  const event = { kind, ...noInteraction, start, request, ...(aheadMs === 0 ? {} : { aheadMs }) }
  return { ...follower, kind, createTime, receivedAt: now, event }
}

/** Not before the last event of the follower. Times are counted from the arrival, whatever the order. */
async function requestTime(
  db: Pick<Db, 'select'>,
  { follower, aheadMs = 0 }: NewRequest,
  now: number,
): Promise<{ createTime: number; aheadMs: number }> {
  const [last] = await db
    .select({ at: max(inbox.createTime) })
    .from(inbox)
    .where(and(eq(inbox.appId, follower.appId), eq(inbox.openId, follower.openId)))
  const byWechat = Math.floor((now - aheadMs - LEAD_MS) / SECOND_MS) * SECOND_MS
  const createTime = Math.max(byWechat, last?.at ?? 0)
  return { createTime, aheadMs: now - createTime }
}

/** The kind of the inbox row. WeChat has a message of type `link`. */
function kindOf({ type }: InboxRequest): string {
  return type === 'link' ? 'link-click' : type
}

/** The dedupe key of a request; null without a key. Its prefix is no callback's, and it does not reveal the follower. */
function requestKey({ request, key }: NewRequest): string | null {
  return key === null ? null : dedupeKeyOf(request.type, key)
}

/** The dedupe key of a request with a key. It becomes the key of the run that the request begins. */
export function dedupeKeyOf(type: InboxRequest['type'], key: string): string {
  return `${type}-${hash(key)}`
}

function randomKey({ request }: NewRequest): string {
  return `${request.type}-${randomBytes(24).toString('base64url')}`
}

/** Equal for two deliveries of one request. */
function contentHash({ follower, request, start }: NewRequest): string {
  return hash(JSON.stringify([follower, request, start?.campaign ?? null]))
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 32)
}

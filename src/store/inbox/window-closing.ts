import { and, asc, eq, gt, inArray, isNull, lte, ne, not, notExists, or, sql } from 'drizzle-orm'
import { AGENT_SESSION_MS } from '../../run/agent-session.ts'
import type { ClosingRule } from '../../run/closing-moment.ts'
import type { FollowerKey } from '../../shared/ids.ts'
import { MINUTE_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { followers, runs } from '../schema.ts'
import { acceptRequest } from './accept-request.ts'
import type { InboxEvent } from './inbox-event.ts'

/** No run begins when less of its grant is left. The last minute of a grant pays for no message. */
const LEFT_MS = MINUTE_MS

/** A live campaign with the entry `window-closing`, for accounts with the same rule. */
export interface ClosingEntry {
  start: NonNullable<InboxEvent['start']>
  rule: ClosingRule
  appIds: readonly string[]
}

/** A follower whose newest message grant ends soon. */
export interface ClosingWindow extends FollowerKey {
  /** When the grant ends, epoch ms. */
  endsAt: number
}

/**
 * The followers of these accounts whose message grant ends by `until`, those with the earliest end first. They have no active run,
 * have not opted out, are not paused, and no human agent has them. A grant is found until its event is stored.
 * @param search.now epoch ms by the follower's clock
 */
export async function findClosingWindows(
  db: Db,
  search: { appIds: readonly string[]; openId?: string; until: number; now: number; limit: number },
): Promise<ClosingWindow[]> {
  const { appIds, openId, until, now, limit } = search
  const { messageGrantEndsAt: endsAt, agentAt } = followers
  const isFree = or(not(followers.agent), isNull(agentAt), lte(agentAt, now - AGENT_SESSION_MS))
  const activeRun = db
    .select({ one: sql`1` })
    .from(runs)
    .where(and(eq(runs.appId, followers.appId), eq(runs.openId, followers.openId), ne(runs.status, 'ended')))
  const rows = await db
    .select({ appId: followers.appId, openId: followers.openId, endsAt })
    .from(followers)
    .where(
      and(
        inArray(followers.appId, [...appIds]),
        openId === undefined ? undefined : eq(followers.openId, openId),
        gt(endsAt, now + LEFT_MS),
        lte(endsAt, until),
        isNull(followers.optedOutAt),
        not(followers.paused),
        isFree,
        notExists(activeRun),
      ),
    )
    .orderBy(asc(endsAt))
    .limit(limit)
  return rows.flatMap((row) => (row.endsAt === null ? [] : [{ ...row, endsAt: row.endsAt }]))
}

/**
 * Stores the event that a follower's window closes, once for each grant. It begins the run of `start`. Wake the dispatcher
 * afterwards.
 * @param now epoch ms by the follower's clock
 */
export async function storeWindowClosing(
  db: Db,
  { appId, openId, endsAt }: ClosingWindow,
  start: NonNullable<InboxEvent['start']>,
  now: number,
): Promise<void> {
  const follower = { appId, openId }
  const request = { type: 'window-closing', endsAt } as const
  const key = JSON.stringify([appId, openId, endsAt])
  await db.transaction(async (tx) => {
    await acceptRequest(tx, { follower, request, start, key }, now)
    await tx
      .update(followers)
      .set({ messageGrantEndsAt: null })
      .where(
        and(
          eq(followers.appId, appId),
          eq(followers.openId, openId),
          eq(followers.messageGrantEndsAt, endsAt),
        ),
      )
  })
}

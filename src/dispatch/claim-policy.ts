import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import { type ClaimedEvent, claimHeads } from '../store/inbox/claim-events.ts'

/** The lifetime of the grant of a follow (WeChat, since 2023). Older events have missed it. */
const RECENT_MS = MINUTE_MS
/** A claim that finds no recent row scans all waiting rows, so it is repeated only after this time. */
const NONE_RECENT_RETRY_MS = SECOND_MS

/**
 * Claims the oldest events of each account first. While the oldest are older than a minute, batches alternate between the
 * oldest events and the newest ones of the last minute. After an outage, recent followers then get their messages within their
 * minute, and old events still get half of the work. A claim returns fewer than `limit` events only when no other event is due.
 */
export function createClaimPolicy(deps: { db: Db; ownerId: string; now: () => number; leaseMs: number }) {
  const { db, now } = deps
  let isBehind = false
  let takeNewestNext = false
  let noneRecentUntil = Number.NEGATIVE_INFINITY
  /** The accounts that had the last turns. A claim for one event would otherwise always serve the same account. */
  const lastServed = { oldest: '', newest: '' }

  return async function claim(limit: number): Promise<ClaimedEvent[]> {
    const lease = { ownerId: deps.ownerId, now: now(), leaseMs: deps.leaseMs, limit }
    let newest: ClaimedEvent[] = []
    if (isBehind && takeNewestNext && performance.now() > noneRecentUntil) {
      newest = await claimHeads(db, {
        ...lease,
        newestSince: now() - RECENT_MS,
        afterAppId: lastServed.newest,
      })
      lastServed.newest = newest.at(-1)?.appId ?? ''
      if (newest.length === 0) noneRecentUntil = performance.now() + NONE_RECENT_RETRY_MS
    }
    takeNewestNext = newest.length === 0
    if (newest.length === limit) return newest
    const rows = await claimHeads(db, {
      ...lease,
      limit: limit - newest.length,
      afterAppId: lastServed.oldest,
    })
    lastServed.oldest = rows.at(-1)?.appId ?? ''
    if (rows.length > 0) isBehind = rows.some((row) => row.createTime < now() - RECENT_MS)
    return [...newest, ...rows]
  }
}

import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import { type ClaimedEvent, claimHeads } from '../store/inbox/claim-events.ts'

/** The lifetime of the grant of a follow (WeChat, since 2023). Older events have missed it. */
const RECENT_MS = MINUTE_MS
/** A claim that finds no recent row scans all waiting rows, so it is repeated only after this time. */
const NONE_RECENT_RETRY_MS = SECOND_MS

/**
 * Claims the oldest events first. While the oldest are older than a minute, batches alternate between the oldest events and the
 * newest ones of the last minute. After an outage, recent followers then get their messages within their minute, and old
 * events still get half of the work.
 */
export function createClaimPolicy(deps: { db: Db; ownerId: string; now: () => number; leaseMs: number }) {
  const { db, now } = deps
  let isBehind = false
  let takeNewestNext = false
  let noneRecentUntil = Number.NEGATIVE_INFINITY

  return async function claim(limit: number): Promise<ClaimedEvent[]> {
    const lease = { ownerId: deps.ownerId, now: now(), leaseMs: deps.leaseMs, limit }
    if (isBehind && takeNewestNext && performance.now() > noneRecentUntil) {
      takeNewestNext = false
      const rows = await claimHeads(db, { ...lease, newestSince: now() - RECENT_MS })
      if (rows.length > 0) return rows
      noneRecentUntil = performance.now() + NONE_RECENT_RETRY_MS
    }
    takeNewestNext = true
    const rows = await claimHeads(db, lease)
    const [oldest] = rows
    if (oldest) isBehind = oldest.createTime < now() - RECENT_MS
    return rows
  }
}

import type { Db } from '../store/db.ts'
import { claimHeads, type InboxRow } from '../store/inbox/inbox-rows.ts'

/** A follow's grant lasts so long (WeChat, since 2023): an event older than that has missed it. */
const RECENT_MS = 60_000
/** To find none, the database scans all rows that wait. */
const NONE_RECENT_RETRY_MS = 1_000

/**
 * Claims the oldest events first. Where those are older than a minute, batches alternate with the newest events of the last
 * minute: after an outage no follower's minute is spent on waiting for those whose minute is over already. Half of the work
 * goes to the old ones, so they do not wait indefinitely.
 */
export function createClaimPolicy(deps: { db: Db; ownerId: string; now: () => number; leaseMs: number }) {
  const { db, now } = deps
  let isBehind = false
  let takeNewestNext = false
  let noneRecentUntil = Number.NEGATIVE_INFINITY

  return async function claim(limit: number): Promise<InboxRow[]> {
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

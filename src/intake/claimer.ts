import type { Db } from '../store/db.ts'
import { claimHeads, type InboxRow } from '../store/inbox.ts'

/** So long a follow's grant pays (WeChat, since 2023): an event older than that has missed what it could have had. */
const FRESH_MS = 60_000
/** To find none the database looks through all that wait. */
const NONE_AGAIN_MS = 1_000

/**
 * Claims the oldest events first. Where those are older than a minute, in turns with the newest ones of the last minute:
 * after an outage nobody's minute is spent on waiting for those whose minute is over already. Half of the work goes to the
 * old ones all the same, so they never wait for ever.
 */
export function createClaimer(deps: { db: Db; by: string; now: () => number; leaseMs: number }) {
  const { db, now } = deps
  let isBehind = false
  let newestNext = false
  let noneUntil = Number.NEGATIVE_INFINITY

  return async function claim(limit: number): Promise<InboxRow[]> {
    const lease = { by: deps.by, now: now(), leaseMs: deps.leaseMs, limit }
    if (isBehind && newestNext && performance.now() > noneUntil) {
      newestNext = false
      const rows = await claimHeads(db, { ...lease, newestSince: now() - FRESH_MS })
      if (rows.length > 0) return rows
      noneUntil = performance.now() + NONE_AGAIN_MS
    }
    newestNext = true
    const rows = await claimHeads(db, lease)
    const [oldest] = rows
    if (oldest) isBehind = oldest.createTime < now() - FRESH_MS
    return rows
  }
}

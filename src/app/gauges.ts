import type { EngineLink } from '../engine/connection.ts'
import type { EngineHome } from '../engine/home.ts'
import type { SkewWatch } from '../intake/skew-watch.ts'
import type { Metrics } from '../metrics.ts'
import type { AccountState } from '../store/accounts.ts'
import type { Db } from '../store/db.ts'
import { inboxBacklog } from '../store/inbox.ts'
import { accounts } from '../store/schema.ts'

/**
 * Measures what is not counted as it happens: asked by each scrape, in every role. What the store does not tell keeps its
 * last value.
 */
export function createGauges(deps: {
  metrics: Metrics
  db: Db
  link: Pick<EngineLink, 'isUp'>
  home: EngineHome
  clock: Pick<SkewWatch, 'report'>
  countAccounts(): Promise<Map<AccountState, number>>
  now: () => number
}): () => Promise<void> {
  const { metrics, db, now } = deps
  return async () => {
    const [backlog, counts, up] = await Promise.all([
      inboxBacklog(db).catch(() => null),
      deps.countAccounts().catch(() => null),
      deps.link.isUp(),
    ])
    metrics.engineUp.set(up ? 1 : 0)
    const { state } = await deps.home.look()
    if (state !== 'unknown') metrics.engineForeign.set(state === 'foreign' ? 1 : 0)
    if (backlog) {
      const { oldestReceivedAt, pending } = backlog
      metrics.inboxPending.set(pending)
      metrics.inboxOldest.set(oldestReceivedAt === null ? 0 : Math.max(0, now() - oldestReceivedAt) / 1000)
    }
    // What has not pushed for long has no skew that is known.
    metrics.clockSkew.reset()
    for (const { api, skewMs } of deps.clock.report()) metrics.clockSkew.set({ api }, skewMs / 1000)
    // All of them: a state that is left must go back to 0.
    if (counts)
      for (const s of accounts.state.enumValues) metrics.accounts.set({ state: s }, counts.get(s) ?? 0)
  }
}

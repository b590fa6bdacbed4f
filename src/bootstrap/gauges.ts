import type { SkewMonitor } from '../callback/skew-monitor.ts'
import type { Metrics } from '../shared/metrics.ts'
import type { AccountState } from '../store/accounts/account-store.ts'
import type { Db } from '../store/db.ts'
import { inboxBacklog } from '../store/inbox/inbox-rows.ts'
import { accounts } from '../store/schema.ts'
import type { TemporalConnection } from '../temporal/connection.ts'
import type { NamespaceGuard } from '../temporal/namespace-guard.ts'

/**
 * Measures what is not counted as it happens: asked by each scrape, in every role. What the store does not tell keeps its
 * last value.
 */
export function createGauges(deps: {
  metrics: Metrics
  db: Db
  link: Pick<TemporalConnection, 'isUp'>
  home: NamespaceGuard
  clock: Pick<SkewMonitor, 'report'>
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
    metrics.temporalUp.set(up ? 1 : 0)
    const { state } = await deps.home.check()
    if (state !== 'unknown') metrics.namespaceUnexpected.set(state === 'unexpected' ? 1 : 0)
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

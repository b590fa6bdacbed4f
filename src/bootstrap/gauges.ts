import { inboxBacklog } from '../store/inbox/inbox-rows.ts'
import { accounts } from '../store/schema.ts'
import { outboxBacklog } from '../store/webhooks/outbox.ts'
import type { ServiceContext } from './modules/context.ts'

/** Updates the gauges for a scrape, in every role. A gauge whose source does not answer keeps its last value. */
export function createGauges(
  context: Pick<
    ServiceContext,
    'metrics' | 'db' | 'temporal' | 'namespaceGuard' | 'skewMonitor' | 'accounts' | 'now'
  >,
): () => Promise<void> {
  const { metrics, db, now } = context
  return async () => {
    const [backlog, webhooks, counts, isUp] = await Promise.all([
      inboxBacklog(db).catch(() => null),
      outboxBacklog(db).catch(() => null),
      context.accounts.countByState().catch(() => null),
      context.temporal.isUp(),
    ])
    metrics.temporalUp.set(isUp ? 1 : 0)
    const { state } = await context.namespaceGuard.check()
    if (state !== 'unknown') metrics.namespaceUnexpected.set(state === 'unexpected' ? 1 : 0)
    if (backlog) {
      const { oldestReceivedAt, pending } = backlog
      metrics.inboxPending.set(pending)
      metrics.inboxOldest.set(oldestReceivedAt === null ? 0 : Math.max(0, now() - oldestReceivedAt) / 1000)
    }
    if (webhooks) {
      const { waiting, failed, oldestCreatedAt } = webhooks
      metrics.webhooksWaiting.set(waiting)
      metrics.webhooksFailed.set(failed)
      metrics.webhooksOldest.set(oldestCreatedAt === null ? 0 : Math.max(0, now() - oldestCreatedAt) / 1000)
    }
    // An API without recent pushes has no known skew.
    metrics.clockSkew.reset()
    for (const { api, skewMs } of context.skewMonitor.report()) metrics.clockSkew.set({ api }, skewMs / 1000)
    // All states, so that a state without accounts returns to 0.
    if (counts)
      for (const state of accounts.state.enumValues) metrics.accounts.set({ state }, counts.get(state) ?? 0)
  }
}

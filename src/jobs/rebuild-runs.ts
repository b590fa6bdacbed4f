import type { Client } from '@temporalio/client'
import pMap from 'p-map'
import type { Log } from '../shared/log.ts'
import type { Db } from '../store/db.ts'
import { eventsSince } from '../store/inbox/inbox-rows.ts'
import { readFollower } from '../store/runs/follower-rows.ts'
import { activeRunsAfter, type RunRow } from '../store/runs/run-rows.ts'
import { completeSwitch, readNamespace, requestSwitch } from '../store/settings/temporal-namespace.ts'
import type { NamespaceGuard } from '../temporal/namespace-guard.ts'
import type { RunClient } from '../temporal/run-client.ts'
import { allowanceOf, type RulesProfileName } from '../wechat/rules/rules.ts'
import type { PeriodicJob } from './periodic-jobs.ts'
import { createOpenExecutionReconciler } from './reconcile-open-executions.ts'

const PAGE = 200
const CONCURRENCY = 20
/** Shorter than the lease. */
const ROUND_BUDGET_MS = 60_000

/**
 * Moves the runs to a namespace that an operator has accepted: starts each active run that it lacks from its row, sends
 * each run its follower's events since the run began again, asks every open run to write what the store may lack, and
 * makes the namespace the store's. A run ignores an event that it knows, and a sent step stays sent: the delivery rows say
 * so. A round that dies is continued where it was.
 */
export function createRunRebuild(deps: {
  db: Db
  client: Client
  runs: RunClient
  namespaceGuard: Pick<NamespaceGuard, 'check'>
  rulesOf(appId: string): RulesProfileName | Promise<RulesProfileName>
  now: () => number
  log: Log
}): PeriodicJob {
  const { db, runs, namespaceGuard: home, now, log } = deps
  const openExecutions = createOpenExecutionReconciler(deps)

  async function rebuildRun(row: RunRow): Promise<boolean> {
    const started = await runs.startFromRow(row)
    if (!started && (await runs.describe(row))?.runKey !== row.runKey) return false
    const [events, rules, follower] = await Promise.all([
      eventsSince(db, row, row.entry),
      deps.rulesOf(row.appId),
      readFollower(db, row),
    ])
    for (const { kind, key, createTime: at, id: seq, event } of events) {
      if (kind === 'unsubscribe') await runs.signal(row, 'unsubscribed', { at, seq, key })
      else if (event?.scene) {
        const { scene, aheadMs } = event
        const when = { at, seq, ...(aheadMs ? { aheadMs } : {}) }
        const allowance = allowanceOf(rules, scene)
        // What was said is forgotten once it is dispatched; that something was said is not.
        await runs.signal(row, 'interaction', { ...when, key, scene, allowance, text: null })
      }
    }
    if (follower?.agent) {
      const { agentAt: at, agentSeq: seq } = follower
      await runs.signal(row, 'agentSession', { open: true, at: at ?? now(), seq: seq ?? -1 })
    }
    return started
  }

  return {
    name: 'rebuild-runs',
    everyMs: 4_000,
    leaseMs: 120_000,
    async run() {
      const { state, namespaceId } = await home.check(0)
      const { requested } = await readNamespace(db)
      if (state !== 'rebuilding' || !requested || namespaceId !== requested.namespaceId) return
      const until = performance.now() + ROUND_BUDGET_MS
      let { after } = requested
      let started = 0
      for (;;) {
        const page = await activeRunsAfter(db, after, PAGE)
        await pMap(
          page,
          async (row) => {
            if (await rebuildRun(row)) started += 1
          },
          { concurrency: CONCURRENCY },
        )
        after = page.at(-1)?.runKey ?? after
        if (page.length < PAGE) break
        await requestSwitch(db, { namespaceId, after }, now())
        if (performance.now() > until) return
      }
      const resynced = await openExecutions.resyncAll()
      await completeSwitch(db, namespaceId, now())
      log.warn(
        { namespaceId, started, asked: resynced },
        'Temporal namespace accepted: runs that it lacked were started from the store',
      )
    },
  }
}

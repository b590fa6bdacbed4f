import type { Client } from '@temporalio/client'
import pMap from 'p-map'
import type { Plan } from '../run/plan.ts'
import { maskId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import type { CampaignStore } from '../store/campaigns/campaign-store.ts'
import { planOfRun } from '../store/campaigns/plan-of-run.ts'
import type { Db } from '../store/db.ts'
import { eventsSince } from '../store/inbox/inbox-rows.ts'
import { readFollower } from '../store/runs/follower-rows.ts'
import { activeRunsAfter, type RunRow } from '../store/runs/run-rows.ts'
import { completeSwitch, readNamespace, requestSwitch } from '../store/settings/temporal-namespace.ts'
import type { NamespaceGuard } from '../temporal/namespace-guard.ts'
import type { RunClient } from '../temporal/run-client.ts'
import { allowanceOf, type RulesProfileName } from '../wechat/rules/rules.ts'
import type { PeriodicJob } from './periodic-jobs.ts'
import { OpenExecutionReconciler } from './reconcile-open-executions.ts'

const PAGE = 200
const CONCURRENCY = 20
/** How long one round may work. Shorter than the lease. */
const ROUND_BUDGET_MS = MINUTE_MS

interface RebuildDeps {
  db: Db
  client: Client
  runs: RunClient
  namespaceGuard: Pick<NamespaceGuard, 'check'>
  rulesOf(appId: string): RulesProfileName | Promise<RulesProfileName>
  campaigns: Pick<CampaignStore, 'version'>
  now: () => number
  log: Log
}

/**
 * Moves the runs to a namespace that an operator has accepted:
 * 1. It starts each active run that the namespace lacks from its row.
 * 2. It sends each run the events of its follower since the run began.
 * 3. It asks every open run to write its state to the store.
 * 4. It records the namespace as the one of the store.
 *
 * A run ignores events that it has applied. A sent step stays sent, because its delivery row says so. When a process dies,
 * the next round continues after the last completed page.
 */
export function createRunRebuild(deps: RebuildDeps): PeriodicJob {
  const rebuild = new RunRebuild(deps)
  return {
    name: 'rebuild-runs',
    everyMs: 4 * SECOND_MS,
    leaseMs: 2 * MINUTE_MS,
    run: () => rebuild.run(),
  }
}

class RunRebuild {
  readonly #deps: RebuildDeps
  readonly #openExecutions: OpenExecutionReconciler

  constructor(deps: RebuildDeps) {
    this.#deps = deps
    this.#openExecutions = new OpenExecutionReconciler(deps)
  }

  async run(): Promise<void> {
    const { db, namespaceGuard, now, log } = this.#deps
    const { state, namespaceId } = await namespaceGuard.check(0)
    const { requested } = await readNamespace(db)
    if (state !== 'rebuilding' || !requested || namespaceId !== requested.namespaceId) return
    const until = performance.now() + ROUND_BUDGET_MS
    let { after } = requested
    let started = 0
    for (;;) {
      const page = await activeRunsAfter(db, after, PAGE)
      started += await this.#rebuildPage(page)
      after = page.at(-1)?.runKey ?? after
      if (page.length < PAGE) break
      await requestSwitch(db, { namespaceId, after }, now())
      if (performance.now() > until) return
    }
    const resynced = await this.#openExecutions.resyncAll()
    await completeSwitch(db, namespaceId, now())
    log.warn(
      { namespaceId, started, resynced },
      'Temporal namespace accepted: missing runs were started from the store',
    )
  }

  /** @returns how many runs were started */
  async #rebuildPage(page: readonly RunRow[]): Promise<number> {
    const isStarted = await pMap(page, (row) => this.#rebuildRun(row), { concurrency: CONCURRENCY })
    return isStarted.filter(Boolean).length
  }

  /** @returns true when the run was started */
  async #rebuildRun(row: RunRow): Promise<boolean> {
    const { db, runs, now, rulesOf } = this.#deps
    const plan = await this.#planOf(row)
    if (!plan) return false
    const started = await runs.startFromRow(row, plan)
    if (!started && (await runs.describe(row))?.runKey !== row.runKey) return false
    const [events, rules, follower] = await Promise.all([
      eventsSince(db, row, row.entry),
      rulesOf(row.appId),
      readFollower(db, row),
    ])
    for (const { kind, dedupeKey: key, createTime: at, id: seq, scene, aheadMs } of events) {
      if (kind === 'unsubscribe') await runs.signal(row, 'unsubscribed', { at, seq, key })
      else if (scene) {
        const when = { at, seq, ...(aheadMs ? { aheadMs } : {}) }
        const allowance = allowanceOf(rules, scene)
        // The inbox deletes the text of a dispatched event.
        await runs.signal(row, 'interaction', { ...when, key, scene, allowance, text: null })
      }
    }
    if (follower?.agent) {
      const { agentAt: at, agentSeq: seq } = follower
      await runs.signal(row, 'agentSession', { open: true, at: at ?? now(), seq: seq ?? -1 })
    }
    return started
  }

  /** The plan of a run; null, with a log line, when its campaign version cannot be read. */
  async #planOf(row: RunRow): Promise<Plan | null> {
    const { campaigns, log } = this.#deps
    const plan = await planOfRun(campaigns, row)
    if (!plan) {
      const { runKey: run, appId, openId, campaign, version } = row
      log.error(
        { run, appId, follower: maskId(openId), campaign, version },
        'run was not started from the store: its campaign version cannot be read',
      )
    }
    return plan
  }
}

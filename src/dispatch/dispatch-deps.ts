import type { Cohort } from '../run/cohort.ts'
import type { Plan, RunStart } from '../run/plan.ts'
import type { Log } from '../shared/log.ts'
import type { Db } from '../store/db.ts'
import type { RunClient } from '../temporal/run-client.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import type { OptOutWords, Reentry } from './dispatch-context.ts'

/** The configuration that dispatching reads: campaigns and accounts. */
export interface DispatchConfig {
  rulesOf(appId: string): RulesProfileName | Promise<RulesProfileName>
  /**
   * The plan of a published version, which need not be the newest, with the local times of the account; null when it does not
   * exist.
   * @param at the entry of the run, epoch ms
   */
  planOf(
    campaign: string,
    version: number,
    appId: string,
    at: number,
  ): Promise<{ plan: Plan; reentry: Reentry } | null>
  optOutWords(appId: string): OptOutWords
  /** What statistics group the run by; null when its campaign version cannot be read. */
  cohortOf(appId: string, start: RunStart): Promise<Cohort | null>
  isRegistered(appId: string): boolean | Promise<boolean>
}

export interface DispatchDeps {
  db: Db
  runs: RunClient
  config: DispatchConfig
  now: () => number
  log: Log
  onStarted?: () => void
  tracing?: Tracing
}

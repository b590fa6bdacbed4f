import type { Random } from '../harness/random.ts'
import { ACCOUNTS } from './campaigns.ts'
import { crashesOf, type Environment } from './environments/environment.ts'
import { type CallbackFaults, Followers, pause } from './followers.ts'
import { injectFaults } from './inject-faults.ts'
import type { Evidence } from './judge/evidence.ts'
import { describeOpenExecutions, type OpenExecution } from './open-executions.ts'
import { type Focus, planFaults } from './schedule.ts'
import {
  createWechat,
  publishAgain,
  readStatistics,
  registerAccounts,
  sendsOf,
  setPaid,
  waitForRunsToEnd,
} from './wechat-side.ts'

/** The time for open runs after the last action: the window, and as much again for delays, ms. */
const RUNS_END_WITHIN_MS = 150_000
const SETTLE_MS = 3_000

/** Runs one scenario: followers act for `forMs` while faults are injected. Then all faults are cleared and the runs end. */
export async function runScenario(
  environment: Environment,
  options: {
    random: Random
    forMs: number
    perSecond: number
    focus?: Focus | undefined
    print(line: string): void
    /** Receives the runs that have not ended in time. */
    onOpen?(executions: OpenExecution[]): void
  },
): Promise<Evidence> {
  const { random, forMs, print } = options
  const callbackFaults: CallbackFaults = { losesAnswers: false, clockSkewS: 0 }
  const simulator = createWechat()
  const { url } = await simulator.listen(0)
  try {
    await environment.startAll()
    await registerAccounts(environment, simulator, url, ACCOUNTS)
    const plan = planFaults(random, {
      forMs,
      processes: environment.processes.map((p) => p.name),
      disk: environment.fillDisk !== undefined,
      focus: options.focus,
    })
    const followers = new Followers({
      simulator,
      random,
      callbackFaults,
      perSecond: options.perSecond,
      setPaid: (appId, openId) => setPaid(environment, appId, openId),
    })
    const until = Date.now() + forMs
    const [faults] = await Promise.all([
      injectFaults(environment, simulator, callbackFaults, plan, until, print),
      followers.run(until),
      pause(forMs / 2).then(() => publishAgain(environment, ACCOUNTS, until)),
    ])
    simulator.clearFaults()
    await environment.startAll()
    print(`  ${followers.actions.length} callbacks; waiting for the runs to end`)
    await waitForRunsToEnd(environment, RUNS_END_WITHIN_MS)
    const endedAt = Date.now()
    if (environment.temporalAddress)
      options.onOpen?.(await describeOpenExecutions(environment.temporalAddress).catch(() => []))
    await pause(SETTLE_MS)
    const rules = Object.fromEntries(ACCOUNTS.map((a) => [a.appId, a.rules]))
    const statistics = await readStatistics(environment, ACCOUNTS)
    const stored = await environment.readStore()
    return {
      accounts: rules,
      actions: followers.actions,
      facts: followers.facts,
      sends: sendsOf(simulator, ACCOUNTS),
      ...stored,
      statistics,
      faults,
      crashes: crashesOf(environment.processes),
      endedAt,
    }
  } finally {
    await simulator.close()
  }
}

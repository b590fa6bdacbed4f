import type { Random } from '../support/random.ts'
import { ACCOUNTS } from './campaigns.ts'
import { inflict } from './inflict.ts'
import type { Evidence } from './journal.ts'
import { type CallbackTrouble, createPopulation, pause } from './population.ts'
import { type Focus, planFaults } from './schedule.ts'
import { crashesOf, type Stage } from './stage.ts'
import { createWechat, openAccounts, runsEnd, sendsOf } from './wechat-side.ts'

/** After the last act: the window, and as much again for what came late. */
const PATIENCE_MS = 150_000
const STAYS_QUIET_MS = 3_000

/** One performance: followers come and go for `forMs` while faults hit, then all is mended and the runs end. */
export async function perform(
  stage: Stage,
  options: {
    random: Random
    forMs: number
    perSecond: number
    focus?: Focus | undefined
    say(line: string): void
  },
): Promise<Evidence> {
  const { random, forMs, say } = options
  const trouble: CallbackTrouble = { losesAnswers: false, clockSkewS: 0 }
  const simulator = createWechat()
  const { url } = await simulator.listen(0)
  try {
    await stage.heal()
    await openAccounts(stage, simulator, url, ACCOUNTS)
    const plan = planFaults(random, {
      forMs,
      parts: stage.parts.map((p) => p.name),
      disk: stage.fillDisk !== undefined,
      focus: options.focus,
    })
    const population = createPopulation({ simulator, random, trouble, perSecond: options.perSecond })
    const [faults] = await Promise.all([
      inflict(stage, simulator, trouble, plan, say),
      population.comeAndGo(Date.now() + forMs),
    ])
    simulator.clearFaults()
    await stage.heal()
    say(`  ${population.acts.length} callbacks; waiting for the runs to end`)
    await runsEnd(stage, PATIENCE_MS)
    const endedAt = Date.now()
    await pause(STAYS_QUIET_MS)
    const rules = Object.fromEntries(ACCOUNTS.map((a) => [a.appId, a.rules]))
    const stored = await stage.readStore()
    return {
      accounts: rules,
      acts: population.acts,
      sends: sendsOf(simulator, ACCOUNTS),
      ...stored,
      faults,
      crashes: crashesOf(stage.parts),
      endedAt,
    }
  } finally {
    await simulator.close()
  }
}

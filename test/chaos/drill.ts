import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Cluster } from '../../scripts/cluster/cluster.ts'
import { DEPLOY_FOLDER } from '../../scripts/cluster/load-compose.ts'
import type { Simulator } from '../../src/simulator/index.ts'
import type { ChaosAccount } from './campaigns.ts'
import { crashesOf, type Environment } from './environments/environment.ts'
import { pause } from './followers.ts'
import type { Evidence, FaultRecord, FollowerAction } from './judge/evidence.ts'
import { createWechat, registerAccounts, sendsOf, waitForRunsToEnd } from './wechat-side.ts'

const APP = 'wxdrillclassic001'
const DOWN_MS = 3_000
const BETWEEN_MS = 5_000

export interface DrillPlan {
  followers: number
  /** The time in which all followers arrive, ms. */
  arrivalMs: number
  /** The time from a follow to its last step, ms. */
  seriesMs: number
  /** The start of each phase, ms after the first follow. */
  killsAtMs: number
  upgradeAtMs: number
  restoreAtMs: number
}

/** The duration of each operation on the stack, s. */
export interface DrillTimes {
  coldStart: number
  upgradeOfWorkers: number
  upgradeOfIntake: number
  backup: number
  restore: number
}

/**
 * Runs a campaign under the old rules (each grant lasts two days) on the production stack while an operator works on it:
 * each process is killed, the stack is upgraded process by process, stopped for a backup, and restored. Followers arrive all
 * the time; only between backup and restore their pushes wait.
 */
export async function drill(
  stack: DrillStack,
  plan: DrillPlan,
  folder: string,
  print: (line: string) => void,
): Promise<{ evidence: Evidence; times: DrillTimes }> {
  const simulator = createWechat()
  const { url } = await simulator.listen(0)
  try {
    return await new Drill(stack, plan, { simulator, apiBase: url, folder, print }).run()
  } finally {
    await simulator.close()
  }
}

interface DrillStack {
  environment: Environment
  cluster: Cluster
}

interface DrillTools {
  simulator: Simulator
  apiBase: string
  folder: string
  print(line: string): void
}

class Drill {
  private readonly stack: DrillStack
  private readonly plan: DrillPlan
  private readonly tools: DrillTools
  private readonly faults: FaultRecord[] = []
  private readonly actions: FollowerAction[] = []
  private beganAt = 0
  private pushesResumed: Promise<void> = Promise.resolve()

  constructor(stack: DrillStack, plan: DrillPlan, tools: DrillTools) {
    this.stack = stack
    this.plan = plan
    this.tools = tools
  }

  async run(): Promise<{ evidence: Evidence; times: DrillTimes }> {
    const { environment } = this.stack
    const { simulator, apiBase, print } = this.tools
    const account = drillAccount(this.plan.seriesMs)
    const coldStart = await timed(() => environment.startAll())
    print(`  the stack started in ${coldStart.toFixed(1)} s`)
    await registerAccounts(environment, simulator, apiBase, [account])
    this.beganAt = Date.now()
    const arrivals = this.followersArrive()
    await this.killEachProcess()
    const upgrades = await this.upgrade()
    const backups = await this.backUpAndRestore()
    await arrivals
    print(`  ${this.actions.length} follows; waiting for the runs to end`)
    await waitForRunsToEnd(environment, this.plan.seriesMs + 1_200_000)
    const endedAt = Date.now()
    const { actions, faults } = this
    return {
      evidence: {
        accounts: { [APP]: account.rules },
        actions,
        sends: sendsOf(simulator, [account]),
        ...(await environment.readStore()),
        faults,
        crashes: crashesOf(environment.processes),
        endedAt,
      },
      times: { coldStart, ...upgrades, ...backups },
    }
  }

  private async killEachProcess(): Promise<void> {
    await this.until(this.plan.killsAtMs)
    for (const managed of this.stack.environment.processes) {
      await this.fault('kill', managed.name, async () => {
        await managed.kill()
        await pause(DOWN_MS)
        await managed.start()
      })
      await pause(BETWEEN_MS)
    }
  }

  private async upgrade(): Promise<Pick<DrillTimes, 'upgradeOfWorkers' | 'upgradeOfIntake'>> {
    const { cluster } = this.stack
    await this.until(this.plan.upgradeAtMs)
    return {
      upgradeOfWorkers: await this.fault('upgrade', 'workers', () => upgradeWorkers(cluster)),
      upgradeOfIntake: await this.fault('upgrade', 'intake', () => upgradeIntake(cluster)),
    }
  }

  private async backUpAndRestore(): Promise<Pick<DrillTimes, 'backup' | 'restore'>> {
    await this.until(this.plan.restoreAtMs)
    let resume = () => {}
    this.pushesResumed = new Promise((resolve) => {
      resume = resolve
    })
    const backups = join(this.tools.folder, 'backup')
    const times = {
      backup: await this.fault('restore', 'backup', () =>
        this.script('backup.sh', ['--stay-stopped', backups]),
      ),
      restore: await this.fault('restore', 'restore', () => this.script('restore.sh', [backups, '--yes'])),
    }
    resume()
    return times
  }

  private until(ms: number): Promise<void> {
    return pause(Math.max(0, this.beganAt + ms - Date.now()))
  }

  /** Runs an operation and records it as a fault. @returns its duration, s */
  private async fault(kind: string, target: string, action: () => Promise<void>): Promise<number> {
    const from = Date.now()
    this.tools.print(`  ${kind} ${target}`)
    await action()
    this.faults.push({ kind, target, from, to: Date.now() })
    return (Date.now() - from) / 1_000
  }

  private async followersArrive(): Promise<void> {
    const { followers, arrivalMs } = this.plan
    const pushes: Promise<void>[] = []
    for (let n = 0; n < followers; n++) {
      await this.until((n / followers) * arrivalMs)
      await this.pushesResumed
      pushes.push(this.follow(`oDrill${n}`))
    }
    await Promise.all(pushes)
  }

  private async follow(openId: string): Promise<void> {
    const began = Date.now()
    const createTime = Math.floor(began / 1_000)
    const { ok, attempts } = await this.tools.simulator.account(APP).follow(openId, { createTime })
    const action = { appId: APP, openId, kind: 'follow' as const, createTime: createTime * 1_000, began }
    this.actions.push({ ...action, ended: Date.now(), ok, attempts })
  }

  /** Runs a script of temporal-docker against the processes of this machine instead of containers. */
  private async script(name: string, args: string[]): Promise<void> {
    const PATH = [join(this.tools.folder, 'cluster/bin'), process.env.PATH].join(delimiter)
    await promisify(execFile)(join(DEPLOY_FOLDER, name), args, { env: { ...process.env, PATH } })
  }
}

/** The upgrade of docs/production.md. */
async function upgradeWorkers(cluster: Cluster): Promise<void> {
  const before = cluster.settings().NURTURE_VERSION ?? ''
  cluster.set({ NURTURE_VERSION_BEFORE: before, NURTURE_VERSION: `${before}-next` })
  await cluster.up('worker-draining')
  for (const worker of ['worker-1', 'worker-2']) {
    await cluster.stop(worker)
    // A worker is ready only when its build is current, which `deploy` changes.
    void cluster.start(worker)
    await cluster.run('deploy')
    await cluster.start(worker)
  }
}

async function upgradeIntake(cluster: Cluster): Promise<void> {
  for (const serve of ['serve-1', 'serve-2']) {
    await cluster.stop(serve)
    await cluster.start(serve)
  }
}

function drillAccount(seriesMs: number): ChaosAccount {
  const steps = [0, seriesMs / 2, seriesMs].map((afterMs, i) => ({
    id: `step-${i}`,
    afterMs,
    since: 'entry' as const,
    ifLate: 'hold' as const,
    when: null,
  }))
  // Longer than the series, so that a step is late after an outage, and not skipped.
  const windowMs = 2 * seriesMs + 3_600_000
  return {
    appId: APP,
    mode: 'security',
    rules: { profile: 'classic-48h', onUnknown: 'assume-sent', steps, windowMs },
  }
}

async function timed(action: () => Promise<void>): Promise<number> {
  const from = performance.now()
  await action()
  return (performance.now() - from) / 1_000
}

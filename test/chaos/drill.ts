import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Cluster } from '../../scripts/cluster/cluster.ts'
import { DEPLOY_FOLDER } from '../../scripts/cluster/load-compose.ts'
import type { SimAccount } from '../../src/simulator/index.ts'
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
  /** Over how many ms they come. */
  arrivalMs: number
  /** From a follow to its last step. */
  seriesMs: number
  /** When to begin, from the first follow. */
  killsAtMs: number
  upgradeAtMs: number
  restoreAtMs: number
}

/** What was asked of a stack, and how long it took, s. */
export interface DrillTimes {
  coldStart: number
  upgradeOfWorkers: number
  upgradeOfIntake: number
  backup: number
  restore: number
}

/**
 * A campaign under the old rule (every step paid for two days) on the production stack, through what an operator does to
 * it: a kill of each process, a rolling upgrade, a backup with all stopped and its restore. Followers keep coming, but
 * for the time from backup to restore: WeChat's pushes wait for that.
 */
export async function drill(
  { environment, cluster }: { environment: Environment; cluster: Cluster },
  plan: DrillPlan,
  folder: string,
  print: (line: string) => void,
): Promise<{ evidence: Evidence; times: DrillTimes }> {
  const account = drillAccount(plan.seriesMs)
  const simulator = createWechat()
  const { url } = await simulator.listen(0)
  const faults: FaultRecord[] = []
  const actions: FollowerAction[] = []
  let pushesResumed: Promise<void> = Promise.resolve()
  try {
    const coldStart = await timed(() => environment.startAll())
    print(`  the stack is up after ${coldStart.toFixed(1)} s`)
    await registerAccounts(environment, simulator, url, [account])
    const began = Date.now()
    const at = (ms: number) => pause(Math.max(0, began + ms - Date.now()))
    const arrivals = followersArrive(simulator.account(APP), began)

    await at(plan.killsAtMs)
    for (const part of environment.processes) {
      await fault('kill', part.name, async () => {
        await part.kill()
        await pause(DOWN_MS)
        await part.start()
      })
      await pause(BETWEEN_MS)
    }
    await at(plan.upgradeAtMs)
    const upgradeOfWorkers = await fault('upgrade', 'workers', () => upgradeWorkers(cluster))
    const upgradeOfIntake = await fault('upgrade', 'intake', () => upgradeIntake(cluster))
    await at(plan.restoreAtMs)
    let resume = () => {}
    pushesResumed = new Promise((resolve) => {
      resume = resolve
    })
    const backups = join(folder, 'backup')
    const backup = await fault('restore', 'backup', () => script('backup.sh', ['--stay-stopped', backups]))
    const restore = await fault('restore', 'restore', () => script('restore.sh', [backups, '--yes']))
    resume()
    await arrivals
    print(`  ${actions.length} followed; waiting for their runs to end`)
    await waitForRunsToEnd(environment, plan.seriesMs + 1_200_000)
    const endedAt = Date.now()
    const stored = await environment.readStore()
    const sends = sendsOf(simulator, [account])
    const times = { coldStart, upgradeOfWorkers, upgradeOfIntake, backup, restore }
    const crashes = crashesOf(environment.processes)
    return {
      evidence: { accounts: { [APP]: account.rules }, actions, sends, ...stored, faults, crashes, endedAt },
      times,
    }
  } finally {
    await simulator.close()
  }

  async function fault(kind: string, target: string, action: () => Promise<void>): Promise<number> {
    const from = Date.now()
    print(`  ${kind} ${target}`)
    await action()
    faults.push({ kind, target, from, to: Date.now() })
    return (Date.now() - from) / 1_000
  }

  async function followersArrive(wechat: SimAccount, began: number): Promise<void> {
    const pushes: Promise<void>[] = []
    for (let n = 0; n < plan.followers; n++) {
      await pause(Math.max(0, began + (n / plan.followers) * plan.arrivalMs - Date.now()))
      await pushesResumed
      pushes.push(follow(wechat, `oDrill${n}`))
    }
    await Promise.all(pushes)
  }

  async function follow(wechat: SimAccount, openId: string): Promise<void> {
    const at = Date.now()
    const createTime = Math.floor(at / 1_000)
    const { ok, attempts } = await wechat.follow(openId, { createTime })
    const action = { appId: APP, openId, kind: 'follow' as const, createTime: createTime * 1_000, began: at }
    actions.push({ ...action, ended: Date.now(), ok, attempts })
  }

  /** The stack's own script, told to use this machine's processes in place of containers. */
  async function script(name: string, args: string[]): Promise<void> {
    const PATH = [join(folder, 'cluster/bin'), process.env.PATH].join(delimiter)
    await promisify(execFile)(join(DEPLOY_FOLDER, name), args, { env: { ...process.env, PATH } })
  }
}

/** As docs/production.md says it. */
async function upgradeWorkers(cluster: Cluster): Promise<void> {
  const before = cluster.settings().NURTURE_VERSION ?? ''
  cluster.set({ NURTURE_VERSION_BEFORE: before, NURTURE_VERSION: `${before}-next` })
  await cluster.up('worker-draining')
  for (const worker of ['worker-1', 'worker-2']) {
    await cluster.stop(worker)
    // Not ready before its build is current.
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
  // Longer than the series: what an outage holds up is late, not over.
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

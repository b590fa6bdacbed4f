import type { ManagedProcess } from '../../scripts/cluster/managed-process.ts'
import type { Simulator } from '../../src/simulator/index.ts'
import { ACCOUNTS } from './campaigns.ts'
import type { Environment } from './environments/environment.ts'
import { type CallbackFaults, pause } from './followers.ts'
import type { FaultRecord } from './judge/evidence.ts'
import { areaOf, type PlannedFault } from './schedule.ts'

const ALWAYS = 1_000_000
/** WeChat's clock minus the clock of this machine, s; within CALLBACK_MAX_AGE. */
const SKEW_S = { behind: -3, ahead: 120 }

/**
 * Injects the planned faults, each at its time, and records when each was over. Those for which no time is left are left out.
 * @param until epoch ms
 */
export async function injectFaults(
  environment: Environment,
  simulator: Simulator,
  callbackFaults: CallbackFaults,
  plan: readonly PlannedFault[],
  until: number,
  print: (line: string) => void,
): Promise<FaultRecord[]> {
  const began = Date.now()
  const records: FaultRecord[] = []
  const lanes = new Map<string, PlannedFault[]>()
  for (const fault of plan) lanes.set(laneOf(fault), [...(lanes.get(laneOf(fault)) ?? []), fault])
  await Promise.all([...lanes.values()].map(runLane))
  return records

  async function runLane(faults: readonly PlannedFault[]): Promise<void> {
    let behindMs = 0
    for (const fault of faults) {
      // A restart may take longer than planned. The time until the next fault stays, or a slow machine would never be without one.
      const at = began + fault.atMs + behindMs
      if (at + fault.lastsMs > until) return
      await pause(Math.max(0, at - Date.now()))
      const from = Date.now()
      print(`  ${((from - began) / 1000).toFixed(0)} s: ${fault.kind} ${fault.target}, ${fault.lastsMs} ms`)
      await inject(fault)
      records.push({ kind: fault.kind, target: fault.target, from, to: Date.now() })
      behindMs = Math.max(0, Date.now() - (began + fault.atMs + fault.lastsMs))
    }
  }

  async function inject(fault: PlannedFault): Promise<void> {
    switch (areaOf(fault.kind)) {
      case 'process': {
        const target = environment.processes.find((p) => p.name === fault.target)
        if (target) await hitProcess(target, fault)
        return
      }
      case 'disk': {
        const free = await environment.fillDisk?.()
        await pause(fault.lastsMs)
        await free?.()
        await environment.startAll()
        return
      }
      case 'callbacks':
        if (fault.kind === 'answers-lost') callbackFaults.losesAnswers = true
        else callbackFaults.clockSkewS = fault.lastsMs % 2 === 0 ? SKEW_S.behind : SKEW_S.ahead
        await pause(fault.lastsMs)
        callbackFaults.losesAnswers = false
        callbackFaults.clockSkewS = 0
        return
      case 'wechat':
        await hitWechat(fault)
        return
    }
  }

  async function hitProcess(target: ManagedProcess, fault: PlannedFault): Promise<void> {
    if (fault.kind === 'pause') {
      target.pause()
      await pause(fault.lastsMs)
      target.resume()
    } else {
      await target.kill()
      await pause(fault.lastsMs)
    }
    await target.start()
  }

  async function hitWechat({ kind, target: api, lastsMs }: PlannedFault): Promise<void> {
    const always = { api, times: ALWAYS }
    if (kind === 'busy') simulator.fault({ ...always, errcode: -1 })
    else if (kind === 'hangs-before') simulator.fault({ ...always, hang: 'before' })
    else if (kind === 'hangs-after') simulator.fault({ ...always, hang: 'after' })
    else if (kind === 'breaks-before') simulator.fault({ ...always, reset: 'before' })
    else if (kind === 'breaks-after') simulator.fault({ ...always, reset: 'after' })
    else if (kind === 'http-500') simulator.fault({ ...always, status: 500 })
    else if (kind === 'slow') simulator.fault({ ...always, latencyMs: lastsMs })
    else for (const { appId } of ACCOUNTS) simulator.account(appId).invalidateToken()
    await pause(lastsMs)
    simulator.clearFaults()
  }
}

function laneOf(fault: PlannedFault): string {
  const area = areaOf(fault.kind)
  return area === 'disk' ? 'process' : area
}

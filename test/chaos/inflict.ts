import type { Simulator } from '../../src/simulator/index.ts'
import type { Part } from '../../temporal-docker/native/part.ts'
import { ACCOUNTS } from './campaigns.ts'
import type { FaultFact } from './journal.ts'
import { type CallbackTrouble, pause } from './population.ts'
import { fieldOf, type PlannedFault } from './schedule.ts'
import type { Stage } from './stage.ts'

const FOR_EVER = 1_000_000
/** WeChat's clock behind ours and before it, s; within CALLBACK_MAX_AGE. */
const SKEW_S = { behind: -3, ahead: 120 }

/** Inflicts the planned faults, each at its time, and notes when all was well again. */
export async function inflict(
  stage: Stage,
  simulator: Simulator,
  trouble: CallbackTrouble,
  plan: readonly PlannedFault[],
  say: (line: string) => void,
): Promise<FaultFact[]> {
  const began = Date.now()
  const facts: FaultFact[] = []
  const lines = new Map<string, PlannedFault[]>()
  for (const fault of plan) lines.set(lineOf(fault), [...(lines.get(lineOf(fault)) ?? []), fault])
  await Promise.all([...lines.values()].map(oneAfterTheOther))
  return facts

  async function oneAfterTheOther(faults: readonly PlannedFault[]): Promise<void> {
    for (const fault of faults) {
      await pause(Math.max(0, began + fault.atMs - Date.now()))
      const from = Date.now()
      say(`  ${((from - began) / 1000).toFixed(0)} s: ${fault.kind} ${fault.target}, ${fault.lastsMs} ms`)
      await one(fault)
      facts.push({ kind: fault.kind, target: fault.target, from, to: Date.now() })
    }
  }

  async function one(fault: PlannedFault): Promise<void> {
    switch (fieldOf(fault.kind)) {
      case 'part': {
        const part = stage.parts.find((p) => p.name === fault.target)
        if (part) await hitPart(part, fault)
        return
      }
      case 'disk': {
        const free = await stage.fillDisk?.()
        await pause(fault.lastsMs)
        await free?.()
        await stage.heal()
        return
      }
      case 'callbacks':
        if (fault.kind === 'answers-lost') trouble.losesAnswers = true
        else trouble.clockSkewS = fault.lastsMs % 2 === 0 ? SKEW_S.behind : SKEW_S.ahead
        await pause(fault.lastsMs)
        trouble.losesAnswers = false
        trouble.clockSkewS = 0
        return
      case 'wechat':
        await hitWechat(fault)
        return
    }
  }

  async function hitPart(part: Part, fault: PlannedFault): Promise<void> {
    if (fault.kind === 'pause') {
      part.pause()
      await pause(fault.lastsMs)
      part.resume()
    } else {
      await part.kill()
      await pause(fault.lastsMs)
    }
    await part.start()
  }

  async function hitWechat({ kind, target: api, lastsMs }: PlannedFault): Promise<void> {
    const often = { api, times: FOR_EVER }
    if (kind === 'busy') simulator.fault({ ...often, errcode: -1 })
    else if (kind === 'hangs-before') simulator.fault({ ...often, hang: 'before' })
    else if (kind === 'hangs-after') simulator.fault({ ...often, hang: 'after' })
    else if (kind === 'breaks-before') simulator.fault({ ...often, reset: 'before' })
    else if (kind === 'breaks-after') simulator.fault({ ...often, reset: 'after' })
    else if (kind === 'http-500') simulator.fault({ ...often, status: 500 })
    else if (kind === 'slow') simulator.fault({ ...often, latencyMs: lastsMs })
    else for (const { appId } of ACCOUNTS) simulator.account(appId).invalidateToken()
    await pause(lastsMs)
    simulator.clearFaults()
  }
}

function lineOf(fault: PlannedFault): string {
  const field = fieldOf(fault.kind)
  return field === 'disk' ? 'part' : field
}

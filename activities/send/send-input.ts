import type { RunState, StepState } from '../../src/run/state.ts'
import type { SendKey } from '../../src/store/runs/deliveries.ts'
import type { Grant } from '../../src/wechat/rules/ledger.ts'

/** One step to send, as the workflow has decided. */
export interface SendInput {
  /** The run, its step marked `sending`. */
  state: RunState
  index: number
  /** The grant that pays. */
  grant: Grant
  /** Time until that grant's margin, ms, at `now`. */
  leftMs: number
  /** The follower's clock when the workflow decided, epoch ms. */
  now: number
}

/** The row of one step of one run. */
export function sendKey({ state, index }: SendInput, run: { appId: string; openId: string }): SendKey {
  return {
    runKey: state.entry.key,
    stepId: stepOf({ state, index }).id,
    appId: run.appId,
    openId: run.openId,
    campaign: state.campaign,
    entry: state.entry,
  }
}

export function stepOf({ state, index }: Pick<SendInput, 'state' | 'index'>): StepState {
  const step = state.steps[index]
  if (!step) throw new Error(`${state.campaign}@${state.version} has no step ${index}`)
  return step
}

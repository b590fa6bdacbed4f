import { Context } from '@temporalio/activity'
import type { RunState, StepState } from '../../src/run/state.ts'
import type { SendKey } from '../../src/store/runs/deliveries.ts'
import type { Grant } from '../../src/wechat/rules/ledger.ts'

/** One step to send, as the workflow decided it. */
export interface SendInput {
  /** The run, its step marked `sending`. */
  state: RunState
  index: number
  /** What pays. */
  grant: Grant
  /** Time until that grant's margin, ms, at `now`. */
  leftMs: number
  /** The follower's clock when the workflow decided, epoch ms. */
  now: number
}

/** The follower and Temporal's run id, from where alone they stand: the workflow's own identity. */
export function currentRun(): { appId: string; openId: string; runId: string } {
  const { workflowExecution } = Context.current().info
  const [, appId = '', openId = ''] = (workflowExecution?.workflowId ?? '').split('/')
  return { appId, openId, runId: workflowExecution?.runId ?? '' }
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

import type { StepEffects } from '../../src/run/act.ts'
import type { RunState, StepState } from '../../src/run/state.ts'
import type { SendKey } from '../../src/store/runs/deliveries.ts'
import type { Grant } from '../../src/wechat/rules/ledger.ts'

/** One step that the workflow has decided to send. */
export interface SendInput {
  /** The run's state, with the step marked `sending`. */
  state: RunState
  index: number
  /** The grant that pays for the message. */
  grant: Grant
  /** Time until that grant's margin, ms, at `now`. */
  leftMs: number
  /** When the workflow decided, epoch ms by the follower's clock. */
  now: number
  /** How long the follower sees that the message is being typed, ms; absent: not at all. */
  typingMs?: number
  /** True when the run completes as soon as the step is sent. The end of the run is then written with the result. */
  completesRun?: true
  /**
   * Present when the message answers nothing that the follower did: what happens to it over the account's cap. Absent: the cap is not
   * about it.
   */
  unasked?: 'hold' | 'skip' | 'anytime'
  /** What the step does besides the message; absent: nothing. It is written with the result. */
  effects?: StepEffects
}

/** The key of a step's delivery row. */
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

/** The state of the step that is sent. @throws Error when the run has no step with this index */
export function stepOf({ state, index }: Pick<SendInput, 'state' | 'index'>): StepState {
  const step = state.steps[index]
  if (!step) throw new Error(`${state.campaign}@${state.version} has no step ${index}`)
  return step
}

import type { Answer } from '../api/fault-responses.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { ComponentState } from './component-state.ts'

/** One call of a known platform. Its token is valid, unless the call authenticates by the secret. */
export interface ComponentCall {
  wechat: SimulatedWechat
  component: ComponentState
  body: Record<string, unknown>
}

export type ComponentHandler = (call: ComponentCall) => Answer

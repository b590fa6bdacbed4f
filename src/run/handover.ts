import { SECOND_MS } from '../shared/time-units.ts'
import type { AgentSessionChange } from './agent-session.ts'
import type { Plan, PlanStep } from './plan.ts'
import { applyAgentSession } from './run-events.ts'
import type { SendResult } from './send-result.ts'
import { addWarning, type RunState } from './state.ts'

/** The result of a call that opens a session with a human agent. */
export type HandoverResult =
  /** `at`: just before WeChat opened it, epoch ms by the follower's clock. */
  | { result: 'opened'; at: number }
  /** `no-agent`: WeChat refuses, because the agent is not online for example. `handover-failed`: WeChat gave no answer. */
  | { result: 'refused'; reason: 'no-agent' | 'handover-failed'; errcode: number | null }

/** The agent who takes over after a sent message; null when there is none. */
export function handoverAfterSend({ acts }: Pick<PlanStep, 'acts'>, result: SendResult): string | null {
  return result.result === 'sent' ? (acts?.handover ?? null) : null
}

/** True for a step that hands the follower over and does nothing else. It is skipped when WeChat refuses. */
export function onlyHandsOver({ acts = {}, tag, untag }: Pick<PlanStep, 'acts' | 'tag' | 'untag'>): boolean {
  const { handover, ...others } = acts
  return handover !== undefined && Object.keys(others).length === 0 && !tag && !untag
}

/**
 * Applies the result of a handover. The session holds the following steps from now on: WeChat's `kf_create_session` may come
 * later. A refusal adds a note for operators.
 */
export function applyHandover(
  plan: Plan,
  state: RunState,
  { id, acts }: Pick<PlanStep, 'id' | 'acts'>,
  result: HandoverResult,
): RunState {
  if (result.result === 'opened') return applyAgentSession(plan, state, openedSession(result))
  const code = result.errcode === null ? '' : ` (${result.errcode})`
  return addWarning(state, `step ${id} did not hand over to ${acts?.handover}: ${result.reason}${code}`)
}

/**
 * The session as a change of its second. Every event of the session that WeChat reports is newer, and so is a message of a later
 * second, which means that the session is closed.
 */
export function openedSession({ at }: Extract<HandoverResult, { result: 'opened' }>): AgentSessionChange {
  return { open: true, at: Math.floor(at / SECOND_MS) * SECOND_MS, seq: 0 }
}

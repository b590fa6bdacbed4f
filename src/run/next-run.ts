import type { Ledger } from '../wechat/rules/ledger.ts'
import type { AgentSessionChange } from './agent-session.ts'
import { type Interaction, isOlder, type RunStart } from './plan.ts'
import type { RunState } from './state.ts'

/** True once the run must end or has ended. Later events of the follower no longer affect it. */
export function isClosing(state: RunState): boolean {
  return state.stop !== null || state.status === 'ended'
}

/** The run that an event starts while this one closes; null when it starts none. After an opt-out only a follow does. */
export function startOfNextRun(state: RunState, event: Interaction): RunStart | null {
  if (!event.start || !isClosing(state) || event.start.entry.key === state.entry.key) return null
  if (state.seenEventKeys.includes(event.key)) return null
  if (state.stop?.stamp && isOlder(event, state.stop.stamp)) return null
  return state.stop?.outcome !== 'opted-out' || event.scene === 'subscribe' ? event.start : null
}

/** The grants that the next run inherits. After an unfollow there are none. */
export function carriedGrants({ stop, ledger }: RunState): Ledger {
  return stop?.outcome === 'unsubscribed' ? [] : ledger
}

/** The human agent's open session that the next run inherits; null when there is none since the last unfollow. */
export function carriedAgentSession({ agentSession, stop }: RunState): AgentSessionChange | null {
  if (!agentSession?.open) return null
  return stop?.stamp && isOlder(agentSession, stop.stamp) ? null : agentSession
}

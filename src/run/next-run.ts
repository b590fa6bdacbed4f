import type { Ledger } from '../wechat/rules/ledger.ts'
import type { AgentSessionChange } from './agent-session.ts'
import { type Interaction, isOlder, type RunStart } from './plan.ts'
import type { RunState } from './state.ts'

/** True from the moment at which something ended the run: later events of the follower have no effect on it. */
export function isClosing(state: RunState): boolean {
  return state.stop !== null || state.status === 'ended'
}

/** The run that an event starts while this one closes, or null. After an opt-out only a follow starts one. */
export function startOfNextRun(state: RunState, event: Interaction): RunStart | null {
  if (!event.start || !isClosing(state) || event.start.entry.key === state.entry.key) return null
  if (state.seenEventKeys.includes(event.key)) return null
  if (state.stop?.stamp && isOlder(event, state.stop.stamp)) return null
  return state.stop?.outcome !== 'opted-out' || event.scene === 'subscribe' ? event.start : null
}

/** The grants that the next run takes over. An unfollow removes all. */
export function carriedGrants({ stop, ledger }: RunState): Ledger {
  return stop?.outcome === 'unsubscribed' ? [] : ledger
}

/** The human agent's open session that the next run takes over; none from before an unfollow. */
export function carriedAgentSession({ agentSession, stop }: RunState): AgentSessionChange | null {
  if (!agentSession?.open) return null
  return stop?.stamp && isOlder(agentSession, stop.stamp) ? null : agentSession
}

import type { AgentSessionChange } from '../src/run/agent-session.ts'
import type { Interaction, RunStart } from '../src/run/plan.ts'
import type { Outcome, RunState } from '../src/run/state.ts'
import type { Ledger } from '../src/wechat/rules/ledger.ts'

/** The input of a `FollowerNurture` workflow. The follower is named by the workflow id only. */
export interface NurtureInput {
  start: RunStart
  /** The follower's earlier grants that are still valid. */
  ledger: Ledger
  /** A human agent's session that is open when the run starts. */
  agentSession?: AgentSessionChange
  /** True when the store already has this run's row. */
  recorded: boolean
  /** Present when the run continues in a new execution because its history grew long. */
  state?: RunState
  /** Events that arrived while the previous execution was closing. */
  backlog?: Interaction[]
}

/** How a run ended. */
export interface NurtureResult {
  outcome: Outcome
  reason: string | null
  steps: { id: string; state: string; reason: string | null }[]
}

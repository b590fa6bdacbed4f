import type { AgentSessionChange } from '../src/run/agent-session.ts'
import type { Outcome } from '../src/run/outcome.ts'
import type { Interaction, RunStart, Told } from '../src/run/plan.ts'
import type { RunState } from '../src/run/state.ts'
import type { Ledger } from '../src/wechat/rules/ledger.ts'

/**
 * Which behaviour a run follows: docs/adr/0008-input-version.md. A run keeps its version in later executions.
 * 1 (absent): 0.3. 2: sends and snapshots are tried as local activities first, and the status is written to the search
 * attributes when it changes. The first signal has the start of the run.
 */
export const INPUT_VERSION = 2

/** The input of a `FollowerNurture` workflow. The follower is named by the workflow id only. */
export interface NurtureInput {
  inputVersion?: number
  /** Absent when the run was started together with a signal: the signal has it. */
  start?: RunStart
  /** The follower's earlier grants that are still valid. */
  ledger: Ledger
  /** A human agent's session that is open when the run starts. */
  agentSession?: AgentSessionChange
  /** True when the store already has this run's row. */
  recorded: boolean
  /** Present when the run continues in a new execution because its history grew long. */
  state?: RunState
  /** Events that arrived while the previous execution was closing. */
  backlog?: (Interaction | Told)[]
}

/** How a run ended. */
export interface NurtureResult {
  outcome: Outcome
  reason: string | null
  steps: { id: string; state: string; reason: string | null }[]
}

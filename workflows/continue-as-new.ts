import { makeContinueAsNewFunc, upsertSearchAttributes } from '@temporalio/workflow'
import { carriedAgentSession, carriedGrants } from '../src/run/next-run.ts'
import type { Interaction, Plan, RunStart, Told } from '../src/run/plan.ts'
import type { RunState } from '../src/run/state.ts'
import { campaignAttribute, stateAttribute } from './names.ts'
import { INPUT_VERSION, type NurtureInput, type NurtureResult } from './nurture-input.ts'
import { memoOf } from './readable.ts'

/** The run that starts when the current one has closed, and the events that it has to apply. */
export interface NextRun {
  start: RunStart
  backlog: (Interaction | Told)[]
}

type Workflow = (input: NurtureInput) => Promise<NurtureResult>

/** Continues the same run in a new execution, because its history grew long. */
export function continueSameRun(inputVersion: number, plan: Plan, state: RunState): Promise<never> {
  return makeContinueAsNewFunc<Workflow>({ memo: memoOf(state.entry) })({
    inputVersion,
    start: { entry: state.entry, plan },
    ledger: state.ledger,
    state,
    recorded: true,
  })
}

/** Starts the follower's next run. `closed`: the state of the run that has ended. */
export function continueAsNextRun(closed: RunState, { start, backlog }: NextRun): Promise<never> {
  const agentSession = carriedAgentSession(closed)
  upsertSearchAttributes([
    { key: campaignAttribute, value: start.plan.campaign },
    { key: stateAttribute, value: 'active' },
  ])
  return makeContinueAsNewFunc<Workflow>({
    memo: memoOf(start.entry),
    // The next run starts on the current worker version. This run may be pinned to an older one.
    initialVersioningBehavior: 'AUTO_UPGRADE',
  })({
    inputVersion: INPUT_VERSION,
    start,
    // Grants belong to the follower. The run that has ended counted their uses.
    ledger: carriedGrants(closed),
    ...(agentSession ? { agentSession } : {}),
    recorded: false,
    backlog,
  })
}

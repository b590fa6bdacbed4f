import type { Plan } from './plan.ts'
import { presentForks } from './present-forks.ts'
import type { RunState } from './state.ts'

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** The run in the form of the operator API and of query `state`: docs/contract.md#6-operator-api. */
export function presentRun(
  state: RunState,
  /** `runId`: Temporal's run id; null until Temporal has started the run. */
  identity: { appId: string; openId: string; runId: string | null },
  /** Its forks are shown. Absent: none. */
  plan: Pick<Plan, 'forks'> = {},
) {
  const forks = presentForks(plan, state)
  return {
    ...identity,
    campaign: state.campaign,
    version: state.version,
    status: state.status,
    outcome: state.outcome,
    reason: state.reason,
    startedAt: iso(state.startedAt) ?? '',
    endedAt: iso(state.endedAt),
    window: { closesAt: iso(state.closesAt) ?? '' },
    ledger: state.ledger.map((g) => ({
      scene: g.scene,
      grantedAt: iso(g.grantedAt) ?? '',
      expiresAt: iso(g.expiresAt) ?? '',
      quota: g.quota,
      used: g.used,
    })),
    steps: state.steps.map((s) => ({
      id: s.id,
      state: s.state,
      dueAt: iso(s.dueAt),
      sentAt: iso(s.sentAt),
      reason: s.reason,
      errcode: s.errcode,
    })),
    // Absent while the goal is not reached.
    ...(state.goal ? { goal: { ...state.goal, at: iso(state.goal.at) ?? '' } } : {}),
    // Absent in a run without forks.
    ...(forks.length > 0 ? { forks } : {}),
  }
}

export type PresentedRun = ReturnType<typeof presentRun>

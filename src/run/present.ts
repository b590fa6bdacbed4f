import type { RunState } from './state.ts'

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** A run as the operator API and query `state` show it: docs/contract.md#6-operator-api. */
export function presentRun(
  state: RunState,
  /** `runId`: Temporal's; null while it has not begun the run. */
  identity: { appId: string; openId: string; runId: string | null },
) {
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
  }
}

export type PresentedRun = ReturnType<typeof presentRun>

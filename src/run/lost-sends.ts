import { selectGrant, useGrant } from '../wechat/rules/ledger.ts'
import { applyStepActions } from './act.ts'
import type { Plan } from './plan.ts'
import { changeStep, doneAt, type RunState } from './state.ts'

/** A step that the run has skipped, although a request for it was sent: the workflow task of that request was lost. */
export interface LostSend {
  index: number
  result: 'sent' | 'unknown'
  /** When the request was sent, epoch ms by the follower's clock. */
  at: number
  /** Why the outcome is unknown. */
  reason: string | null
}

/**
 * Applies sends that the run did not know of. Their messages count against the grants that could pay for them. What else such a
 * step does was written with its result, so the run knows it too.
 */
export function applyLostSends(plan: Plan, state: RunState, lost: readonly LostSend[]): RunState {
  return lost.reduce((before, { index, result, at, reason }) => {
    const grant = selectGrant(
      before.ledger.filter((g) => g.grantedAt <= at),
      at,
    )
    const ledger = grant ? useGrant(before.ledger, grant) : before.ledger
    const step = result === 'sent' ? { state: result, sentAt: at, reason: null } : { state: result, reason }
    const after = changeStep(before, index, step, { ledger, ...doneAt(before, at) })
    const planned = plan.steps[index]
    return result === 'sent' && planned ? applyStepActions(after, planned) : after
  }, state)
}

import { presentRun } from '../../run/present.ts'
import { isOpen, type StepState } from '../../run/state.ts'
import type { Delivery } from '../../store/runs/deliveries.ts'
import type { FollowerRow } from '../../store/runs/follower-rows.ts'
import type { RunRow } from '../../store/runs/run-rows.ts'
import { mergeLedgers } from '../../wechat/rules/ledger.ts'

/**
 * A run as the API shows it: its last snapshot, and what delivery rows and the follower's row know beyond it. While a
 * send is under way or kept back, its delivery row is newer than the snapshot.
 */
export function viewRun(run: RunRow, deliveries: readonly Delivery[], follower: FollowerRow | null) {
  const byStep = new Map(deliveries.map((d) => [d.stepId, d]))
  const steps = run.state.steps.map((step) => withDelivery(step, byStep.get(step.id)))
  const identity = { appId: run.appId, openId: run.openId, runId: run.runId || null }
  if (run.status === 'ended') return presentRun({ ...run.state, steps }, identity)
  const isUnfollowed = follower?.unfollowedAt != null && follower.unfollowedAt > run.entry.at
  const ledger = isUnfollowed ? [] : mergeLedgers(run.state.ledger, follower?.grants ?? [])
  const closesAt = Math.max(run.state.closesAt, (follower?.lastInteractionAt ?? 0) + run.plan.windowMs)
  return presentRun({ ...run.state, steps, ledger, closesAt }, identity)
}

/** The snapshot is silent from the moment a send is asked for until it is over: the delivery row speaks meanwhile. */
function withDelivery(step: StepState, delivery: Delivery | undefined): StepState {
  if (!delivery) return step
  const { reason, errcode, sentAt } = delivery
  // A late answer from WeChat: the run had to call it unknown.
  if (delivery.state === 'sent' && step.state !== 'sent') {
    return { ...step, state: 'sent', sentAt, reason: null, errcode: null }
  }
  if (!isOpen(step)) return step
  switch (delivery.state) {
    case 'sending':
      return { ...step, state: 'sending', reason: null, errcode: null }
    case 'deferred':
      return { ...step, state: 'held', reason, errcode }
    case 'failed':
      return isAbandoned(delivery) ? step : { ...step, state: 'sending', reason, errcode }
    case 'skipped':
    case 'unknown':
      return { ...step, state: delivery.state, reason, errcode }
    default:
      return step
  }
}

/** The send was given up: the snapshot written with its result says how the step stands. Else it is tried again. */
function isAbandoned({ intentAt, endedAt }: Delivery): boolean {
  return endedAt !== null && endedAt >= (intentAt ?? 0)
}

import type { ReachedGoal } from '../../run/goal.ts'
import type { Plan } from '../../run/plan.ts'
import { presentRun } from '../../run/present.ts'
import { isOpen, type StepState } from '../../run/state.ts'
import type { Delivery } from '../../store/runs/deliveries.ts'
import type { RunDelivery } from '../../store/runs/export-runs.ts'
import type { FollowerRow } from '../../store/runs/follower-rows.ts'
import type { RunRow } from '../../store/runs/run-rows.ts'
import { mergeLedgers } from '../../wechat/rules/ledger.ts'

/**
 * A run for API and console: its last snapshot, updated from the delivery rows and the follower's row. While a send is
 * running or deferred, its delivery row is newer than the snapshot.
 */
export function viewRun(
  run: RunRow,
  deliveries: readonly Delivery[],
  follower: FollowerRow | null,
  /** The run's plan, for its forks. */
  plan: Pick<Plan, 'forks'> = {},
  /** The goal that counts: the run may have reached it after its end. */
  goal: ReachedGoal | null = null,
) {
  const steps = stepsOfRun(run, deliveries)
  const identity = { appId: run.appId, openId: run.openId, runId: run.runId || null }
  const { goal: _uncounted, ...snapshot } = run.state
  const state = { ...snapshot, steps, ...(goal ? { goal } : {}) }
  if (run.status === 'ended') return presentRun(state, identity, plan)
  const isUnfollowed = follower?.unfollowedAt != null && follower.unfollowedAt > run.entry.at
  const ledger = isUnfollowed ? [] : mergeLedgers(run.state.ledger, follower?.grants ?? [])
  const closesAt = Math.max(run.state.closesAt, (follower?.lastInteractionAt ?? 0) + run.plan.windowMs)
  return presentRun({ ...state, ledger, closesAt }, identity, plan)
}

export type ShownStep = ReturnType<typeof stepsOfRun>[number]

/** The steps of a run as they are shown. */
export function stepsOfRun(run: RunRow, deliveries: readonly Delivery[]): StepState[] {
  const byStep = new Map(deliveries.map((d) => [d.stepId, d]))
  return run.state.steps.map((step) => withDelivery(step, byStep.get(step.id)))
}

/** The snapshot does not change between the request for a send and its result. The delivery row does. */
export function withDelivery(step: StepState, delivery: RunDelivery | undefined): StepState {
  if (!delivery) return step
  const { reason, errcode, sentAt } = delivery
  // WeChat's response arrived after the run had recorded the step as unknown.
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

/** The send has ended without a retry, so the snapshot has its result. */
function isAbandoned({ intentAt, endedAt }: RunDelivery): boolean {
  return endedAt !== null && endedAt >= (intentAt ?? 0)
}

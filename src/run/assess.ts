import { selectGrant } from '../wechat/rules/ledger.ts'
import { agentSessionEnd } from './agent-session.ts'
import { cutReason } from './forks.ts'
import { type Plan, type PlanStep, sendsNothing } from './plan.ts'
import { openSteps, type QueuedStep } from './queue.ts'
import { expireAgentSession } from './run-events.ts'
import { quietFor } from './schedule.ts'
import { changeStep, doneAt, type RunState, type StepState } from './state.ts'

/** A step counts as late after this time. */
const LATE_AFTER_MS = 60_000

/** Marks each open step that is certainly held or skipped by now. */
export function assessOpenSteps(plan: Plan, state: RunState, now: number): RunState {
  const isExpired = now >= (agentSessionEnd(state.agentSession) ?? Infinity)
  let current = isExpired ? expireAgentSession(plan, state) : state
  for (const queued of openSteps(plan, current, now)) {
    const { index, step } = queued
    const planned = plan.steps[index]
    const verdict = planned && assessStep(plan, planned, queued, current, now)
    if (!verdict) continue
    if (step.state === verdict.state && step.reason === verdict.reason) continue
    current =
      verdict.state === 'held'
        ? changeStep(current, index, { ...verdict, wasHeld: true })
        : changeStep(current, index, verdict, doneAt(current, now))
  }
  return current
}

interface Verdict {
  state: 'held' | 'skipped'
  reason: string
}

/** Returns null for a step that may be sent, or that is not due yet. */
function assessStep(
  plan: Plan,
  planned: PlanStep,
  { step, index, startsAt }: QueuedStep,
  state: RunState,
  now: number,
): Verdict | null {
  // A reply cannot be undone, so this step is skipped before its time.
  if (planned.when === 'not-replied' && state.reply) return skipped('replied')
  if (startsAt === null || startsAt > now || step.dueAt === null || now >= state.closesAt) return null
  // A fork was decided while this step was being sent, and the request failed.
  const cut = state.forks ? cutReason(plan, state.forks, index) : null
  if (cut !== null) return skipped(cut)
  const first = planned.part === undefined ? undefined : state.steps[planned.part]
  if (first?.state === 'skipped') return skipped(first.reason ?? 'condition')
  if (state.status === 'paused') return held('paused')
  if (state.agentSession?.open) return held('human-agent')
  if (planned.when === 'replied' && !state.reply) return skipped('not-replied')
  if (planned.ifLate === 'skip') {
    const isLate = wasBlocked(step) || now - (step.plannedAt ?? step.dueAt) > LATE_AFTER_MS
    if (isLate) return skipped('late')
    if (quietFor(plan, state, planned, now)) return skipped('quiet-hours')
  }
  if (sendsNothing(planned) || selectGrant(state.ledger, now)) return null
  return planned.ifLate === 'skip' ? skipped('no-grant') : held('no-grant')
}

const held = (reason: string): Verdict => ({ state: 'held', reason })
const skipped = (reason: string): Verdict => ({ state: 'skipped', reason })

/** True when the step came due during a pause or a human agent's session. */
function wasBlocked(step: StepState): boolean {
  return step.state === 'held' && (step.reason === 'paused' || step.reason === 'human-agent')
}

import type { Send, StepRule } from './evidence.ts'
import type { ExpectedRun } from './expected-run.ts'
import { allowedIn, lengthOf, payable, type Span } from './grant-spans.ts'
import type { MeasuredLateness } from './measured-lateness.ts'
import { type Outages, RECOVERY_MS } from './outages.ts'

/** A step that was not sent is lost when a grant could pay for so long without a fault, ms. */
const HEALTHY_MS = 40_000

/**
 * The valid reason why a step was not sent; null when there is none.
 * @param sends all sends of the run
 */
export function explainSkip(
  expected: ExpectedRun,
  step: StepRule,
  sends: readonly Send[],
  { outages, lateness }: { outages: Outages; lateness: MeasuredLateness },
): string | null {
  const { reply, deadline } = expected
  const due = expected.dueOf(step)
  if (step.when === 'not-replied' && reply) return 'replied'
  if (due === null) return 'no reply'
  if (step.since === 'reply' && replyCameLate(expected, step, outages)) return 'a fault delayed the reply'
  if (due >= deadline) return expected.unfollow ? 'unfollowed before it was due' : 'due after the window'
  const until = step.ifLate === 'skip' ? Math.min(deadline, due + 1_000) : deadline
  const paid = payable({ from: due, to: until }, expected.grants)
  if (lengthOf(paid) < Math.min(500, until - due)) return 'no grant'
  if (isQuotaUsedUp(expected, { from: due, to: until }, sends)) return 'quota used by unclear attempts'
  if (outages.during({ from: due - RECOVERY_MS, to: Math.min(deadline, due + 60_000) })) {
    const healthy = outages.outside(payable({ from: due, to: deadline }, expected.grants))
    if (lengthOf(healthy) < HEALTHY_MS || step.ifLate === 'skip') return 'a fault outlasted the step'
  }
  const from = expected.possibleFrom(step) ?? due
  const isOvertaken = deadline === expected.unfollow?.began && from + lateness.around(from) >= deadline
  return isOvertaken ? 'unfollowed before it was sent: other steps were as late' : null
}

/** Whether a fault delayed the reply until the window would have closed without it. */
function replyCameLate(expected: ExpectedRun, step: StepRule, outages: Outages): boolean {
  const { reply, run, closesAtWithoutReply } = expected
  if (!reply || run.steps.find((s) => s.id === step.id)?.dueAt !== null) return false
  return outages.during({ from: reply.began, to: Math.max(reply.ended, closesAtWithoutReply) + 1 })
}

/** Whether delivered and unclear attempts used the whole quota of the grants in this span. */
function isQuotaUsedUp(expected: ExpectedRun, span: Span, sends: readonly Send[]): boolean {
  const { since, quota } = allowedIn(span, expected.grants)
  const requested = sends.filter((s) => s.at >= since && (s.delivered || s.unclear)).length
  // A worker killed between intent and request leaves an unknown step that WeChat never received.
  const neverLeft = expected.run.steps.filter(
    (s) => s.state === 'unknown' && !sends.some((sent) => sent.step === s.id),
  ).length
  return requested + neverLeft >= quota
}

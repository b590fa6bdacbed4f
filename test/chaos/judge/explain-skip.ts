import type { Send, StepRule } from './evidence.ts'
import type { ExpectedRun } from './expected-run.ts'
import { allowedIn, lengthOf, payable, type Span } from './grant-spans.ts'
import { type Outages, RECOVERY_MS } from './outages.ts'

/** How much earlier than planned a send or the end of a window may be, ms. */
export const EARLY_MS = 1_000
/** A step is lost that did not go although a grant paid, and nothing was wrong, for so long. */
const HEALTHY_MS = 40_000

/**
 * Why a step was rightly not sent; null when no reason holds.
 * @param sends of the run, of whichever step
 */
export function explainSkip(
  expected: ExpectedRun,
  step: StepRule,
  sends: readonly Send[],
  outages: Outages,
): string | null {
  const { reply, deadline } = expected
  const due = expected.dueOf(step)
  if (step.when === 'not-replied' && reply) return 'replied'
  if (due === null) return 'no reply'
  if (step.since === 'reply' && replyCameLate(expected, step, outages))
    return 'the reply came late through a fault'
  if (due >= deadline - EARLY_MS) return expected.unfollow ? 'unfollowed before' : 'due after the window'
  const until = step.ifLate === 'skip' ? Math.min(deadline, due + 1_000) : deadline
  const paid = payable({ from: due, to: until }, expected.grants)
  if (lengthOf(paid) < Math.min(500, until - due)) return 'no grant'
  if (isQuotaUsedUp(expected, { from: due, to: until }, sends)) return 'quota used by unclear tries'
  if (!outages.during({ from: due - RECOVERY_MS, to: Math.min(deadline, due + 60_000) })) return null
  const healthy = outages.outside(payable({ from: due, to: deadline }, expected.grants))
  return lengthOf(healthy) < HEALTHY_MS || step.ifLate === 'skip' ? 'a fault outlasted it' : null
}

/** Whether a fault kept the reply from the run until the window would have closed without it. */
function replyCameLate(expected: ExpectedRun, step: StepRule, outages: Outages): boolean {
  const { reply, run, closesAtWithoutReply } = expected
  if (!reply || run.steps.find((s) => s.id === step.id)?.dueAt !== null) return false
  return outages.during({ from: reply.began, to: Math.max(reply.ended, closesAtWithoutReply) + 1 })
}

/** Whether the run's messages, and what may have been some, took all that the grants of this time allow. */
function isQuotaUsedUp(expected: ExpectedRun, span: Span, sends: readonly Send[]): boolean {
  const { since, quota } = allowedIn(span, expected.grants)
  const requested = sends.filter((s) => s.at >= since && (s.delivered || s.unclear)).length
  // A worker was killed after it had written its intent and before the request left: WeChat knows of none.
  const neverLeft = expected.run.steps.filter(
    (s) => s.state === 'unknown' && !sends.some((sent) => sent.step === s.id),
  ).length
  return requested + neverLeft >= quota
}

import type { Evidence, FollowerAction, RunRecord, Send, StepRule } from './evidence.ts'
import { acceptedActions, type ExpectedRun, expectedRunOf, followerOf, storedAs } from './expected-run.ts'
import { allowedIn, lengthOf, overlaps, payable, type Span, without } from './grant-spans.ts'

interface Finding {
  subject: string
  problem: string
}

export interface Lateness {
  fault: string
  ms: number
}

export interface Verdict {
  /** Accepted or due, and neither delivered nor kept back for a true reason. */
  lost: Finding[]
  /** Delivered again although the delivery before was clear (or, with `assume-sent`, at all). */
  duplicated: Finding[]
  /** Other promises: sends after an unfollow, beyond a grant, too early, states that cannot be. */
  broken: Finding[]
  counts: Record<string, number>
  lateness: Lateness[]
}

/** After a fault is over: leases, heartbeats and back-offs (30 s at the most) run out. */
const RECOVERY_MS = 10_000
/** Time in which a grant paid and nothing was wrong; a step that did not go then is lost. */
const HEALTHY_MS = 40_000
/** Contract, section 3: no send starts later than half a second after the unfollow was answered. The rest is its way here. */
const AFTER_UNFOLLOW_MS = 1_500
/** So long around a request a fault may have made its outcome unknown to the product. */
const AROUND_MS = 11_000
const EARLY_MS = 1_000
const HARMLESS = ['answers-lost', 'clocks-moved']

/** Judges a chaos run by the simulated WeChat's own log: rules and plan are reckoned anew here, not asked of the product. */
export function judge(evidence: Evidence): Verdict {
  const verdict: Verdict = { lost: [], duplicated: [], broken: [], counts: {}, lateness: [] }
  const count = (name: string, by = 1) => {
    verdict.counts[name] = (verdict.counts[name] ?? 0) + by
  }
  const outages: (Span & { kind: string })[] = evidence.faults.map(({ kind, from, to }) => ({
    kind,
    from,
    to: to + RECOVERY_MS,
  }))
  const duringFault = (span: Span) => outages.some((o) => overlaps(o, span))
  const accepted = acceptedActions(evidence)
  const runsBy = groupBy(evidence.runs, followerOf)
  const sendsBy = groupBy(evidence.sends, followerOf)

  judgeInbox()
  for (const [key, actions] of accepted) judgeEntries(actions, runsBy.get(key) ?? [])
  for (const [key, runs] of runsBy) {
    const actions = accepted.get(key) ?? []
    const sends = sendsBy.get(key) ?? []
    for (const run of runs)
      judgeRun(
        expectedRunOf(evidence, run, actions, runs),
        sends.filter((s) => s.entryAt === run.entryAt),
      )
  }
  for (const [key, sends] of sendsBy) judgeRefusals(key, sends)
  for (const [name, n] of Object.entries(evidence.crashes)) count(`ended by itself: ${name}`, n)
  count('followers', new Set(evidence.actions.map(followerOf)).size)
  count('callbacks', evidence.actions.length)
  count('callbacks that WeChat gave up', evidence.actions.filter((a) => !a.ok).length)
  count(
    'deliveries of callbacks',
    evidence.actions.reduce((sum, a) => sum + a.attempts, 0),
  )
  count('runs', evidence.runs.length)
  return verdict

  function judgeInbox(): void {
    const rows = new Map(evidence.inbox.map((r) => [`${r.appId} ${r.openId} ${r.kind} ${r.createTime}`, r]))
    for (const action of evidence.actions) {
      if (action.ok && !rows.has(storedAs(action)))
        verdict.lost.push({
          subject: followerOf(action),
          problem: `${action.kind} was answered and is not in the store`,
        })
    }
    for (const row of evidence.inbox) {
      if (!row.dispatched)
        verdict.lost.push({ subject: followerOf(row), problem: `${row.kind} was never dispatched` })
    }
  }

  /** A follow after an unfollow, and the first one, begin a run. */
  function judgeEntries(actions: readonly FollowerAction[], runs: readonly RunRecord[]): void {
    let following = false
    for (const action of actions) {
      if (action.kind === 'follow' && !following && !runs.some((r) => r.entryAt === action.createTime))
        verdict.lost.push({ subject: followerOf(action), problem: 'an accepted follow began no run' })
      if (action.kind === 'follow') following = true
      if (action.kind === 'unfollow') following = false
    }
  }

  function judgeRun(expected: ExpectedRun, sends: readonly Send[]): void {
    const { run, rules } = expected
    const subject = `${followerOf(run)} @${new Date(run.entryAt).toISOString()}`
    if (run.status !== 'ended') verdict.lost.push({ subject, problem: 'the run is stuck' })
    if (run.outcome === 'terminated') verdict.broken.push({ subject, problem: 'the run ended as terminated' })
    count(`runs ${run.outcome ?? run.status}`)
    for (const step of rules.steps) {
      const recorded = run.steps.find((s) => s.id === step.id)
      if (!recorded) {
        verdict.lost.push({ subject, problem: `${step.id} is gone from the run` })
        continue
      }
      count(`steps ${recorded.state}`)
      judgeStep(expected, step, recorded, sends, `${subject} ${step.id}`)
    }
  }

  function judgeStep(
    expected: ExpectedRun,
    step: StepRule,
    recorded: RunRecord['steps'][number],
    sends: readonly Send[],
    subject: string,
  ): void {
    const attempts = sends.filter((s) => s.step === step.id)
    const due = expected.dueOf(step)
    const delivered = attempts.filter((s) => s.delivered)
    count('messages delivered', delivered.length)
    judgeRepeats(expected, delivered, subject)
    switch (recorded.state) {
      case 'sent': {
        const [first] = delivered
        if (!first) verdict.lost.push({ subject, problem: 'said to be sent, and WeChat never got it' })
        else if (due === null)
          verdict.broken.push({ subject, problem: 'sent without the reply that it waits for' })
        else judgeTime(expected, due, first, subject)
        return
      }
      case 'unknown': {
        const at = attempts[0]?.at ?? due ?? 0
        if (!attempts.some((s) => s.unclear) && !duringFault({ from: at - AROUND_MS, to: at + AROUND_MS }))
          verdict.broken.push({ subject, problem: 'unknown, and nothing was unclear' })
        return
      }
      case 'skipped': {
        if (delivered.length > 0)
          verdict.broken.push({ subject, problem: `skipped (${recorded.reason}), and it was delivered` })
        const explained = explain(expected, step, due, sends)
        if (explained === null)
          verdict.lost.push({ subject, problem: `skipped (${recorded.reason}) without a true reason` })
        else count(`skipped: ${explained}`)
        return
      }
      default:
        if (expected.run.status === 'ended')
          verdict.broken.push({ subject, problem: `still ${recorded.state} in a run that has ended` })
    }
  }

  /** Why a step rightly did not go; null: no reason holds. */
  function explain(
    expected: ExpectedRun,
    step: StepRule,
    due: number | null,
    sends: readonly Send[],
  ): string | null {
    const { reply, deadline } = expected
    if (step.when === 'not-replied' && reply) return 'replied'
    if (due === null) return 'no reply'
    if (
      reply &&
      step.since === 'reply' &&
      duringFault({ from: reply.began, to: Math.max(reply.ended, expected.closesAtWithoutReply) + 1 }) &&
      expected.run.steps.find((s) => s.id === step.id)?.dueAt === null
    )
      return 'the reply came late through a fault'
    if (due >= deadline - EARLY_MS) return expected.unfollow ? 'unfollowed before' : 'due after the window'
    const until = step.ifLate === 'skip' ? Math.min(deadline, due + 1_000) : deadline
    const paid = payable({ from: due, to: until }, expected.grants)
    if (lengthOf(paid) < Math.min(500, until - due)) return 'no grant'
    if (isUsedUp(expected, { from: due, to: until }, sends)) return 'quota used by unclear tries'
    if (!duringFault({ from: due - RECOVERY_MS, to: Math.min(deadline, due + 60_000) })) return null
    const payableSpans = payable({ from: due, to: deadline }, expected.grants)
    return lengthOf(without(payableSpans, outages)) < HEALTHY_MS || step.ifLate === 'skip'
      ? 'a fault outlasted it'
      : null
  }

  /** Whether the run's messages, and what may have been some, took all that the grants of this time allow. */
  function isUsedUp(expected: ExpectedRun, span: Span, sends: readonly Send[]): boolean {
    const { since, quota } = allowedIn(span, expected.grants)
    const asked = sends.filter((s) => s.at >= since && (s.delivered || s.unclear)).length
    // A worker that was killed with its intent written, before the request had left: WeChat knows of none.
    const neverLeft = expected.run.steps.filter(
      (s) => s.state === 'unknown' && !sends.some((sent) => sent.step === s.id),
    ).length
    return asked + neverLeft >= quota
  }

  function judgeRepeats(expected: ExpectedRun, delivered: readonly Send[], subject: string): void {
    delivered.slice(1).forEach((repeat, i) => {
      const before = delivered[i]
      const unclear =
        before !== undefined &&
        (before.unclear || duringFault({ from: before.at - AROUND_MS, to: before.at + AROUND_MS }))
      if (expected.rules.onUnknown === 'retry' && unclear) count('copies after an unknown outcome')
      else
        verdict.duplicated.push({
          subject,
          problem: `delivered again after ${repeat.at - (before?.at ?? 0)} ms (${expected.rules.onUnknown})`,
        })
    })
  }

  function judgeTime(expected: ExpectedRun, due: number, first: Send, subject: string): void {
    const moved = [...expected.grants.map((g) => ({ from: g.until, to: g.expiresAt })), windowEnd(expected)]
      .filter((m) => due >= m.from && due <= m.to)
      .map((m) => m.from)
    if (first.at < Math.min(due, ...moved) - EARLY_MS)
      verdict.broken.push({ subject, problem: `sent ${due - first.at} ms before its time` })
    const [paid] = payable({ from: due, to: expected.closesAt }, expected.grants)
    const ms = Math.max(0, first.at - (paid?.from ?? due))
    const span = { from: due, to: first.at + 1 }
    const under = outages.filter((o) => overlaps(o, span)).map((o) => o.kind)
    // Callbacks' own trouble holds no send up: another fault of the moment does.
    const fault = under.find((kind) => !HARMLESS.includes(kind)) ?? under[0] ?? 'none'
    verdict.lateness.push({ fault, ms })
  }

  function windowEnd(expected: ExpectedRun): Span {
    return { from: expected.closesAt - 3_000, to: expected.closesAt }
  }

  /** Requests that WeChat refused by its rules: none should have been made. */
  function judgeRefusals(key: string, sends: readonly Send[]): void {
    const actions = evidence.actions.filter((a) => followerOf(a) === key).sort((a, b) => a.began - b.began)
    for (const send of sends) {
      const last = actions
        .filter((a) => a.began <= send.at && (a.kind === 'follow' || a.kind === 'unfollow'))
        .at(-1)
      const unfollowed = last?.kind === 'unfollow' ? last : null
      const nearFault = duringFault({ from: send.at - AROUND_MS, to: send.at })
      if (unfollowed?.ok && send.at > unfollowed.ended + AFTER_UNFOLLOW_MS && !nearFault)
        verdict.broken.push({
          subject: key,
          problem: `${send.step} sent ${send.at - unfollowed.ended} ms after the unfollow`,
        })
      const refused = send.errcode === 45015 || send.errcode === 45047
      if (refused && !unfollowed && !nearFault)
        verdict.broken.push({
          subject: key,
          problem: `${send.step} refused with ${send.errcode}: no grant was there`,
        })
    }
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

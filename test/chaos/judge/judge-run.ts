import type { FactRecord, RunRecord, Send, StepRule, Ways } from './evidence.ts'
import { type ExpectedRun, followerOf } from './expected-run.ts'
import { explainSkip } from './explain-skip.ts'
import { MARGIN_LEAD_MS } from './grant-spans.ts'
import { WaysJudge } from './judge-ways.ts'
import type { MeasuredLateness } from './measured-lateness.ts'
import type { Outages } from './outages.ts'
import { Unasked } from './unasked.ts'
import type { VerdictRecorder } from './verdict.ts'

const NEVER_RECEIVED = 'recorded as sent, but WeChat never received it'

/** What all runs of a chaos run share. */
interface JudgeContext {
  outages: Outages
  lateness: MeasuredLateness
  recorder: VerdictRecorder
  facts: readonly FactRecord[]
}

/** Compares a run with the expected run. */
export class RunJudge {
  private readonly expected: ExpectedRun
  /** The sends of this run, of every step. */
  private readonly sends: readonly Send[]
  private readonly outages: Outages
  private readonly recorder: VerdictRecorder
  private readonly context: JudgeContext
  /** Of an account with a cap. */
  private readonly unasked: Unasked | null

  constructor(expected: ExpectedRun, sends: readonly Send[], context: JudgeContext) {
    this.expected = expected
    this.sends = sends
    this.outages = context.outages
    this.recorder = context.recorder
    this.context = context
    const { cap } = expected.rules
    this.unasked = cap ? new Unasked(expected, cap, sends) : null
  }

  /** Adds the lateness of each step that was sent. Call it for every run before the first is judged. */
  measure(): void {
    for (const step of this.expected.rules.steps) {
      const from = this.possibleFrom(step)
      const first = this.sends.find((s) => s.step === step.id && s.delivered)
      if (from === null || !first) continue
      const isDuringFault = this.outages.during({ from, to: first.at + 1 })
      this.context.lateness.add({ from, sentAt: first.at }, !isDuringFault)
    }
  }

  judge(): void {
    const { recorder } = this
    const { run, rules } = this.expected
    const subject = `${followerOf(run)} @${new Date(run.entryAt).toISOString()}`
    if (run.status !== 'ended') recorder.lost(subject, 'the run is stuck')
    if (run.outcome === 'terminated') recorder.broken(subject, 'the run ended as terminated')
    recorder.count(`runs ${run.outcome ?? run.status}`)
    for (const step of rules.steps) {
      const recorded = run.steps.find((s) => s.id === step.id)
      if (recorded) this.judgeStep(step, recorded, `${subject} ${step.id}`)
      else recorder.lost(subject, `the run has no step ${step.id}`)
    }
    if (rules.ways) this.judgeWays(subject, rules.ways)
    for (const { step } of this.unasked?.beyond(this.outages, this.context.lateness) ?? [])
      recorder.broken(subject, `${step} went over the cap of ${rules.cap?.messages} messages`)
  }

  /** A run with forks: what WeChat received is what the run says, and it is one way through the campaign. */
  private judgeWays(subject: string, ways: Ways): void {
    const { expected, recorder } = this
    for (const recorded of expected.run.steps) {
      const attempts = this.sends.filter((s) => s.step === recorded.id)
      const delivered = attempts.filter((s) => s.delivered)
      const about = `${subject} ${recorded.id}`
      recorder.count(`steps ${recorded.state}`)
      recorder.count('messages delivered', delivered.length)
      this.judgeRepeats(delivered, about)
      if (recorded.state === 'sent' && delivered.length === 0) recorder.lost(about, NEVER_RECEIVED)
      if (recorded.state === 'unknown') this.judgeUnknown(attempts, expected.run.entryAt, about)
      if (recorded.state === 'skipped') this.judgeNotDelivered(delivered, recorded.reason, about)
    }
    const withWays = { ...expected, rules: { ...expected.rules, ways } }
    new WaysJudge(subject, withWays, this.sends, this.context).judge()
  }

  private judgeStep(step: StepRule, recorded: RunRecord['steps'][number], subject: string): void {
    const { recorder, expected } = this
    const attempts = this.sends.filter((s) => s.step === step.id)
    const delivered = attempts.filter((s) => s.delivered)
    recorder.count(`steps ${recorded.state}`)
    recorder.count('messages delivered', delivered.length)
    this.judgeRepeats(delivered, subject)
    switch (recorded.state) {
      case 'sent':
        this.judgeSent(step, delivered[0], subject)
        return
      case 'unknown':
        this.judgeUnknown(attempts, expected.dueOf(step) ?? 0, subject)
        return
      case 'skipped': {
        this.judgeNotDelivered(delivered, recorded.reason, subject)
        const reason = this.explainByCap(step) ?? explainSkip(expected, step, this.sends, this.context)
        if (reason === null) recorder.lost(subject, `skipped (${recorded.reason}) without a valid reason`)
        else recorder.count(`skipped: ${reason}`)
        return
      }
      default:
        if (expected.run.status === 'ended')
          recorder.broken(subject, `still ${recorded.state} although the run has ended`)
    }
  }

  /** The first moment at which the step could be sent, epoch ms; null for one that waits for a reply. */
  private possibleFrom(step: StepRule): number | null {
    const from = this.expected.possibleFrom(step)
    return from === null || !this.unasked ? from : this.unasked.allowedFrom(step, from)
  }

  /** How the cap of the account explains that a step was not sent; null when it does not. */
  private explainByCap(step: StepRule): string | null {
    const [due, from] = [this.expected.dueOf(step), this.possibleFrom(step)]
    if (!this.unasked || due === null || from === null || step.anytime) return null
    if (step.ifLate === 'skip') return this.unasked.isFullAt(due, step, this.outages) ? 'over the cap' : null
    // Steps before it may have been late. It then came when the cap was reached again.
    const at = from + this.context.lateness.around(from)
    const until = this.unasked.allowedFrom(step, at)
    const isHeld = from > due || until > at
    return isHeld && until >= this.expected.deadline ? 'held by the cap until the run ended' : null
  }

  /** @param plannedAt epoch ms, for a step without attempts */
  private judgeUnknown(attempts: readonly Send[], plannedAt: number, subject: string): void {
    if (!attempts.some((s) => s.unclear) && !this.outages.around(attempts[0]?.at ?? plannedAt))
      this.recorder.broken(subject, 'recorded as unknown, but no attempt was unclear')
  }

  private judgeNotDelivered(delivered: readonly Send[], reason: string | null, subject: string): void {
    if (delivered.length > 0) this.recorder.broken(subject, `recorded as skipped (${reason}), but delivered`)
  }

  private judgeRepeats(delivered: readonly Send[], subject: string): void {
    const { onUnknown } = this.expected.rules
    delivered.slice(1).forEach((repeat, i) => {
      // `repeat` is the delivery after `before`.
      const before = delivered[i] as Send
      const unclear = before.unclear || this.outages.around(before.at)
      if (onUnknown === 'retry' && unclear) this.recorder.count('repeats after an unclear attempt')
      else
        this.recorder.duplicated(subject, `delivered again after ${repeat.at - before.at} ms (${onUnknown})`)
    })
  }

  private judgeSent(step: StepRule, first: Send | undefined, subject: string): void {
    const [due, from] = [this.expected.dueOf(step), this.possibleFrom(step)]
    if (!first) this.recorder.lost(subject, NEVER_RECEIVED)
    else if (due === null || from === null)
      this.recorder.broken(subject, 'sent before the reply that it depends on')
    else this.judgeTime({ due, from }, first, subject)
  }

  /** @param times when the step was due, and when it could be sent, epoch ms */
  private judgeTime({ due, from }: { due: number; from: number }, first: Send, subject: string): void {
    const { grants, closesAt } = this.expected
    // A step that is due within the margin of a grant or of the window is sent at the start of that margin.
    const margins = [
      ...grants.map((g) => ({ from: g.until, to: g.expiresAt, sentFrom: g.until - MARGIN_LEAD_MS })),
      { from: closesAt - 3_000, to: closesAt, sentFrom: closesAt - 3_000 },
    ]
    const movedTo = margins.filter((m) => due >= m.from && due <= m.to).map((m) => m.sentFrom)
    if (first.at < Math.min(due, ...movedTo))
      this.recorder.broken(subject, `sent ${due - first.at} ms too early`)
    this.recorder.late(
      this.outages.faultDuring({ from: due, to: first.at + 1 }),
      Math.max(0, first.at - from),
    )
  }
}

import type { CapRule, Send, StepRule } from './evidence.ts'
import type { ExpectedRun } from './expected-run.ts'
import type { MeasuredLateness } from './measured-lateness.ts'
import type { Outages } from './outages.ts'

/** A message this soon after the follower's last interaction answers it: docs/campaigns.md#cap. */
const ANSWER_MS = 10 * 60_000
/** The product counts from the moment at which it decides to send, at most this long before its request arrives. */
const DECIDED_BEFORE_MS = 1_500
/** How long after its callback was answered an interaction may not be known where steps are sent. */
const KNOWN_AFTER_MS = 3_000

type Counted = Pick<Send, 'step' | 'at'>

/** The unasked messages of one run, whose account has a cap. The follower has no other run in its period. */
export class Unasked {
  private readonly expected: ExpectedRun
  private readonly cap: CapRule
  private readonly counted: readonly Counted[]

  /** @param sends all requests of the run */
  constructor(expected: ExpectedRun, cap: CapRule, sends: readonly Send[]) {
    this.expected = expected
    this.cap = cap
    const requested = sends.filter((s) => (s.delivered || s.unclear) && this.isUnasked(s.at))
    // A worker killed between intent and request leaves an unknown step that WeChat never received. It counts.
    const neverLeft = expected.run.steps.flatMap(({ id, state, dueAt }) =>
      state === 'unknown' && dueAt !== null && !sends.some((s) => s.step === id)
        ? [{ step: id, at: dueAt }]
        : [],
    )
    this.counted = [...requested, ...neverLeft].sort((a, b) => a.at - b.at)
  }

  /** The requests that went although the cap was reached. Beside a fault, requests may arrive late. */
  beyond(outages: Outages, lateness: MeasuredLateness): readonly Counted[] {
    return this.counted.filter(({ step, at }) => {
      if (this.ruleOf(step)?.anytime || outages.around(at)) return false
      const others = this.before(at, step).filter(
        (s) => this.decidedFrom(s, outages, lateness) > at - this.cap.perMs,
      )
      return others.length >= this.cap.messages
    })
  }

  /**
   * The earliest moment at which the product may have decided a request, epoch ms. A fault may delay it from its due time on, and a
   * slow machine as long as other steps of that moment were late.
   */
  private decidedFrom({ step, at }: Counted, outages: Outages, lateness: MeasuredLateness): number {
    const rule = this.ruleOf(step)
    const due = (rule && this.expected.dueOf(rule)) ?? at
    const earliest = at - Math.max(DECIDED_BEFORE_MS, lateness.around(at))
    return outages.around(at) ? Math.min(at, due) : Math.max(earliest, Math.min(due, at - DECIDED_BEFORE_MS))
  }

  private ruleOf(step: string): StepRule | undefined {
    return this.expected.rules.steps.find((s) => s.id === step)
  }

  /** When the cap allows a step that is due at `due`; both epoch ms. */
  allowedFrom(step: StepRule, due: number): number {
    if (step.anytime || !this.isUnasked(due)) return due
    const answered = this.expected.actions.find((a) => a.kind !== 'follow' && a.began > due)?.began
    for (let from = due; ; ) {
      const oldest = this.before(from, step.id).at(-this.cap.messages)
      if (answered !== undefined && from >= answered) return answered
      if (!oldest) return from
      from = oldest.at + this.cap.perMs
    }
  }

  /** Whether the cap may have been reached when a step was due, epoch ms. */
  isFullAt(due: number, step: StepRule, outages: Outages): boolean {
    const reply = this.expected.actions.find((a) => a.kind !== 'follow' && a.began <= due)
    const isKnown = reply && reply.ended + KNOWN_AFTER_MS < due && !outages.around(due)
    // A request that was decided before may arrive after, and a fault may delay all of them alike.
    const until = due + (outages.around(due) ? this.cap.perMs : DECIDED_BEFORE_MS)
    return !isKnown && this.before(until, step.id, until - due).length >= this.cap.messages
  }

  /** The newest request of each other step in the period until `at`, oldest first. The period is longer by `moreMs`. */
  private before(at: number, step: string, moreMs = 0): Counted[] {
    const newest = new Map<string, Counted>()
    for (const one of this.counted)
      if (one.step !== step && one.at <= at && one.at > at - this.cap.perMs - moreMs)
        newest.set(one.step, one)
    return [...newest.values()].sort((a, b) => a.at - b.at)
  }

  private isUnasked(at: number): boolean {
    const last = this.expected.actions.filter((a) => a.kind !== 'unfollow' && a.began <= at).at(-1)
    return at > (last?.createTime ?? this.expected.run.entryAt) + ANSWER_MS
  }
}

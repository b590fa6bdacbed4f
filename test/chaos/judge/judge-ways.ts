import type { FactRecord, FollowerAction, RunRecord, Send, Ways } from './evidence.ts'
import { type ExpectedRun, followerOf } from './expected-run.ts'
import type { MeasuredLateness } from './measured-lateness.ts'
import type { Outages } from './outages.ts'
import { shareOf } from './share-of.ts'
import type { VerdictRecorder } from './verdict.ts'

/** Clocks may differ by so much in the order of a question and its answer, and `CreateTime` has whole seconds. */
const EARLY_ANSWER_MS = 4_000
/** An answer this close to a border of its wait may count or not, ms. */
const NEAR_BORDER_MS = 1_500
/** The steps of the longest way, each of which may be late. */
const STEPS_OF_WAY = 7

interface WaysContext {
  outages: Outages
  lateness: MeasuredLateness
  recorder: VerdictRecorder
  facts: readonly FactRecord[]
}

/**
 * Judges the way of a run through a campaign with forks by the requests that the simulated WeChat received: exactly one branch
 * of each fork, the one that the follower chose, in the order of the file, and nothing below a fork before it is decided. The
 * rules are the judge's own copy. A fault may delay an answer or a fact beyond its wait; then both ways are right.
 */
export class WaysJudge {
  private readonly run: RunRecord
  private readonly ways: Ways
  private readonly expected: ExpectedRun
  private readonly facts: readonly FactRecord[]
  private readonly context: WaysContext
  /** When each step was first requested, epoch ms. */
  private readonly firstAt: ReadonlyMap<string, number>
  private readonly lastAt: ReadonlyMap<string, number>
  private readonly subject: string

  /** @param given the requests of this run */
  constructor(
    subject: string,
    expected: ExpectedRun & { rules: { ways: Ways } },
    given: readonly Send[],
    context: WaysContext,
  ) {
    this.subject = subject
    this.run = expected.run
    this.ways = expected.rules.ways
    this.expected = expected
    this.facts = context.facts.filter((f) => followerOf(f) === followerOf(expected.run))
    this.context = context
    const sends = [...given].sort((a, b) => a.at - b.at)
    this.lastAt = new Map(sends.map((s) => [s.step, s.at]))
    this.firstAt = new Map([...sends].reverse().map((s) => [s.step, s.at]))
  }

  judge(): void {
    const { ways } = this
    const answer = this.branchOf('answer', {
      ...ways.answer.branches,
      silent: ways.answer.silent,
    })
    const share = this.branchOf('half', { inside: [ways.share.inside], outside: [ways.share.outside] })
    const paid = this.branchOf('paid', { yes: [ways.paid.yes], no: [ways.paid.no] })
    if (answer) this.judgeAnswer(answer)
    if (share) this.judgeShare(share)
    if (paid) this.judgePaid(paid)
    this.judgeOrder([
      ways.ask,
      ...this.stepsOf(answer),
      ...this.stepsOf(share),
      ...this.stepsOf(paid),
      ways.last,
    ])
    this.judgeMeanwhile(answer)
    if (this.run.outcome === 'completed') this.judgeComplete({ answer, share, paid })
    if (this.run.outcome === 'window-closed') this.judgeWindow()
  }

  /** The branch whose steps WeChat received; null when it received none of any branch. */
  private branchOf(fork: string, branches: Readonly<Record<string, readonly string[]>>): string | null {
    const went = Object.entries(branches).filter(([, steps]) => steps.some((id) => this.firstAt.has(id)))
    if (went.length > 1) this.broken(`went ${went.length} ways at ${fork}: ${went.map(([name]) => name)}`)
    const [name = null] = went[0] ?? []
    if (name !== null) this.context.recorder.count(`ways ${fork}: ${name}`)
    return name
  }

  private judgeAnswer(took: string): void {
    const { ways } = this
    const askedAt = this.firstAt.get(ways.ask)
    if (askedAt === undefined) {
      // A fault may have had the question skipped, or lost every trace of its request.
      const isExplained =
        this.stateOf(ways.ask) === 'unknown' || this.isDelayed(this.run.entryAt, this.endsAt())
      if (!isExplained) this.broken('answered a question that was never asked')
      return
    }
    const { possible, isSure } = this.answersTo(askedAt, this.lastAt.get(ways.ask) ?? askedAt)
    const allowed = new Set(possible.map(({ branch }) => branch))
    if (!isSure) allowed.add('silent')
    if (!allowed.has(took)) this.broken(`took ${took} at answer, not ${[...allowed].join(' or ')}`)
    const wentAt = this.firstOf(this.stepsOf(took))
    const answeredAt =
      took === 'silent'
        ? this.overAt(askedAt, ways.answer.waitMs)
        : possible.find(({ branch }) => branch === took)?.at
    if (wentAt !== null && answeredAt != null && wentAt < answeredAt)
      this.broken(`went ${took} ${answeredAt - wentAt} ms before it was decided`)
  }

  /** The answers that may have decided the wait, oldest first, up to the first that must have. */
  private answersTo(askedAt: number, askedAgainAt: number) {
    const { waitMs } = this.ways.answer
    const possible: { branch: string; at: number }[] = []
    const from = this.heardFrom(askedAt)
    for (const action of this.expected.actions) {
      const branch = this.branchFor(action)
      if (branch === null || action.began < from) continue
      possible.push({ branch, at: action.began })
      const lateMs = this.context.lateness.around(action.began)
      const isInTime =
        action.began > askedAgainAt + NEAR_BORDER_MS &&
        action.ended + lateMs < askedAt + waitMs - NEAR_BORDER_MS
      const isDelayed = this.context.outages.during({ from: askedAt, to: askedAt + waitMs })
      if (isInTime && !isDelayed) return { possible, isSure: true }
    }
    return { possible, isSure: false }
  }

  /**
   * An answer counts from the moment that its question began to be sent. With a fault that may be before WeChat received
   * a request.
   */
  private heardFrom(askedAt: number): number {
    return this.context.outages.shortlyBefore(askedAt) ? this.run.entryAt : askedAt - EARLY_ANSWER_MS
  }

  /**
   * When a wait was over, epoch ms; null when a fault delayed its question. The run then counts from a time before WeChat received
   * the request: its clock stands still while a first attempt is repeated.
   */
  private overAt(askedAt: number, waitMs: number): number | null {
    return this.context.outages.shortlyBefore(askedAt) ? null : askedAt + waitMs - NEAR_BORDER_MS
  }

  private branchFor({ kind, text }: FollowerAction): string | null {
    const { branches } = this.ways.answer
    if (kind === 'click') return 'tap'
    return kind === 'type' && text !== undefined && text in branches ? text : null
  }

  private judgeShare(took: string): void {
    const { ways, run } = this
    const value = shareOf(run.appId, run.openId, ways.campaign, ways.share.id)
    const expected = value < ways.share.percent * 100 ? 'inside' : 'outside'
    if (took !== expected) this.broken(`took ${took} at half: the follower belongs ${expected}`)
  }

  private judgePaid(took: string): void {
    const { ways } = this
    const openedAt = this.firstOf([ways.share.inside, ways.share.outside]) ?? this.run.entryAt
    const wentAt = this.firstOf([ways.paid.yes, ways.paid.no]) ?? this.expected.deadline
    const isPossible = this.facts.some((f) => f.began <= wentAt)
    if (took === 'yes' && !isPossible) this.broken('took yes at paid: the fact was not set')
    const closesAt = openedAt + ways.paid.waitMs
    const isSure = this.facts.some(({ began, ended }) => {
      const lateMs = this.context.lateness.around(began)
      return ended !== null && ended + lateMs < closesAt - NEAR_BORDER_MS && !this.isDelayed(began, closesAt)
    })
    if (took === 'no' && isSure) this.broken('took no at paid: the fact was set before')
    const overAt = this.overAt(openedAt, ways.paid.waitMs)
    if (took === 'no' && overAt !== null && wentAt < overAt)
      this.broken(`went no ${overAt - wentAt} ms before paid was decided`)
  }

  private isDelayed(from: number, to: number): boolean {
    return this.context.outages.during({ from: Math.min(from, to - 1), to })
  }

  /** Nothing goes before what stands above it on the way, except a request of a worker that was stopped meanwhile. */
  private judgeOrder(way: readonly string[]): void {
    let [before, latest] = ['', -Infinity]
    for (const id of way) {
      const at = this.firstAt.get(id)
      if (at === undefined) continue
      if (at < latest && !this.context.outages.shortlyBefore(latest))
        this.broken(`${id} went ${latest - at} ms before ${before}, which stands above it`)
      if (at > latest) [before, latest] = [id, at]
    }
  }

  /** The reminder goes only while nothing is decided. */
  private judgeMeanwhile(answer: string | null): void {
    const remindedAt = this.firstAt.get(this.ways.answer.meanwhile)
    const decidedBy = this.firstOf(this.stepsOf(answer))
    if (remindedAt === undefined || decidedBy === null || remindedAt <= decidedBy) return
    if (!this.context.outages.shortlyBefore(remindedAt)) this.broken('a reminder went after the answer')
  }

  /** A run that ends by itself has sent everything on its way. The grant of the follow pays for all of it. */
  private judgeComplete(took: { answer: string | null; share: string | null; paid: string | null }): void {
    const { ways } = this
    for (const [fork, name] of Object.entries(took))
      if (name === null && !this.isUnclear(fork)) this.lost(`completed without a way at ${fork}`)
    const way = [ways.ask, ...Object.values(took).flatMap((name) => this.stepsOf(name)), ways.last]
    for (const id of way)
      if (!this.firstAt.has(id) && this.stateOf(id) !== 'unknown')
        this.lost(`completed without ${id} (${this.stateOf(id)})`)
  }

  /** Half of the window is enough for every way, so only faults and a slow machine let the window close first. */
  private judgeWindow(): void {
    const { run, rules } = this.expected
    const lateMs = this.context.lateness.around(run.entryAt)
    if (lateMs * STEPS_OF_WAY > rules.windowMs / 2) return
    if (!this.context.outages.during({ from: run.entryAt, to: run.entryAt + rules.windowMs }))
      this.lost('the window closed before the run was completed')
  }

  /** A worker killed between intent and request leaves an unknown step that WeChat never received. */
  private isUnclear(fork: string): boolean {
    const { answer, share, paid } = this.ways
    const steps = {
      answer: [...Object.values(answer.branches).flat(), ...answer.silent],
      share: [share.inside, share.outside],
      paid: [paid.yes, paid.no],
    }[fork]
    return steps?.some((id) => this.stateOf(id) === 'unknown') ?? false
  }

  private stepsOf(branch: string | null): readonly string[] {
    const { answer, share, paid } = this.ways
    if (branch === null) return []
    const others: Record<string, readonly string[]> = {
      silent: answer.silent,
      inside: [share.inside],
      outside: [share.outside],
      yes: [paid.yes],
      no: [paid.no],
    }
    return others[branch] ?? answer.branches[branch] ?? []
  }

  private firstOf(steps: readonly string[]): number | null {
    const times = steps.flatMap((id) => this.firstAt.get(id) ?? [])
    return times.length > 0 ? Math.min(...times) : null
  }

  private endsAt(): number {
    return Math.max(this.expected.deadline, this.run.entryAt + 1)
  }

  private stateOf(id: string): string | undefined {
    return this.run.steps.find((s) => s.id === id)?.state
  }

  private broken(problem: string): void {
    this.context.recorder.broken(this.subject, problem)
  }

  private lost(problem: string): void {
    this.context.recorder.lost(this.subject, problem)
  }
}

import type { RunEvent } from '../run/event-matcher.ts'
import type { Entry, EntryName, Interaction, KnownAtStart, Plan } from '../run/plan.ts'
import { branchOf } from '../run/plan-fork.ts'
import { applySuccess } from '../run/played-action.ts'
import {
  type Action,
  applyActionResult,
  beginSendAction,
  finishRun,
  nextAction,
  type SendAction,
  type WaitAction,
} from '../run/run-actions.ts'
import {
  applyAgentSession,
  applyInteraction,
  applyTold,
  applyUnsubscribe,
  beginRun,
  setPaused,
} from '../run/run-events.ts'
import type { RunState, StepState } from '../run/state.ts'
import type { Facts } from '../shared/facts.ts'
import { type Ledger, MAX_EARLY_MS, usableUntil } from '../wechat/rules/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'
import { sceneOfEntry } from './event-index.ts'

/** What the follower, an operator or another system does in a simulated run, `atMs` after the entry. */
export type PlayedEvent = { atMs: number } & (
  | { do: 'message'; text: string | null }
  | { do: 'click'; key: string | null }
  | { do: 'scan'; scene: string | null }
  | { do: 'unfollow' }
  | { do: 'facts'; facts: Facts }
  | { do: 'tags'; tags: readonly string[] }
  | { do: 'link'; link: string }
  | { do: 'agent'; open: boolean }
  | { do: 'pause'; paused: boolean }
)

/** A line of a timeline. Times are epoch ms. */
export type TimelineEntry = { at: number } & (
  | { line: 'entry'; entry: Entry }
  | { line: 'event'; event: PlayedEvent }
  /** The passive reply to the event above. `reply`: its path in the file; `text`: its first text, as in the file. */
  | { line: 'reply'; reply: string; kind: string; text: string }
  | { line: 'fork'; fork: string; branch: string }
  | {
      line: 'step'
      step: string
      state: StepState['state']
      reason: string | null
      /** The scene of the grant that paid. */
      grant: Scene | null
      /** Present when quiet hours moved it: to their end, or before they began. */
      quiet?: 'after' | 'before'
    }
  | {
      line: 'end'
      outcome: string
      /** The steps that the end cut off. */
      left: string[]
      ledger: Ledger
    }
)

export interface SimulationInput {
  plan: Plan
  rules: RulesProfileName
  entryAt: number
  entry: { event: EntryName; text?: string | null; eventKey?: string | null; qrScene?: string | null }
  events: readonly PlayedEvent[]
  /** The follower's grants at the entry. */
  ledger?: Ledger
  /** What WeChat knows of the follower. Absent: no tags and no scene. */
  follower?: { tags: readonly string[]; qrScene?: string; subscribeScene?: string }
  known?: KnownAtStart
}

/** Far more than a campaign of the largest size needs. */
const ACTIONS_MAX = 2_000

/**
 * Simulates one run with the decisions of real runs and a simulated clock: every send succeeds at once. The lines are in the
 * order in which things happen.
 */
export function simulateCampaign(input: SimulationInput): readonly TimelineEntry[] {
  const simulation = new Simulation(input)
  while (simulation.playToQuestion() !== null);
  return simulation.timeline
}

/** One simulated run. It stops at each fork that waits for an event, where it can be copied: each copy is answered otherwise. */
export class Simulation {
  private readonly input: SimulationInput
  private readonly plan: Plan
  private lines: TimelineEntry[] = []
  private pending: PlayedEvent[]
  private questions: ReadonlySet<number> = new Set()
  private state: RunState
  private now: number
  private seq = 0

  constructor(input: SimulationInput) {
    const { plan, entryAt, ledger = [], known } = input
    this.input = input
    this.plan = plan
    this.now = entryAt
    this.pending = input.events.toSorted((a, b) => a.atMs - b.atMs)
    const { event, text = null, eventKey = null, qrScene = null } = input.entry
    const entry: Entry = { key: 'event-0', at: entryAt, seq: 0, event, text, eventKey, qrScene }
    this.lines.push({ at: entryAt, line: 'entry', entry })
    this.state = beginRun(plan, entry, ledger, known)
    const scene = sceneOfEntry(event)
    if (scene) this.show(applyInteraction(plan, this.state, this.interaction(scene, entryAt, entry)))
    else this.seq++
  }

  get timeline(): readonly TimelineEntry[] {
    return this.lines
  }

  /** Plays to the next fork that begins to wait, or to the end. @returns the fork and when it began to wait; null at the end */
  playToQuestion(): { fork: number; openedAt: number } | null {
    const { entryAt } = this.input
    for (let count = 0; count < ACTIONS_MAX && this.state.status !== 'ended'; count++) {
      while (this.pending[0] && entryAt + this.pending[0].atMs <= this.now) this.receive(this.pending.shift())
      const { state, action } = nextAction(this.plan, this.state, this.now)
      this.show(state)
      const question = this.newQuestion()
      if (question) return question
      const nextEvent = entryAt + (this.pending[0]?.atMs ?? Infinity)
      if (action.do === 'wait') this.now = Math.max(this.now, Math.min(action.until, nextEvent))
      else this.execute(action)
    }
    return null
  }

  private newQuestion(): { fork: number; openedAt: number } | null {
    const fork = this.state.forks?.findIndex((f) => f.state === 'waiting') ?? -1
    const openedAt = this.state.forks?.[fork]?.openedAt ?? null
    if (openedAt === null || this.questions.has(fork)) return null
    this.questions = new Set([...this.questions, fork])
    return { fork, openedAt }
  }

  /** A copy that goes on with another event. */
  copyWith(event: PlayedEvent | null): Simulation {
    const copy: Simulation = Object.assign(Object.create(Simulation.prototype), this)
    copy.lines = [...this.lines]
    copy.pending = [...this.pending, ...(event ? [event] : [])].sort((a, b) => a.atMs - b.atMs)
    return copy
  }

  private execute(action: Exclude<Action, WaitAction>): void {
    switch (action.do) {
      case 'send':
        this.send(action)
        break
      case 'finish':
        this.end(action)
        break
      default:
        this.show(applySuccess(this.state, action, () => this.attributes(), this.now))
    }
  }

  private attributes() {
    const { tags = [], qrScene = '', subscribeScene = '' } = this.input.follower ?? {}
    return { tags, qrScene, subscribeScene }
  }

  private end(action: Extract<Action, { do: 'finish' }>): void {
    const open = this.state.steps.filter((s) => ['pending', 'held', 'sending'].includes(s.state))
    this.show(finishRun(this.state, action, this.now))
    const left = open.map((s) => s.id)
    this.lines.push({ at: this.now, line: 'end', outcome: action.outcome, left, ledger: this.state.ledger })
  }

  private send(action: SendAction): void {
    const dueAt = this.state.steps[action.index]?.dueAt ?? this.now
    this.state = beginSendAction(this.state, action)
    const result = { result: 'sent', at: this.now, unclear: 0 } as const
    // A step that is due inside the margin is sent at the margin's start, and shown there.
    const isEarly = dueAt > this.now && dueAt - this.now <= MAX_EARLY_MS
    const at = isEarly ? Math.min(dueAt, usableUntil(action.grant)) : this.now
    const quietSince = this.state.steps[action.index]?.quietSince
    const quiet =
      quietSince === undefined ? {} : ({ quiet: this.now < quietSince ? 'before' : 'after' } as const)
    const paid = { grant: action.grant.scene, ...quiet }
    this.show(applyActionResult(this.state, { ...action, result }, this.now), at, paid)
  }

  private receive(event: PlayedEvent | undefined): void {
    if (!event) return
    const at = this.input.entryAt + event.atMs
    this.lines.push({ at, line: 'event', event })
    this.show(this.applied(event, at), at)
  }

  private applied(event: PlayedEvent, at: number): RunState {
    const { plan, state } = this
    switch (event.do) {
      case 'unfollow':
        return applyUnsubscribe(state, this.mark(at))
      case 'facts':
        return applyTold(plan, state, { ...this.mark(at), facts: event.facts })
      case 'tags':
        return applyTold(plan, state, { ...this.mark(at), tags: event.tags })
      case 'link':
        return applyTold(plan, state, { ...this.mark(at), link: event.link })
      case 'agent':
        return applyAgentSession(plan, state, { ...this.mark(at), open: event.open })
      case 'pause':
        return setPaused(plan, state, event.paused, at)
      case 'message':
        return applyInteraction(plan, state, this.interaction('message', at, { text: event.text }))
      case 'click':
        return applyInteraction(plan, state, this.interaction('menu', at, { eventKey: event.key }))
      case 'scan':
        return applyInteraction(plan, state, this.interaction('scan', at, { qrScene: event.scene }))
      default:
        return event satisfies never
    }
  }

  private interaction(
    scene: Scene,
    at: number,
    {
      text = null,
      eventKey = null,
      qrScene = null,
    }: Partial<Pick<RunEvent, 'text' | 'eventKey' | 'qrScene'>>,
  ): Interaction {
    const allowance = allowanceOf(this.input.rules, scene)
    return { ...this.mark(at), scene, allowance, text, eventKey, qrScene }
  }

  private mark(at: number): { key: string; at: number; seq: number } {
    const seq = this.seq++
    return { key: `event-${seq}`, at, seq }
  }

  /** Sets the new state and adds a line for each decided fork and each changed step. */
  private show(
    state: RunState,
    at: number = this.now,
    paid: { grant: Scene | null; quiet?: 'after' | 'before' } = { grant: null },
  ): void {
    if (state.forks !== this.state.forks) this.showForks(state, at)
    if (state.steps !== this.state.steps) this.showSteps(state, at, paid)
    this.state = state
  }

  private showForks(state: RunState, at: number): void {
    for (const [i, fork] of (state.forks ?? []).entries()) {
      const planned = this.plan.forks?.[i]
      if (!planned || fork.took === null || this.state.forks?.[i]?.took === fork.took) continue
      const branch = branchOf(planned, fork.took).name
      this.lines.push({ at: fork.takenAt ?? at, line: 'fork', fork: planned.id, branch })
    }
  }

  private showSteps(
    state: RunState,
    at: number,
    paid: { grant: Scene | null; quiet?: 'after' | 'before' },
  ): void {
    for (const [i, step] of state.steps.entries()) {
      const before = this.state.steps[i]
      if (before === step || (before?.state === step.state && before.reason === step.reason)) continue
      const { id, state: now, reason } = step
      this.lines.push({ at, line: 'step', step: id, state: now, reason, ...paid })
    }
  }
}

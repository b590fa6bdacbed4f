import { applyHandover, handoverAfterSend } from '../../../src/run/handover.ts'
import type { Entry, Interaction, KnownAtStart, Plan, PlanStep } from '../../../src/run/plan.ts'
import { applySuccess } from '../../../src/run/played-action.ts'
import {
  type Action,
  applyActionResult,
  beginSendAction,
  finishRun,
  nextAction,
  type SendAction,
} from '../../../src/run/run-actions.ts'
import {
  applyInteraction,
  applyTold,
  applyUnsubscribe,
  beginRun,
  setPaused,
} from '../../../src/run/run-events.ts'
import type { SendResult } from '../../../src/run/send-result.ts'
import type { RunState } from '../../../src/run/state.ts'
import { kindOfReason } from '../../../src/run/tally.ts'
import { allowanceOf, type Scene } from '../../../src/wechat/rules/rules.ts'
import type { Random } from '../random.ts'

/** What happens to a follower after the entry. Times are epoch ms. */
export type LaterEvent = { at: number } & (
  | { do: 'message'; text: string }
  | { do: 'click-link'; step: string; link: string }
  | { do: 'unfollow' }
  | { do: 'pause' }
)

/** A result of a step as its row in `deliveries` has it. */
interface PlayedDelivery {
  stepId: string
  state: 'sent' | 'skipped' | 'unknown'
  /** When the request was sent. */
  intentAt: number
  at: number
  reason: string | null
  errcode: number | null
}

/** Something that the overview counts. */
interface PlayedCount {
  at: number
  metric: 'entered' | 'replied' | 'send' | 'skipped' | 'held' | 'ended'
  label: string
}

export interface PlayedRun {
  state: RunState
  deliveries: readonly PlayedDelivery[]
  counts: readonly PlayedCount[]
  /** How late each message was that only the product could delay, ms. */
  lateness: readonly { at: number; ms: number }[]
}

interface RunToPlay {
  plan: Plan
  entry: Entry
  scene: Scene
  later: readonly LaterEvent[]
  known: KnownAtStart
  /** Nothing happens after it, epoch ms. */
  until: number
  random: Random
}

/** Plays one run with the decisions of real runs until a time. Each send takes a while, and few fail, as at WeChat. */
export function playRun(run: RunToPlay): PlayedRun {
  return new Playback(run).play()
}

/** More than any campaign of the pictures needs. */
const ACTIONS_MAX = 400

class Playback {
  private readonly run: RunToPlay
  private readonly pending: LaterEvent[]
  private readonly deliveries: PlayedDelivery[] = []
  private readonly counts: PlayedCount[] = []
  private readonly lateness: { at: number; ms: number }[] = []
  private state: RunState
  private now: number
  private seq: number

  constructor(run: RunToPlay) {
    const { plan, entry, scene, later, known } = run
    this.run = run
    this.now = entry.at
    this.seq = entry.seq + 1
    this.pending = later.toSorted((a, b) => a.at - b.at)
    this.state = beginRun(plan, entry, [], known)
    this.count('entered', '')
    const { text, eventKey, qrScene } = entry
    this.become(
      applyInteraction(
        plan,
        this.state,
        this.interaction(scene, entry.at, { text, eventKey, qrScene, key: entry.key }),
      ),
    )
  }

  play(): PlayedRun {
    const { until, plan } = this.run
    for (let n = 0; n < ACTIONS_MAX && this.state.status !== 'ended'; n++) {
      while (this.pending[0] && this.pending[0].at <= this.now) this.receive(this.pending.shift())
      const { state, action } = nextAction(plan, this.state, this.now)
      this.become(state)
      if (action.do !== 'wait') {
        this.execute(action)
        continue
      }
      const next = Math.min(action.until, this.pending[0]?.at ?? Number.POSITIVE_INFINITY)
      if (next > until) break
      this.now = Math.max(this.now, next)
    }
    const { state, deliveries, counts, lateness } = this
    return { state, deliveries, counts, lateness }
  }

  private execute(action: Exclude<Action, { do: 'wait' }>): void {
    if (action.do === 'send') {
      this.send(action)
      return
    }
    if (action.do === 'finish') {
      this.count('ended', action.outcome)
      this.become(finishRun(this.state, action, this.now))
      return
    }
    const tags = { tags: [], qrScene: this.run.entry.qrScene ?? '', subscribeScene: '' }
    this.become(applySuccess(this.state, action, () => tags, this.now))
    if (action.do === 'act') this.handOver(action.step)
  }

  private send(action: SendAction): void {
    const { step, index } = action
    const before = this.state.steps[index]
    const dueAt = before?.dueAt ?? this.now
    const intentAt = this.now
    this.become(beginSendAction(this.state, action))
    this.now += this.duration()
    const result = this.answer()
    this.become(applyActionResult(this.state, { ...action, result }, this.now))
    const after = this.state.steps[index]
    const isDone = after?.state === 'sent' || after?.state === 'skipped' || after?.state === 'unknown'
    if (isDone) {
      const { state, reason, errcode } = after
      // The state was compared above.
      this.deliveries.push({
        stepId: step.id,
        state: state as PlayedDelivery['state'],
        intentAt,
        at: this.now,
        reason,
        errcode,
      })
    }
    this.count('send', result.result === 'sent' ? 'sent' : result.result)
    if (before && !before.wasHeld) this.lateness.push({ at: this.now, ms: Math.max(0, this.now - dueAt) })
    if (handoverAfterSend(step, result) !== null) this.handOver(step)
  }

  private handOver(step: PlanStep): void {
    if (step.acts?.handover === undefined) return
    this.become(applyHandover(this.run.plan, this.state, step, { result: 'opened', at: this.now }))
  }

  /** How long a request takes: a second at most for nearly all. */
  private duration(): number {
    const { random } = this.run
    if (random.chance(0.012)) return random.integerBetween(2_100, 4_600)
    if (random.chance(0.05)) return random.integerBetween(1_010, 1_900)
    return random.chance(0.2) ? random.integerBetween(510, 960) : random.integerBetween(120, 470)
  }

  private answer(): SendResult {
    const { random } = this.run
    const at = this.now
    if (random.chance(0.0015)) return { result: 'unknown', reason: 'timeout', at, unclear: 1 }
    return { result: 'sent', at, unclear: 0 }
  }

  private receive(event: LaterEvent | undefined): void {
    if (!event) return
    if (event.do === 'message') this.count('replied', '')
    this.become(this.after(event))
  }

  private after(event: LaterEvent): RunState {
    const { plan } = this.run
    const { at } = event
    switch (event.do) {
      case 'message':
        return applyInteraction(plan, this.state, this.interaction('message', at, { text: event.text }))
      case 'click-link':
        return applyTold(plan, this.state, { ...this.stamp(at), link: event.link })
      case 'unfollow':
        return applyUnsubscribe(this.state, this.stamp(at))
      case 'pause':
        return setPaused(plan, this.state, true, at)
      default:
        return event satisfies never
    }
  }

  private interaction(
    scene: Scene,
    at: number,
    more: Partial<Pick<Interaction, 'text' | 'eventKey' | 'qrScene' | 'key'>>,
  ): Interaction {
    const allowance = allowanceOf('wechat-2023', scene)
    return { text: null, eventKey: null, qrScene: null, ...this.stamp(at), scene, allowance, ...more }
  }

  private stamp(at: number): { key: string; at: number; seq: number } {
    const seq = this.seq++
    return { key: `${this.run.entry.key}-${seq}`, at, seq }
  }

  private count(metric: PlayedCount['metric'], label: string): void {
    this.counts.push({ at: this.now, metric, label })
  }

  /** Sets the new state, and counts what it has skipped and held. */
  private become(state: RunState): void {
    for (const [i, step] of state.steps.entries()) {
      const before = this.state.steps[i]
      if (before === step) continue
      if (step.state === 'skipped' && before?.state !== 'skipped')
        this.count('skipped', kindOfReason(step.reason ?? 'none'))
      if (step.state === 'held' && before?.state !== 'held')
        this.count('held', kindOfReason(step.reason ?? 'none'))
    }
    this.state = state
  }
}

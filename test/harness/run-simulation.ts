import type { ActResult } from '../../src/run/act.ts'
import type { FetchAttributesResult, TagResult } from '../../src/run/attributes.ts'
import {
  applyHandover,
  type HandoverResult,
  handoverAfterSend,
  onlyHandsOver,
} from '../../src/run/handover.ts'
import type { Outcome } from '../../src/run/outcome.ts'
import type { Entry, Interaction, KnownAtStart, Plan, PlanStep, Told } from '../../src/run/plan.ts'
import {
  type ActAction,
  type Action,
  applyActionResult,
  beginSendAction,
  finishRun,
  nextAction,
  type SendAction,
  type TagAction,
  tagsAfterSend,
  type WaitAction,
} from '../../src/run/run-actions.ts'
import {
  applyAgentSession,
  applyInteraction,
  applyTold,
  applyUnsubscribe,
  beginRun,
  setPaused,
} from '../../src/run/run-events.ts'
import { isUnasked } from '../../src/run/schedule.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import { type RunState, requestStop, type StepState } from '../../src/run/state.ts'
import type { Facts } from '../../src/shared/facts.ts'
import type { Grant, Ledger } from '../../src/wechat/rules/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../../src/wechat/rules/rules.ts'

export interface SendRequest {
  step: string
  at: number
  grant: Grant
  leftMs: number
  /** Present when the message answers nothing: what happens to it over the account's cap. */
  unasked?: 'hold' | 'skip' | 'anytime'
}

/** `durationMs`: how long the request takes. `meanwhile`: what happens during the request. */
export type SendReply = Answer & { durationMs?: number; unclear?: number; meanwhile?: () => void }
type Answer = SendResult extends infer R ? (R extends SendResult ? Omit<R, 'at' | 'unclear'> : never) : never

/** The time of each simulated run's entry, epoch ms. */
export const ENTRY_AT = Date.UTC(2026, 0, 1)
const HOURS_48 = 48 * 3_600_000

/** A plan of steps. The default step is a text ten seconds after the entry, without a condition. */
export function planOf(steps: Partial<PlanStep>[], more: Partial<Plan> = {}): Plan {
  return {
    campaign: 'story',
    version: 1,
    steps: steps.map((s, i) => ({
      id: `s${i}`,
      kind: 'text',
      media: false,
      afterMs: 10_000,
      since: 'entry',
      ifLate: 'hold',
      when: null,
      ...s,
    })),
    spacingMs: 2_000,
    windowMs: HOURS_48,
    exitKeywords: ['td', '退订'],
    ...more,
  }
}

export function entryOf(event: Entry['event'] = 'subscribe', more: Partial<Entry> = {}): Entry {
  return {
    key: 'entry',
    at: ENTRY_AT,
    seq: 0,
    event,
    qrScene: null,
    eventKey: null,
    text: null,
    ...more,
  }
}

/** Simulates a follower's run from its entry on. */
export function simulateRun(plan: Plan, options: SimulationOptions = {}): RunSimulation {
  return new RunSimulation(plan, options)
}

interface SimulationOptions {
  qrScene?: string
  rules?: RulesProfileName
  event?: 'subscribe' | 'scan' | 'click' | 'message'
  ledger?: Ledger
  startDelayMs?: number
  known?: KnownAtStart
  /** Called with each state that replaces another. */
  onChange?: (before: RunState, after: RunState) => void
}

/** The simulated WeChat's knowledge of the follower, and its answers to requests. A test may change them. */
interface SimulatedFollower {
  attributes: FetchAttributesResult
  tags: TagResult
  /** The result of what a step without a message writes to the store. */
  act: ActResult
  attributeRequests: number
  tagged: string[]
  /** Whether the human agent is there, when a step hands the follower over. */
  hasAgent: boolean
  /** Called when a session with the agent was opened. */
  onHandover?: (at: number) => void
  /** What happens during each request that sends no message. A change of the run interrupts the request. */
  meanwhile?: () => void
}

/**
 * The third driver of `src/run/run-actions.ts`, for tests: one run with its own clock, without Temporal. It executes the
 * actions as the workflow does. Times are ms since the entry.
 */
export class RunSimulation {
  /** What reached the follower, as `20s hint subscribe`. */
  readonly sent: string[] = []
  /** Every send request, also those that failed. */
  readonly requests: SendRequest[] = []
  readonly follower: SimulatedFollower = {
    attributes: { attributes: { tags: [], qrScene: '', subscribeScene: '' } },
    tags: { result: 'tagged' },
    act: { result: 'done' },
    hasAgent: true,
    attributeRequests: 0,
    tagged: [],
  }
  /** The step without a message that is being done. */
  acting: string | null = null
  readonly #plan: Plan
  readonly #rules: RulesProfileName
  #now: number
  #seq = 0
  readonly #delivered: ({ interaction: Interaction } | { told: Told })[] = []
  #current: RunState
  readonly #onChange: SimulationOptions['onChange']
  #wechat: (request: SendRequest) => SendReply = () => ({ result: 'sent' })

  constructor(plan: Plan, options: SimulationOptions) {
    const { rules = 'wechat-2023', event = 'subscribe', ledger = [], startDelayMs = 0, qrScene } = options
    this.#onChange = options.onChange
    this.#plan = plan
    this.#rules = rules
    this.#now = startDelayMs
    this.#current = beginRun(plan, entryOf(event, { qrScene: qrScene ?? null }), ledger, options.known)
    const scene = event === 'click' ? 'menu' : event
    this.#state = applyInteraction(plan, this.#state, this.#interaction(scene, 0, null, 'entry'))
  }

  get #state(): RunState {
    return this.#current
  }

  set #state(next: RunState) {
    if (next !== this.#current) this.#onChange?.(this.#current, next)
    this.#current = next
  }

  get now(): number {
    return this.#now
  }

  get state(): RunState {
    return this.#state
  }

  /** Each step's state, as `hint sent` or `gift skipped no-reply`. */
  steps(): string[] {
    return this.#state.steps.map((s) => [s.id, s.state, s.reason ?? ''].join(' ').trim())
  }

  step(id: string): StepState {
    const found = this.#state.steps.find((s) => s.id === id)
    if (!found) throw new Error(`no step ${id}`)
    return found
  }

  /** The run's next action at the current time. */
  next(): Action {
    const { state, action } = nextAction(this.#plan, this.#state, ENTRY_AT + this.#now)
    this.#state = state
    return action
  }

  /** Executes every action that is due until `at`, and sets the clock to it. */
  runUntil(at: number): void {
    for (let actions = 0; this.#state.status !== 'ended'; actions++) {
      const action = this.next()
      if (actions > 1_000) throw new Error(`the run does not advance: ${JSON.stringify(action)}`)
      if (action.do !== 'wait') this.#execute(action)
      else if (action.until - ENTRY_AT > at) break
      else this.#now = action.until - ENTRY_AT
    }
    this.#now = Math.max(this.#now, at)
    if (this.#state.status !== 'ended') this.next()
  }

  // Events of the follower and of operators. `at` is the event's time where it is delivered late.

  sendText(text: string | null = 'hi', at = this.#now): void {
    this.#interact('message', at, text)
  }

  clickMenu(at = this.#now, eventKey: string | null = null): void {
    this.#interact('menu', at, null, eventKey)
  }

  /** Facts, tags or the click of a link. */
  tell(news: { facts: Facts } | { tags: readonly string[] } | { link: string }, at = this.#now): void {
    const seq = this.#seq++
    this.#delivered.push({ told: { key: `told-${seq}`, at: ENTRY_AT + at, seq, ...news } })
    this.repeatLast()
  }

  /**
   * Delivers the last interaction, or the last news, once more.
   * @param back how many came after the one that is repeated
   */
  repeatLast(back = 0): void {
    const last = this.#delivered.at(-1 - back)
    if (!last) return
    this.#apply(
      'told' in last
        ? applyTold(this.#plan, this.#state, last.told)
        : applyInteraction(this.#plan, this.#state, last.interaction),
    )
  }

  follow(at = this.#now): void {
    this.#interact('subscribe', at)
  }

  unfollow(at = this.#now): void {
    const seq = this.#seq++
    this.#apply(applyUnsubscribe(this.#state, { at: ENTRY_AT + at, seq, key: `event-${seq}` }))
  }

  pause(paused: boolean): void {
    this.#apply(setPaused(this.#plan, this.#state, paused, ENTRY_AT + this.#now))
  }

  agentSession(open: boolean, at = this.#now): void {
    this.#apply(applyAgentSession(this.#plan, this.#state, { open, at: ENTRY_AT + at, seq: this.#seq++ }))
  }

  stop(outcome: Outcome, reason?: string): void {
    this.#apply(requestStop(this.#state, outcome, reason ?? null))
  }

  /** The answers to the next send requests. The last one repeats. The default is `sent`. */
  answerSends(...replies: SendReply[]): void {
    this.#wechat = () => (replies.length > 1 ? replies.shift() : replies[0]) ?? { result: 'sent' }
  }

  /** Computes the answer to each send request from now on. */
  answerSendsWith(wechat: (request: SendRequest) => SendReply): void {
    this.#wechat = wechat
  }

  #execute(action: Exclude<Action, WaitAction>): void {
    switch (action.do) {
      case 'send':
        this.#send(action)
        break
      case 'tag':
        this.#tag(action)
        break
      case 'fetch-attributes':
      case 'learn':
        this.follower.attributeRequests += 1
        if (this.#isInterrupted()) break
        this.#state = applyActionResult(
          this.#state,
          { ...action, result: this.follower.attributes },
          ENTRY_AT + this.#now,
        )
        break
      case 'act':
        this.#act(action)
        break
      case 'finish':
        this.#state = finishRun(this.#state, action, ENTRY_AT + this.#now)
        break
      default:
        action satisfies never
    }
  }

  #send(action: SendAction): void {
    const { step, grant, leftMs } = action
    this.#state = beginSendAction(this.#state, action)
    const isAsked = !isUnasked(this.#plan, this.#state, ENTRY_AT + this.#now)
    const unasked = step.anytime ? 'anytime' : step.ifLate
    const request: SendRequest = {
      step: step.id,
      at: this.#now,
      grant,
      leftMs,
      ...(isAsked ? {} : { unasked }),
    }
    this.requests.push(request)
    const { durationMs = 0, unclear = 0, meanwhile, ...answer } = this.#wechat(request)
    if (answer.result === 'sent') this.sent.push(`${this.#now / 1_000}s ${step.id} ${grant.scene}`)
    this.#now += durationMs
    meanwhile?.()
    const result = { ...answer, at: ENTRY_AT + this.#now, unclear } as SendResult
    this.#state = applyActionResult(this.#state, { ...action, result }, ENTRY_AT + this.#now)
    const tagging = tagsAfterSend(action, result, 0)
    if (tagging) this.#tag(tagging)
    if (handoverAfterSend(step, result) !== null) this.#handOver(step)
  }

  #act(action: ActAction): void {
    const { step } = action
    this.follower.tagged.push(`${this.#now / 1_000}s ${step.id}`)
    this.acting = step.id
    // The store may have accepted it, so nothing interrupts it.
    this.#isInterrupted()
    let result = this.follower.act
    if (result.result === 'done' && step.acts?.handover !== undefined) {
      const handed = this.#handOver(step)
      if (handed.result === 'refused' && onlyHandsOver(step)) result = handed
    }
    this.#state = applyActionResult(this.#state, { ...action, result }, ENTRY_AT + this.#now)
    this.acting = null
  }

  #handOver(step: PlanStep): HandoverResult {
    const at = ENTRY_AT + this.#now
    const handed: HandoverResult = this.follower.hasAgent
      ? { result: 'opened', at }
      : { result: 'refused', reason: 'no-agent', errcode: 65415 }
    if (handed.result === 'opened' || !onlyHandsOver(step)) {
      this.#state = applyHandover(this.#plan, this.#state, step, handed)
      if (handed.result === 'opened') this.follower.onHandover?.(Math.floor(at / 1_000) * 1_000 - ENTRY_AT)
    }
    return handed
  }

  /** Lets the events during a request happen. @returns whether they changed the run */
  #isInterrupted(): boolean {
    const before = this.#state
    this.follower.meanwhile?.()
    return this.#state !== before
  }

  #tag(action: TagAction): void {
    this.follower.tagged.push(`${this.#now / 1_000}s ${action.step.id}`)
    if (this.#isInterrupted()) return
    this.#state = applyActionResult(
      this.#state,
      { ...action, result: this.follower.tags },
      ENTRY_AT + this.#now,
    )
  }

  #interact(scene: Scene, at: number, text: string | null = null, eventKey: string | null = null): void {
    this.#delivered.push({ interaction: { ...this.#interaction(scene, at, text), eventKey } })
    this.repeatLast()
  }

  #interaction(scene: Scene, at: number, text: string | null, key = `event-${this.#seq}`): Interaction {
    const allowance = allowanceOf(this.#rules, scene)
    return { key, at: ENTRY_AT + at, seq: this.#seq++, scene, allowance, text }
  }

  /** An event changes nothing once the run has ended. */
  #apply(changed: RunState): void {
    if (this.#state.status !== 'ended') this.#state = changed
  }
}

/** The run's grant of a scene. */
export function grantOf(state: RunState, scene: Scene): Grant | undefined {
  return state.ledger.find((g) => g.scene === scene)
}

import {
  type Action,
  begin,
  finish,
  next,
  resolve,
  type SendAction,
  type TagAction,
  tagsAfterSend,
} from '../../src/run/advance.ts'
import type { FetchAttributesResult, TagResult } from '../../src/run/attributes.ts'
import type { Entry, Interaction, Plan, PlanStep } from '../../src/run/plan.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import {
  applyAgentSession,
  applyInteraction,
  applyUnsubscribe,
  beginRun,
  type Outcome,
  type RunState,
  requestStop,
  type StepState,
  setPaused,
} from '../../src/run/state.ts'
import type { Grant, Ledger } from '../../src/wechat/rules/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../../src/wechat/rules/rules.ts'

/** For tests: one follower's run on a clock of its own, played as the workflow plays it. Times: ms since the entry. */
export interface RunSimulation {
  readonly now: number
  readonly state: RunState
  /** What reached the follower: `20s hint subscribe`. */
  readonly sent: string[]
  /** Every request that left, answered well or not. */
  readonly requests: readonly SendRequest[]
  /** How each step stands: `hint sent`, `gift skipped no-reply`. */
  steps(): string[]
  step(id: string): StepState
  /** What the run does next, now. */
  next(): Action
  /** Lets the run go on until then; what comes due on the way happens. */
  runUntil(at: number): void
  /** Each of these happens at the story's time, or at `at` where it was delivered late. */
  sendText(text?: string | null, at?: number): void
  clickMenu(at?: number): void
  follow(at?: number): void
  unfollow(at?: number): void
  pause(paused: boolean): void
  agentSession(open: boolean, at?: number): void
  stop(outcome: Outcome, reason?: string): void
  /** How the next requests are answered; the last one stays. The first begins with `sent`. */
  answerSends(...replies: SendReply[]): void
  /** What WeChat knows of the follower, and how it answers to tags; both may change. */
  readonly follower: {
    attributes: FetchAttributesResult
    tags: TagResult
    attributeRequests: number
    tagged: string[]
  }
  /** Who answers every request from now on. */
  answerSendsWith(wechat: (request: SendRequest) => SendReply): void
}

export interface SendRequest {
  step: string
  at: number
  grant: Grant
  leftMs: number
}

/** `takes`: how long the request is under way, ms; `meanwhile`: what happens in this time. */
export type SendReply = Answer & { durationMs?: number; unclear?: number; meanwhile?: () => void }
type Answer = SendResult extends infer R ? (R extends SendResult ? Omit<R, 'at' | 'unclear'> : never) : never

/** The entry of every story. */
export const ENTRY_AT = Date.UTC(2026, 0, 1)
const HOURS_48 = 48 * 3_600_000

/** A plan of text steps; what a step does not say is a plain one, ten seconds after the step before. */
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

/** Tells one follower's story, from an entry on. */
export function simulateRun(
  plan: Plan,
  options: {
    qrScene?: string
    rules?: RulesProfileName
    event?: Entry['event']
    ledger?: Ledger
    startDelayMs?: number
  } = {},
): RunSimulation {
  const { rules = 'wechat-2023', event = 'subscribe', ledger = [], startDelayMs: startsLateBy = 0 } = options
  let now = startsLateBy
  let seq = 0
  let wechat: (request: SendRequest) => SendReply = () => ({ result: 'sent' })
  const sent: string[] = []
  const requests: SendRequest[] = []
  const interaction = (scene: Scene, at: number, text: string | null, key = `event-${seq}`): Interaction => ({
    key,
    at: ENTRY_AT + at,
    seq: seq++,
    scene,
    allowance: allowanceOf(rules, scene),
    text,
  })
  let state = beginRun(plan, entryOf(event, { qrScene: options.qrScene ?? null }), ledger)
  state = applyInteraction(plan, state, interaction(event === 'click' ? 'menu' : event, 0, null, 'entry'))

  const apply = (changed: RunState) => {
    if (state.status !== 'ended') state = changed
  }
  const decideNow = (): Action => {
    const decided = next(plan, state, ENTRY_AT + now)
    state = decided.state
    return decided.action
  }
  const send = (action: SendAction) => {
    const { step, grant, leftMs } = action
    state = begin(state, action)
    const request = { step: step.id, at: now, grant, leftMs }
    requests.push(request)
    const { durationMs = 0, unclear = 0, meanwhile, ...answer } = wechat(request)
    if (answer.result === 'sent') sent.push(`${now / 1_000}s ${step.id} ${grant.scene}`)
    now += durationMs
    meanwhile?.()
    const result = { ...answer, at: ENTRY_AT + now, unclear } as SendResult
    state = resolve(state, { ...action, result }, ENTRY_AT + now)
    const tagging = tagsAfterSend(action, result, 0)
    if (tagging) tag(tagging)
  }
  const tag = (action: TagAction) => {
    follower.tagged.push(`${now / 1_000}s ${action.step.id}`)
    state = resolve(state, { ...action, result: follower.tags }, ENTRY_AT + now)
  }
  const follower: RunSimulation['follower'] = {
    attributes: { attributes: { tags: [], qrScene: '', subscribeScene: '' } },
    tags: { result: 'tagged' },
    attributeRequests: 0,
    tagged: [],
  }
  const simulation: RunSimulation = {
    follower,
    get now() {
      return now
    },
    get state() {
      return state
    },
    sent,
    requests,
    steps: () => state.steps.map((s) => [s.id, s.state, s.reason ?? ''].join(' ').trim()),
    step(id) {
      const found = state.steps.find((s) => s.id === id)
      if (!found) throw new Error(`no step ${id}`)
      return found
    },
    next: decideNow,
    runUntil(at) {
      for (let turn = 0; state.status !== 'ended'; turn++) {
        if (turn > 1_000) throw new Error(`the run does not go on: ${JSON.stringify(simulation.next())}`)
        const action = decideNow()
        if (action.do === 'finish') state = finish(state, action, ENTRY_AT + now)
        else if (action.do === 'send') send(action)
        else if (action.do === 'tag') tag(action)
        else if (action.do === 'fetch-attributes') {
          follower.attributeRequests += 1
          state = resolve(state, { ...action, result: follower.attributes }, ENTRY_AT + now)
        } else if (action.until - ENTRY_AT > at) break
        else now = action.until - ENTRY_AT
      }
      now = Math.max(now, at)
      if (state.status !== 'ended') decideNow()
    },
    sendText: (text = 'hi', at = now) =>
      apply(applyInteraction(plan, state, interaction('message', at, text))),
    clickMenu: (at = now) => apply(applyInteraction(plan, state, interaction('menu', at, null))),
    follow: (at = now) => apply(applyInteraction(plan, state, interaction('subscribe', at, null))),
    unfollow(at = now) {
      const mark = { at: ENTRY_AT + at, seq: seq++ }
      apply(applyUnsubscribe(state, { ...mark, key: `event-${mark.seq}` }))
    },
    pause: (paused) => apply(setPaused(state, paused)),
    agentSession: (open, at = now) =>
      apply(applyAgentSession(state, { open, at: ENTRY_AT + at, seq: seq++ })),
    stop: (outcome, reason) => apply(requestStop(state, outcome, reason ?? null)),
    answerSends: (...replies) => {
      wechat = () => (replies.length > 1 ? replies.shift() : replies[0]) ?? { result: 'sent' }
    },
    answerSendsWith: (answer) => {
      wechat = answer
    },
  }
  return simulation
}

/** The story's grant of that scene. */
export function grantOf(state: RunState, scene: Scene): Grant | undefined {
  return state.ledger.find((g) => g.scene === scene)
}

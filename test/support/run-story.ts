import { decide, type Next } from '../../src/campaign/decide.ts'
import { applyLearnt, applyTags, type LearnResult, type TagResult } from '../../src/campaign/facts.ts'
import type { Entry, Interaction, Plan, PlanStep } from '../../src/campaign/plan.ts'
import { applySend, beginSend, type SendResult } from '../../src/campaign/send-result.ts'
import {
  beginRun,
  endRun,
  hearAgent,
  hearInteraction,
  hearPause,
  hearStop,
  hearUnsubscribed,
  type Outcome,
  type RunState,
  type StepState,
} from '../../src/campaign/state.ts'
import type { Grant, Ledger } from '../../src/wechat/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../../src/wechat/rules.ts'

/** For tests: one follower's run on a clock of its own, played as the workflow plays it. Times: ms since the entry. */
export interface RunStory {
  readonly now: number
  readonly state: RunState
  /** What reached the follower: `20s hint subscribe`. */
  readonly sent: string[]
  /** Every request that left, answered well or not. */
  readonly requests: readonly Request[]
  /** How each step stands: `hint sent`, `gift skipped no-reply`. */
  steps(): string[]
  step(id: string): StepState
  /** What the run does next, now. */
  next(): Next
  /** Lets the run go on until then; what comes due on the way happens. */
  until(at: number): void
  /** Each of these happens at the story's time, or at `at` where it was delivered late. */
  says(text?: string | null, at?: number): void
  clicks(at?: number): void
  follows(at?: number): void
  unfollows(at?: number): void
  pause(paused: boolean): void
  /** `at`: ms after the entry; absent: a word without a time, as dispatchers before 0.3 told it. */
  agent(open: boolean, at?: number): void
  stop(outcome: Outcome, reason?: string): void
  /** How the next requests are answered; the last one stays. The first begins with `sent`. */
  answers(...replies: Reply[]): void
  /** What WeChat knows of the follower, and how it answers to tags; both may change. */
  readonly follower: { knows: LearnResult; tags: TagResult; asked: number; tagged: string[] }
  /** Who answers every request from now on. */
  answerWith(wechat: (request: Request) => Reply): void
}

export interface Request {
  step: string
  at: number
  grant: Grant
  leftMs: number
}

/** `takes`: how long the request is under way, ms; `meanwhile`: what happens in this time. */
export type Reply = Answer & { takes?: number; unclear?: number; meanwhile?: () => void }
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
export function tell(
  plan: Plan,
  options: {
    qrScene?: string
    rules?: RulesProfileName
    event?: Entry['event']
    ledger?: Ledger
    startsLateBy?: number
  } = {},
): RunStory {
  const { rules = 'wechat-2023', event = 'subscribe', ledger = [], startsLateBy = 0 } = options
  let now = startsLateBy
  let seq = 0
  let wechat: (request: Request) => Reply = () => ({ result: 'sent' })
  const sent: string[] = []
  const requests: Request[] = []
  const interaction = (scene: Scene, at: number, text: string | null, key = `event-${seq}`): Interaction => ({
    key,
    at: ENTRY_AT + at,
    seq: seq++,
    scene,
    allowance: allowanceOf(rules, scene),
    text,
  })
  let state = beginRun(plan, entryOf(event, { qrScene: options.qrScene ?? null }), ledger)
  state = hearInteraction(plan, state, interaction(event === 'click' ? 'menu' : event, 0, null, 'entry'))

  const hear = (next: RunState) => {
    if (state.status !== 'ended') state = next
  }
  const look = (): Next => {
    const decided = decide(plan, state, ENTRY_AT + now)
    state = decided.state
    return decided.next
  }
  const send = ({ index, grant, leftMs }: Extract<Next, { do: 'send' }>) => {
    state = beginSend(state, index)
    const grants = state.ledger
    const step = plan.steps[index]?.id ?? '?'
    const request = { step, at: now, grant, leftMs }
    requests.push(request)
    const { takes = 0, unclear = 0, meanwhile, ...answer } = wechat(request)
    if (answer.result === 'sent') sent.push(`${now / 1_000}s ${step} ${grant.scene}`)
    now += takes
    meanwhile?.()
    state = applySend(state, index, { grant, grants }, {
      ...answer,
      at: ENTRY_AT + now,
      unclear,
    } as SendResult)
    const planned = plan.steps[index]
    if (answer.result === 'sent' && (planned?.tag || planned?.untag)) tag(index)
  }
  const tag = (index: number) => {
    const planned = plan.steps[index]
    if (!planned) return
    follower.tagged.push(`${now / 1_000}s ${planned.id}`)
    state = applyTags(state, index, planned, follower.tags, ENTRY_AT + now)
  }
  const follower: RunStory['follower'] = {
    knows: { facts: { tags: [], qrScene: '', subscribeScene: '' } },
    tags: { result: 'tagged' },
    asked: 0,
    tagged: [],
  }
  const story: RunStory = {
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
    next: look,
    until(at) {
      for (let turn = 0; state.status !== 'ended'; turn++) {
        if (turn > 1_000) throw new Error(`the run does not go on: ${JSON.stringify(story.next())}`)
        const next = look()
        if (next.do === 'finish') state = endRun(state, next.outcome, next.reason, ENTRY_AT + now)
        else if (next.do === 'send') send(next)
        else if (next.do === 'learn') {
          follower.asked += 1
          state = applyLearnt(state, next.index, follower.knows, ENTRY_AT + now)
        } else if (next.do === 'tag') tag(next.index)
        else if (next.until - ENTRY_AT > at) break
        else now = next.until - ENTRY_AT
      }
      now = Math.max(now, at)
      if (state.status !== 'ended') look()
    },
    says: (text = 'hi', at = now) => hear(hearInteraction(plan, state, interaction('message', at, text))),
    clicks: (at = now) => hear(hearInteraction(plan, state, interaction('menu', at, null))),
    follows: (at = now) => hear(hearInteraction(plan, state, interaction('subscribe', at, null))),
    unfollows(at = now) {
      const mark = { at: ENTRY_AT + at, seq: seq++ }
      hear(hearUnsubscribed(state, { ...mark, key: `event-${mark.seq}` }))
    },
    pause: (paused) => hear(hearPause(state, paused)),
    agent: (open, at) =>
      hear(hearAgent(state, open, at === undefined ? undefined : { at: ENTRY_AT + at, seq: seq++ })),
    stop: (outcome, reason) => hear(hearStop(state, outcome, reason ?? null)),
    answers: (...replies) => {
      wechat = () => (replies.length > 1 ? replies.shift() : replies[0]) ?? { result: 'sent' }
    },
    answerWith: (answer) => {
      wechat = answer
    },
  }
  return story
}

/** The story's grant of that scene. */
export function grantOf(state: RunState, scene: Scene): Grant | undefined {
  return state.ledger.find((g) => g.scene === scene)
}

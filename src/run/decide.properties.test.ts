import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  ENTRY_AT,
  planOf,
  type RunSimulation,
  type SendReply,
  type SendRequest,
  simulateRun,
} from '../../test/harness/run-simulation.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'
import { decide } from './decide.ts'
import type { Entry, Plan, PlanStep } from './plan.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

/**
 * Random followers, operators and answers, played through the functions that a run uses. A second, simple bookkeeper
 * (`createWitness`) writes down what WeChat would know, and looks at every request.
 */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

type Act =
  | 'message'
  | 'exit'
  | 'menu'
  | 'subscribe'
  | 'unfollow'
  | 'pause'
  | 'resume'
  | 'agent'
  | 'agent-leaves'
  | 'cancel'
interface TimedAct {
  /** ms since the one before. */
  gap: number
  act: Act
  /** Delivered this much after it happened, ms. */
  lateBy: number
}
interface Answer {
  kind: SendReply['result']
  takes: number
  unclear: number
  meanwhile: TimedAct[]
}
interface Life {
  plan: Plan
  rules: RulesProfileName
  event: Entry['event']
  startsLateBy: number
  acts: TimedAct[]
  answers: Answer[]
}

const span = fc.oneof(
  fc.constantFrom(
    0,
    1,
    SECOND,
    2 * SECOND,
    20 * SECOND,
    56_600,
    MINUTE,
    10 * MINUTE,
    HOUR,
    22 * HOUR,
    47 * HOUR,
  ),
  fc.integer({ min: 0, max: 2 * MINUTE }),
  fc.integer({ min: 0, max: 30 * HOUR }),
)

const step: fc.Arbitrary<Omit<PlanStep, 'id'>> = fc.record({
  kind: fc.constant('text'),
  media: fc.constant(false),
  afterMs: span,
  since: fc.constantFrom('entry', 'reply', 'previous'),
  ifLate: fc.constantFrom('hold', 'hold', 'skip'),
  when: fc.constantFrom(null, null, 'replied', 'not-replied'),
})

/** A plan that the check would let pass: no delay goes beyond the window. */
const plans: fc.Arbitrary<Plan> = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 7 }),
    windowMs: fc.constantFrom(MINUTE, HOUR, 48 * HOUR, 48 * HOUR),
    spacingMs: fc.constantFrom(0, 2 * SECOND, 30 * SECOND, HOUR),
  })
  .map(({ steps, ...more }) => {
    let before = 0
    const fitting = steps.map((s, i) => {
      const base = s.since === 'previous' ? before : 0
      const afterMs = Math.min(s.afterMs, more.windowMs - base)
      before = base + afterMs
      return { ...s, id: `s${i}`, afterMs }
    })
    return planOf(fitting, more)
  })

const timedAct: fc.Arbitrary<TimedAct> = fc.record({
  gap: span,
  act: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Act>('message', 'menu', 'subscribe') },
    { weight: 3, arbitrary: fc.constantFrom<Act>('pause', 'resume', 'resume', 'agent', 'agent-leaves') },
    { weight: 1, arbitrary: fc.constantFrom<Act>('unfollow', 'exit', 'cancel') },
  ),
  lateBy: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: span }),
})

const answer: fc.Arbitrary<Answer> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Answer['kind']>('sent') },
    {
      weight: 3,
      arbitrary: fc.constantFrom<Answer['kind']>(
        'unknown',
        'not-sent',
        'window-over',
        'quota-used',
        'media-expired',
        'refused',
      ),
    },
  ),
  takes: fc.constantFrom(0, 0, 100, 3 * SECOND, 10 * SECOND),
  unclear: fc.constantFrom(0, 0, 0, 1, 2),
  meanwhile: fc.array(timedAct, { maxLength: 2 }),
})

const lives: fc.Arbitrary<Life> = fc.record({
  plan: plans,
  rules: fc.constantFrom('wechat-2023', 'wechat-2023', 'classic-48h'),
  event: fc.constantFrom('subscribe', 'subscribe', 'message', 'click', 'scan'),
  startsLateBy: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: span }),
  acts: fc.array(timedAct, { maxLength: 12 }),
  answers: fc.array(answer, { maxLength: 12 }),
})

/** What WeChat would know of this follower; throws when a request leaves that may not. */
function createWitness({ plan, rules, event }: Life) {
  interface Known {
    at: number
    quota: number
    used: number
    /** The last moment at which a request may leave. */
    usable: number
  }
  const grants = new Map<Scene, Known>()
  let lastFollow = event === 'subscribe' ? 0 : Number.NEGATIVE_INFINITY
  let lastWord = 0
  let replied = false
  let over = false
  let paused = false
  /** The newest change of the human agent's session, in arrival order within a second. */
  let session = { at: event === 'message' ? 0 : Number.NEGATIVE_INFINITY, isOpen: false }
  const done = new Set<string>()
  let released: number | null = null

  const grant = (scene: Scene, at: number) => {
    const allowance = allowanceOf(rules, scene)
    const current = grants.get(scene)
    if (!allowance || (current && current.at >= at)) return
    const margin = allowance.lifetimeMs <= 5 * MINUTE ? 3 * SECOND : MINUTE
    grants.set(scene, { at, quota: allowance.quota, used: 0, usable: at + allowance.lifetimeMs - margin })
  }
  grant(event === 'click' ? 'menu' : event, 0)

  return {
    hears(act: Act, at: number) {
      if (over) return
      // While an agent has the session WeChat pushes no message to us.
      if ((act === 'message' || act === 'exit') && at > session.at) session = { at, isOpen: false }
      if (act === 'pause' || act === 'resume') paused = act === 'pause'
      else if (act === 'agent' || act === 'agent-leaves') {
        if (at >= session.at) session = { at, isOpen: act === 'agent' }
      } else if (act === 'cancel') over = true
      else if (act === 'unfollow') over = at >= Math.max(0, lastFollow)
      else {
        const older = at < 0
        if (older && event === 'subscribe') return
        grant(act === 'exit' ? 'message' : act, at)
        if (older) return
        lastWord = Math.max(lastWord, at)
        if (act === 'subscribe') lastFollow = Math.max(lastFollow, at)
        if (act === 'message' || act === 'exit') replied = true
        if (act === 'exit') over = true
      }
    },
    /** Looks at a request before it leaves; gives how many unclear attempts its grant can still pay for. */
    sees(request: SendRequest, run: RunSimulation): number {
      const { step: id, at } = request
      const planned = plan.steps.find((s) => s.id === id)
      const known = grants.get(request.grant.scene)
      expect(over, 'nothing after an unfollow or another end').toBe(false)
      const hasAgent = session.isOpen && at < session.at + 30 * MINUTE
      expect(paused || hasAgent, 'nothing while somebody keeps it back').toBe(false)
      expect(known?.at, 'paid by a grant of the newest interaction').toBe(request.grant.grantedAt - ENTRY_AT)
      if (!known) return 0
      expect(at, 'not in the margin').toBeLessThan(known.usable)
      expect(known.used, 'not over the quota').toBeLessThan(known.quota)
      for (const other of grants.values())
        if (other.used < other.quota && other.usable - 500 >= at)
          expect(known.usable, 'the first to expire pays').toBeLessThanOrEqual(other.usable)
      expect(at, 'not after the window').toBeLessThan(lastWord + plan.windowMs)
      expect(request.leftMs, 'with time to try').toBeGreaterThan(0)
      expect(at + request.leftMs, 'no try after grant and window').toBeLessThanOrEqual(
        Math.min(known.usable, lastWord + plan.windowMs),
      )
      expect(done, 'each step once').not.toContain(id)
      if (planned?.when) expect(replied, 'its condition holds').toBe(planned.when === 'replied')
      const { dueAt, wasHeld } = run.step(id)
      // Early only by a margin and its lead, or by the window's last seconds.
      expect(at, 'not before its time').toBeGreaterThanOrEqual(
        (dueAt ?? Number.NaN) - ENTRY_AT - MINUTE - 5 * SECOND,
      )
      if (wasHeld && released !== null)
        expect(at, 'released steps keep their distance').toBeGreaterThanOrEqual(released + plan.spacingMs)
      return known.quota - known.used - 1
    },
    answers({ step: id, grant: paid, at }: SendRequest, reply: SendReply, run: RunSimulation) {
      const known = grants.get(paid.scene)
      if (!known) return
      known.used += (reply.unclear ?? 0) + (reply.result === 'sent' ? 1 : 0)
      if (reply.result === 'quota-used') known.used = Math.max(known.used, known.quota)
      if (reply.result === 'window-over') for (const g of grants.values()) g.usable = Math.min(g.usable, at)
      const ends = reply.result === 'sent' || reply.result === 'refused' || reply.result === 'unknown'
      if (ends || (reply.unclear && reply.result !== 'media-expired')) done.add(id)
      if (run.step(id).wasHeld && reply.result === 'sent') released = at + (reply.durationMs ?? 0)
    },
  }
}

/** Plays one life to its end. */
function live(life: Life): RunSimulation {
  const { plan, acts: happenings, answers } = life
  const run = simulateRun(plan, life)
  const witness = createWitness(life)
  const perform = ({ act: deed, lateBy }: TimedAct) => {
    const at = run.now - lateBy
    witness.hears(deed, at)
    if (deed === 'message') run.sendText('hi', at)
    else if (deed === 'exit') run.sendText('TD', at)
    else if (deed === 'menu') run.clickMenu(at)
    else if (deed === 'subscribe') run.follow(at)
    else if (deed === 'unfollow') run.unfollow(at)
    else if (deed === 'cancel') run.stop('cancelled')
    else if (deed === 'agent' || deed === 'agent-leaves') run.agentSession(deed === 'agent', at)
    else run.pause(deed === 'pause')
  }
  const waiting = [...answers]
  run.answerSendsWith((request) => {
    const most = witness.sees(request, run)
    const given = waiting.shift()
    const reply = replyOf(given, request, most, run.step(request.step).errcode === 40007)
    witness.answers(request, reply, run)
    return { ...reply, meanwhile: () => given?.meanwhile.forEach(perform) }
  })
  for (const timed of happenings) {
    run.runUntil(run.now + timed.gap)
    perform(timed)
    expectSameDecision(plan, run)
  }
  if (run.state.status === 'paused') perform({ gap: 0, act: 'resume', lateBy: 0 })
  // Every message of a life may open the window anew, also one that comes while a request waits for its margin.
  run.runUntil(run.now + 100 * 48 * HOUR)
  return run
}

/** The answer, as the send activity may give it: within the quota, a failure only at the margin, one new upload. */
function replyOf(
  given: Answer | undefined,
  request: SendRequest,
  most: number,
  uploadedAgain: boolean,
): SendReply {
  if (!given) return { result: 'sent' }
  const { kind, takes } = given
  const unclear = Math.min(given.unclear, most)
  switch (kind) {
    case 'not-sent':
      return {
        result: kind,
        reason: 'busy',
        errcode: -1,
        durationMs: Math.max(0, Math.ceil(request.leftMs - 400)),
      }
    case 'unknown':
      return { result: kind, reason: 'time-out', durationMs: takes, unclear: Math.max(1, unclear) }
    case 'media-expired':
      if (!uploadedAgain) return { result: kind, durationMs: takes }
      return { result: 'refused', reason: 'medium refused', errcode: 40007, durationMs: takes }
    case 'refused':
      return { result: kind, reason: 'bad', errcode: 45002, durationMs: takes }
    case 'gone':
      return { result: kind, outcome: 'opted-out', errcode: 48002, durationMs: takes }
    default:
      return { result: kind, durationMs: takes, unclear }
  }
}

/** The same plan, state and time give the same decision, also from a stored copy, and asking changes nothing. */
function expectSameDecision(plan: Plan, run: RunSimulation): void {
  const now = ENTRY_AT + run.now
  const first = decide(plan, run.state, now)
  const copy = JSON.parse(JSON.stringify({ plan, state: run.state }))
  expect(decide(copy.plan, copy.state, now)).toEqual(first)
  const again = decide(plan, first.state, now)
  expect(again.next).toEqual(first.next)
  expect(again.state).toBe(first.state)
  if (first.next.do === 'wait') expect(first.next.until, 'a wait that ends').toBeGreaterThan(now)
}

const RUNS = { numRuns: 500 }

describe('whatever a follower does and WeChat answers', { timeout: 60_000 }, () => {
  it('no request leaves that may not, and the run always comes to its end', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const run = live(life)
        expect(run.state.status).toBe('ended')
        expect(run.state.outcome).not.toBeNull()
      }),
      RUNS,
    )
  })

  it('every step ends as exactly one of sent, skipped for a reason, or unknown', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const run = live(life)
        expect(run.state.steps.map((s) => s.id)).toEqual(life.plan.steps.map((s) => s.id))
        for (const s of run.state.steps) {
          expect(['sent', 'skipped', 'unknown']).toContain(s.state)
          expect(s.state === 'sent').toBe(s.reason === null)
          expect(s.state === 'sent').toBe(s.sentAt !== null)
        }
      }),
      RUNS,
    )
  })

  it('a step is sent at most once, and stands as sent exactly when it was', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const run = live(life)
        const sent = run.sent.map((line) => line.split(' ')[1])
        expect(new Set(sent).size).toBe(sent.length)
        expect(run.state.steps.filter((s) => s.state === 'sent').map((s) => s.id)).toEqual([...sent].sort())
      }),
      RUNS,
    )
  })

  it('the same life is lived the same way twice', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const [timed, two] = [live(life), live(life)]
        expect(two.state).toEqual(timed.state)
        expect(two.requests).toEqual(timed.requests)
      }),
      { numRuns: 200 },
    )
  })

  it('a run that says nothing more is completed only when nothing was left over', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { state } = live(life)
        const cutShort = state.steps.some((s) => s.reason === state.outcome || s.reason === 'no-reply')
        if (state.outcome === 'completed') expect(cutShort).toBe(false)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a follower whom nothing disturbs', { timeout: 60_000 }, () => {
  it('gets every step on its time, under the old rule and with few steps', () => {
    const calm = fc.array(fc.integer({ min: 0, max: 47 * HOUR }), { minLength: 1, maxLength: 7 })
    fc.assert(
      fc.property(calm, (times) => {
        const run = simulateRun(planOf(times.map((afterMs) => ({ afterMs }))), { rules: 'classic-48h' })
        run.runUntil(48 * HOUR)
        expect(run.state.outcome).toBe('completed')
        expect(run.requests.map((r) => r.at)).toEqual([...times].sort((a, b) => a - b))
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../test/harness/property-runs.ts'
import { expectSameDecision, type RandomAnswer, replyOf } from '../../test/harness/random-answers.ts'
import {
  ENTRY_AT,
  planOf,
  type RunSimulation,
  type SendReply,
  type SendRequest,
  simulateRun,
} from '../../test/harness/run-simulation.ts'
import { caps, type SimulatedCap, simulateCap } from '../../test/harness/simulated-cap.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'
import type { Plan, PlanStep } from './plan.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

/**
 * Random followers, operators and answers, simulated with the functions that a run uses. A separate, simple model of
 * WeChat's rules (`createRulesModel`) checks every request.
 */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

type EventKind =
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
interface TimedEvent {
  /** Time since the previous event, ms. */
  gap: number
  kind: EventKind
  /** Time from the event to its delivery, ms. */
  lateBy: number
}
interface Answer extends RandomAnswer {
  unclear: number
  meanwhile: TimedEvent[]
}
interface Scenario {
  plan: Plan
  rules: RulesProfileName
  event: 'subscribe' | 'scan' | 'click' | 'message'
  startDelayMs: number
  events: TimedEvent[]
  answers: Answer[]
  cap: SimulatedCap | null
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

/** Plans that the campaign check accepts: no delay exceeds the window. */
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

const timedEvent: fc.Arbitrary<TimedEvent> = fc.record({
  gap: span,
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<EventKind>('message', 'menu', 'subscribe') },
    {
      weight: 3,
      arbitrary: fc.constantFrom<EventKind>('pause', 'resume', 'resume', 'agent', 'agent-leaves'),
    },
    { weight: 1, arbitrary: fc.constantFrom<EventKind>('unfollow', 'exit', 'cancel') },
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
  durationMs: fc.constantFrom(0, 0, 100, 3 * SECOND, 10 * SECOND),
  unclear: fc.constantFrom(0, 0, 0, 1, 2),
  meanwhile: fc.array(timedEvent, { maxLength: 2 }),
})

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  plan: plans,
  rules: fc.constantFrom('wechat-2023', 'wechat-2023', 'classic-48h'),
  event: fc.constantFrom('subscribe', 'subscribe', 'message', 'click', 'scan'),
  startDelayMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: span }),
  events: fc.array(timedEvent, { maxLength: 12 }),
  answers: fc.array(answer, { maxLength: 12 }),
  cap: caps,
})

/** What WeChat would know of this follower. Throws on a request that the rules forbid. */
function createRulesModel({ plan, rules, event }: Scenario) {
  interface KnownGrant {
    at: number
    quota: number
    used: number
    /** The last moment at which a request may be sent. */
    usable: number
    /** The end of the grant without its margin, which is shorter for a short grant. */
    expires: number
  }
  const grants = new Map<Scene, KnownGrant>()
  let lastFollow = event === 'subscribe' ? 0 : Number.NEGATIVE_INFINITY
  let lastInteraction = 0
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
    const expires = at + allowance.lifetimeMs
    grants.set(scene, { at, quota: allowance.quota, used: 0, usable: expires - margin, expires })
  }
  grant(event === 'click' ? 'menu' : event, 0)

  return {
    onEvent(kind: EventKind, at: number) {
      if (over) return
      // While an agent has the session WeChat pushes no message to the callback.
      if ((kind === 'message' || kind === 'exit') && at > session.at) session = { at, isOpen: false }
      if (kind === 'pause' || kind === 'resume') paused = kind === 'pause'
      else if (kind === 'agent' || kind === 'agent-leaves') {
        if (at >= session.at) session = { at, isOpen: kind === 'agent' }
      } else if (kind === 'cancel') over = true
      else if (kind === 'unfollow') over = at >= Math.max(0, lastFollow)
      else {
        const older = at < 0
        if (older && event === 'subscribe') return
        grant(kind === 'exit' ? 'message' : kind, at)
        if (older) return
        lastInteraction = Math.max(lastInteraction, at)
        if (kind === 'subscribe') lastFollow = Math.max(lastFollow, at)
        if (kind === 'message' || kind === 'exit') replied = true
        if (kind === 'exit') over = true
      }
    },
    /** Checks a request before it is sent. @returns how many unclear attempts its grant can still pay for */
    checkRequest(request: SendRequest, run: RunSimulation): number {
      const { step: id, at } = request
      const planned = plan.steps.find((s) => s.id === id)
      const known = grants.get(request.grant.scene)
      expect(over, 'nothing is sent after an unfollow or another end').toBe(false)
      const hasAgent = session.isOpen && at < session.at + 30 * MINUTE
      expect(paused || hasAgent, 'nothing is sent during a pause or an agent session').toBe(false)
      expect(known?.at, 'paid by a grant of the newest interaction').toBe(request.grant.grantedAt - ENTRY_AT)
      if (!known) return 0
      expect(at, 'not sent in the margin').toBeLessThan(known.usable)
      expect(known.used, 'not over the quota').toBeLessThan(known.quota)
      for (const other of grants.values())
        if (other.used < other.quota && other.usable - 500 >= at)
          expect(known.expires, 'the grant that expires first pays').toBeLessThanOrEqual(other.expires)
      expect(at, 'not sent after the window').toBeLessThan(lastInteraction + plan.windowMs)
      expect(request.leftMs, 'has time for an attempt').toBeGreaterThan(0)
      expect(at + request.leftMs, 'no attempt after the grant or the window').toBeLessThanOrEqual(
        Math.min(known.usable, lastInteraction + plan.windowMs),
      )
      expect(done, 'each step is sent once').not.toContain(id)
      if (planned?.when) expect(replied, 'its condition holds').toBe(planned.when === 'replied')
      const { dueAt, wasHeld } = run.step(id)
      // A step is early only by a margin and its lead, or by the window's last seconds.
      expect(at, 'not sent before its time').toBeGreaterThanOrEqual(
        (dueAt ?? Number.NaN) - ENTRY_AT - MINUTE - 5 * SECOND,
      )
      if (wasHeld && released !== null)
        expect(at, 'released steps keep the spacing').toBeGreaterThanOrEqual(released + plan.spacingMs)
      return known.quota - known.used - 1
    },
    onAnswer({ step: id, grant: paid, at }: SendRequest, reply: SendReply, run: RunSimulation) {
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

/** Simulates one scenario until the run has ended. */
function simulate(scenario: Scenario): RunSimulation {
  const { plan, events, answers } = scenario
  const run = simulateRun(plan, scenario)
  const model = createRulesModel(scenario)
  const cap = simulateCap(scenario.cap)
  const deliver = ({ kind, lateBy }: TimedEvent) => {
    const at = run.now - lateBy
    model.onEvent(kind, at)
    if (kind === 'message') run.sendText('hi', at)
    else if (kind === 'exit') run.sendText('TD', at)
    else if (kind === 'menu') run.clickMenu(at)
    else if (kind === 'subscribe') run.follow(at)
    else if (kind === 'unfollow') run.unfollow(at)
    else if (kind === 'cancel') run.stop('cancelled')
    else if (kind === 'agent' || kind === 'agent-leaves') run.agentSession(kind === 'agent', at)
    else run.pause(kind === 'pause')
  }
  const remaining = [...answers]
  run.answerSendsWith((request) => {
    const maxUnclear = model.checkRequest(request, run)
    const answer = remaining.shift()
    const unclear = Math.min(answer?.unclear ?? 0, maxUnclear)
    const capped = cap.refusalOf(request)
    const reply = capped
      ? { ...capped, durationMs: answer?.durationMs ?? 0, unclear }
      : replyOf(answer, request, { maxUnclear, uploadedAgain: run.step(request.step).errcode === 40007 })
    model.onAnswer(request, reply, run)
    cap.answered(request, reply)
    return { ...reply, meanwhile: () => answer?.meanwhile.forEach(deliver) }
  })
  for (const event of events) {
    run.runUntil(run.now + event.gap)
    deliver(event)
    expectSameDecision(plan, run)
  }
  if (run.state.status === 'paused') deliver({ gap: 0, kind: 'resume', lateBy: 0 })
  // Every message may extend the window, also one that arrives while a request waits for its margin.
  run.runUntil(run.now + 100 * 48 * HOUR)
  return run
}

const RUNS = { numRuns: propertyRuns(500) }

describe('a run with random events and answers', { timeout: PROPERTY_TIMEOUT_MS }, () => {
  it('sends no request that the rules forbid, and always ends', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const run = simulate(scenario)
        expect(run.state.status).toBe('ended')
        expect(run.state.outcome).not.toBeNull()
      }),
      RUNS,
    )
  })

  it('ends every step as exactly one of sent, skipped with a reason, or unknown', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const run = simulate(scenario)
        expect(run.state.steps.map((s) => s.id)).toEqual(scenario.plan.steps.map((s) => s.id))
        for (const s of run.state.steps) {
          expect(['sent', 'skipped', 'unknown']).toContain(s.state)
          expect(s.state === 'sent').toBe(s.reason === null)
          expect(s.state === 'sent').toBe(s.sentAt !== null)
        }
      }),
      RUNS,
    )
  })

  it('sends a step at most once, and marks it as sent exactly when it was', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const run = simulate(scenario)
        const sent = run.sent.map((line) => line.split(' ')[1])
        expect(new Set(sent).size).toBe(sent.length)
        expect(run.state.steps.filter((s) => s.state === 'sent').map((s) => s.id)).toEqual([...sent].sort())
      }),
      RUNS,
    )
  })

  it('gives the same result for the same scenario', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const [first, second] = [simulate(scenario), simulate(scenario)]
        expect(second.state).toEqual(first.state)
        expect(second.requests).toEqual(first.requests)
      }),
      { numRuns: propertyRuns(200) },
    )
  })

  it('is completed only when no step was cut short', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { state } = simulate(scenario)
        const cutShort = state.steps.some((s) => s.reason === state.outcome || s.reason === 'no-reply')
        if (state.outcome === 'completed') expect(cutShort).toBe(false)
      }),
      { numRuns: propertyRuns(200) },
    )
  })
})

describe('a follower without any events', { timeout: PROPERTY_TIMEOUT_MS }, () => {
  it('gets every step at its planned time, under the rules classic-48h', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 47 * HOUR }), { minLength: 1, maxLength: 7 })
    fc.assert(
      fc.property(delays, (times) => {
        const run = simulateRun(planOf(times.map((afterMs) => ({ afterMs }))), { rules: 'classic-48h' })
        run.runUntil(48 * HOUR)
        expect(run.state.outcome).toBe('completed')
        expect(run.requests.map((r) => r.at)).toEqual([...times].sort((a, b) => a - b))
      }),
    )
  })
})

import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, it, vi } from 'vitest'
import { PROPERTY_RUNS, PROPERTY_TIMEOUT_MS } from '../../test/harness/property-runs.ts'
import {
  expectSameDecision,
  mustHold,
  type RandomAnswer,
  replyOf,
} from '../../test/harness/random-answers.ts'
import { FACTS, forkedPlans, LINKS, MENU_KEYS, TAGS, WORDS } from '../../test/harness/random-campaigns.ts'
import {
  ENTRY_AT,
  type RunSimulation,
  type SendReply,
  type SendRequest,
  simulateRun,
} from '../../test/harness/run-simulation.ts'
import { caps, type SimulatedCap, simulateCap } from '../../test/harness/simulated-cap.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'
import type { ZoneOffsets } from './local-time.ts'
import type { Plan } from './plan.ts'
import { branchOf } from './plan-fork.ts'
import { type ForkState, isOpen, type RunState } from './state.ts'

vi.setConfig({ testTimeout: PROPERTY_TIMEOUT_MS })

/**
 * Random campaigns with forks, and random followers, operators and answers of WeChat. Three rules of the design, the rules of
 * WeChat and the quiet hours are checked at every change of the state and at every request, by code of this test.
 */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

type EventKind =
  | 'message'
  | 'exit'
  | 'goal'
  | 'menu'
  | 'facts'
  | 'link'
  | 'tag'
  | 'subscribe'
  | 'repeat'
  | 'unfollow'
  | 'pause'
  | 'resume'
  | 'agent'
  | 'agent-leaves'
  | 'cancel'

interface TimedEvent {
  gap: number
  kind: EventKind
  /** Time from the event to its delivery, ms. Below 0: WeChat's clock is ahead. */
  lateBy: number
  /** Chooses the text, the key or the fact. */
  choice: number
}
interface Scenario {
  plan: Plan
  rules: RulesProfileName
  event: 'subscribe' | 'message'
  seed: number
  tags: string[]
  events: TimedEvent[]
  answers: (RandomAnswer & { meanwhile: TimedEvent[] })[]
  cap: SimulatedCap | null
  /** The requests that send no message: whether WeChat, the store or the agent refuses, and what happens meanwhile. */
  others: { isRefused: boolean; meanwhile: TimedEvent[] }[]
}

const span = fc.oneof(
  fc.constantFrom(0, SECOND, 2 * SECOND, 20 * SECOND, 55 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 20 * HOUR),
  fc.integer({ min: 0, max: 2 * MINUTE }),
  fc.integer({ min: 0, max: 30 * HOUR }),
)
const timedEvent: fc.Arbitrary<TimedEvent> = fc.record({
  gap: span,
  kind: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom<EventKind[]>('message', 'message', 'menu', 'facts', 'link', 'tag'),
    },
    { weight: 2, arbitrary: fc.constantFrom<EventKind[]>('subscribe', 'repeat', 'goal') },
    {
      weight: 2,
      arbitrary: fc.constantFrom<EventKind[]>('pause', 'resume', 'resume', 'agent', 'agent-leaves'),
    },
    { weight: 1, arbitrary: fc.constantFrom<EventKind[]>('unfollow', 'exit', 'cancel') },
  ),
  lateBy: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: span },
    { weight: 1, arbitrary: fc.constantFrom(-SECOND, -2 * SECOND) },
  ),
  choice: fc.nat(100),
})
/**
 * Local times of places whose clocks change in the night after the entry, or in one of the next nights: forward at 02:00, or
 * back at 03:00. Local times of the campaigns are in the hour that is missing, or there twice.
 */
const zones: fc.Arbitrary<ZoneOffsets> = fc
  .tuple(fc.boolean(), fc.constantFrom(0, 1, 2))
  .map(([isForward, nights]) => {
    const [before, after, change] = isForward ? [-5 * HOUR, -4 * HOUR, 7 * HOUR] : [2 * HOUR, HOUR, HOUR]
    return [
      [ENTRY_AT - 1_000 * HOUR, before],
      [ENTRY_AT + change + nights * 24 * HOUR, after],
    ]
  })
/** Most accounts are in China, whose clocks never change. */
const plans: fc.Arbitrary<Plan> = fc
  .tuple(forkedPlans, fc.oneof(fc.constant(null), zones))
  .map(([plan, zone]) => (zone && plan.zone ? { ...plan, zone } : plan))

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  plan: plans,
  rules: fc.constantFrom('wechat-2023', 'wechat-2023', 'classic-48h'),
  event: fc.constantFrom('subscribe', 'message'),
  seed: fc.nat(),
  tags: fc.constantFrom<string[][]>([], ['vip']),
  events: fc.array(timedEvent, { maxLength: 12 }),
  answers: fc.array(
    fc.record({
      kind: fc.oneof(
        { weight: 2, arbitrary: fc.constant<RandomAnswer['kind']>('sent') },
        {
          weight: 1,
          arbitrary: fc.constantFrom<RandomAnswer['kind'][]>(
            'unknown',
            'not-sent',
            'window-over',
            'quota-used',
            'refused',
            'media-expired',
          ),
        },
      ),
      durationMs: fc.constantFrom(0, 0, 100, 3 * SECOND, 10 * SECOND),
      meanwhile: fc.array(timedEvent, { maxLength: 2 }),
    }),
    { maxLength: 12 },
  ),
  cap: caps,
  others: fc.array(
    fc.record({
      isRefused: fc.constantFrom(false, false, true),
      meanwhile: fc.array(timedEvent, { maxLength: 1 }),
    }),
    { maxLength: 6 },
  ),
})

const isDecided = (fork: ForkState) => fork.state === 'taken' || fork.state === 'closed'
const ENDS = new Set(['sent', 'skipped', 'unknown'])
const WENT = new Set(['sending', 'sent', 'unknown', 'held'])

/**
 * The three rules of forks, for one change of the state.
 * @param acting the step without a message that is being done: it may have been on the way when it began
 */
function checkForks(plan: Plan, before: RunState, after: RunState, acting: string | null): void {
  const forks = after.forks ?? []
  const open = forks.filter((f) => f.state === 'waiting' || f.state === 'asking')
  mustHold(open.length <= 1, 'at most one wait is open')
  for (const [i, fork] of (before.forks ?? []).entries()) {
    if (isDecided(fork)) mustHold(isDeepStrictEqual(forks[i], fork), 'a fork is decided once')
    else if (fork.state === 'pending' && !['pending', 'closed'].includes(forks[i]?.state ?? '')) {
      const above = after.steps.slice(0, plan.forks?.[i]?.at)
      mustHold(!above.some(isOpen), 'a fork is reached when everything above it is done')
    }
  }
  for (const [i, step] of after.steps.entries()) {
    const was = before.steps[i]?.state ?? 'pending'
    if (was === step.state || !WENT.has(step.state)) continue
    // A request that was under way when its wait ended may still end.
    if (was === 'sending' || step.id === acting) continue
    checkWay(plan, forks, i)
  }
}

/** A step that went, or was due, is on the way that the decided forks leave. */
function checkWay(plan: Plan, forks: readonly ForkState[], index: number): void {
  for (const [f, planned] of (plan.forks ?? []).entries()) {
    const fork = forks[f]
    const firstBranch = planned.branches[0]?.from ?? planned.end
    const inside = index >= planned.at && index < planned.end
    if (!fork || index < planned.at) continue
    if (fork.state === 'closed') mustHold(!inside, 'nothing goes in a branch that was not taken')
    else if (inside && index < firstBranch)
      mustHold(fork.state === 'waiting', 'meanwhile steps go while the fork waits')
    else mustHold(fork.state === 'taken', 'below a fork nothing happens before it is decided')
    if (fork.took === null) continue
    const { from, to, ends } = branchOf(planned, fork.took)
    if (inside) mustHold(index >= from && index < to, 'only the branch that was taken goes')
    else mustHold(!ends, 'nothing goes below an end')
  }
}

/** WeChat's side: grants and their use. Throws on a request that the rules forbid. */
function createWechat({ plan, rules, event }: Scenario) {
  const grants = new Map<Scene, { at: number; quota: number; used: number; usable: number }>()
  let lastInteraction = 0
  let paused = false
  let over = false
  /** The newest change of the human agent's session. */
  let session: { at: number; isOpen: boolean; byMessage?: true } = {
    at: event === 'message' ? 0 : Number.NEGATIVE_INFINITY,
    isOpen: false,
    byMessage: true,
  }
  const grant = (scene: Scene, at: number) => {
    const allowance = allowanceOf(rules, scene)
    if (!allowance || (grants.get(scene)?.at ?? -Infinity) >= at) return
    const margin = allowance.lifetimeMs <= 5 * MINUTE ? 3 * SECOND : MINUTE
    grants.set(scene, { at, quota: allowance.quota, used: 0, usable: at + allowance.lifetimeMs - margin })
  }
  grant(event, 0)
  return {
    agentSession(isOpen: boolean, at: number): void {
      if (at >= session.at) session = { at, isOpen }
    },
    /** Opened by the run. What WeChat reports of the same second is newer, but a message of that second has asked for it. */
    handover(at: number): void {
      if (at > session.at || (at === session.at && session.byMessage)) session = { at, isOpen: true }
    },
    interact(scene: Scene, at: number): void {
      // While an agent has the session WeChat pushes no message to the callback.
      if (scene === 'message' && at > session.at) session = { at, isOpen: false, byMessage: true }
      if (at < 0 && event === 'subscribe') return
      grant(scene, at)
      if (at >= 0) lastInteraction = Math.max(lastInteraction, at)
    },
    pause(isPaused: boolean): void {
      paused = isPaused
    },
    end(): void {
      over = true
    },
    unfollow(): void {
      over = true
    },
    check({ step: id, at, grant: paid }: SendRequest): void {
      const known = grants.get(paid.scene)
      mustHold(!over, 'nothing goes after the end')
      mustHold(!paused, 'nothing goes during a pause')
      const hasAgent = session.isOpen && at < session.at + 30 * MINUTE
      mustHold(!hasAgent, 'nothing goes while a human agent has the session')
      mustHold(known?.at === paid.grantedAt - ENTRY_AT, 'paid by the newest interaction')
      mustHold(known && known.used < known.quota && at < known.usable, 'paid by a grant')
      mustHold(at < lastInteraction + plan.windowMs, 'not after the window')
      const step = plan.steps.find((s) => s.id === id)
      if (!plan.quiet || step?.anytime || at <= lastInteraction + 10 * MINUTE) return
      const [, offset = 0] = plan.zone?.findLast(([since]) => since <= ENTRY_AT + at) ?? []
      const minute = Math.floor((ENTRY_AT + at + offset) / MINUTE) % 1_440
      const { from, to } = plan.quiet
      const isQuiet = from < to ? minute >= from && minute < to : minute >= from || minute < to
      mustHold(!isQuiet, 'no unasked message goes in quiet hours')
    },
    answered({ grant: paid, at }: SendRequest, { result, unclear = 0 }: SendReply): void {
      const known = grants.get(paid.scene)
      if (!known) return
      known.used += unclear + (result === 'sent' ? 1 : 0)
      if (result === 'quota-used') known.used = known.quota
      if (result === 'window-over') for (const g of grants.values()) g.usable = Math.min(g.usable, at)
    },
  }
}

function simulate(scenario: Scenario): RunSimulation {
  const { plan, rules, event, seed, tags, events, answers, others } = scenario
  let acting = () => null as string | null
  const onChange = (before: RunState, after: RunState) => checkForks(plan, before, after, acting())
  const run = simulateRun(plan, { rules, event, known: { seed }, onChange })
  acting = () => run.acting
  const wechat = createWechat(scenario)
  const cap = simulateCap(scenario.cap)
  const deliver = ({ kind, lateBy, choice }: TimedEvent): void => {
    const at = run.now - lateBy
    const pick = <T>(list: readonly T[]): T => list[choice % list.length] as T
    if (kind === 'message' || kind === 'exit' || kind === 'goal') {
      wechat.interact('message', at)
      run.sendText(kind === 'exit' ? 'TD' : kind === 'goal' ? 'goal' : pick(WORDS), at)
    } else if (kind === 'menu') {
      wechat.interact('menu', at)
      run.clickMenu(at, pick(MENU_KEYS))
    } else if (kind === 'subscribe') {
      wechat.interact('subscribe', at)
      run.follow(at)
    } else if (kind === 'repeat') run.repeatLast(choice % 4)
    else if (kind === 'cancel') run.stop('cancelled')
    else if (kind === 'unfollow') run.unfollow(at)
    else if (kind === 'facts')
      run.tell(
        {
          facts:
            choice % 3 === 0
              ? { visitAt: ENTRY_AT + at + HOUR }
              : { [pick(FACTS)]: choice % 2 === 0 ? true : choice },
        },
        at,
      )
    else if (kind === 'link') run.tell({ link: pick(LINKS) }, at)
    else if (kind === 'tag') run.tell({ tags: [pick(TAGS)] }, at)
    else if (kind === 'agent' || kind === 'agent-leaves') {
      wechat.agentSession(kind === 'agent', at)
      run.agentSession(kind === 'agent', at)
    } else {
      wechat.pause(kind === 'pause')
      run.pause(kind === 'pause')
    }
    if (run.state.stop) wechat.end()
  }
  const remaining = [...answers]
  run.answerSendsWith((request) => {
    wechat.check(request)
    const answer = remaining.shift()
    const reply =
      cap.refusalOf(request) ??
      replyOf(answer, request, {
        maxUnclear: 1,
        uploadedAgain: run.step(request.step).errcode === 40007,
      })
    wechat.answered(request, reply)
    cap.answered(request, reply)
    return { ...reply, meanwhile: () => answer?.meanwhile.forEach(deliver) }
  })
  const remainingOthers = [...others]
  const refuse = (isRefused: boolean) => {
    const why = { reason: 'refused', errcode: -1 }
    run.follower.attributes = isRefused
      ? { unknown: 'busy', errcode: -1 }
      : { attributes: { tags, qrScene: '', subscribeScene: '' } }
    run.follower.tags = isRefused ? { result: 'refused', ...why } : { result: 'tagged' }
    run.follower.act = isRefused ? { result: 'refused', ...why } : { result: 'done' }
    run.follower.hasAgent = !isRefused
  }
  refuse(false)
  run.follower.onHandover = wechat.handover
  run.follower.meanwhile = () => {
    const other = remainingOthers.shift()
    refuse(other?.isRefused ?? false)
    other?.meanwhile.forEach(deliver)
  }
  for (const timed of events) {
    run.runUntil(run.now + timed.gap)
    deliver(timed)
    expectSameDecision(plan, run)
  }
  if (run.state.status === 'paused') deliver({ gap: 0, kind: 'resume', lateBy: 0, choice: 0 })
  run.runUntil(run.now + 100 * 48 * HOUR)
  return run
}

describe('a run of a random campaign with forks', () => {
  it('keeps the rules of forks, of WeChat and of quiet hours, and always ends', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { state } = simulate(scenario)
        mustHold(state.status === 'ended', 'the run ends')
        for (const step of state.steps) mustHold(ENDS.has(step.state), 'each step ends in one way')
        if (state.outcome === 'completed' && !state.reason)
          for (const fork of state.forks ?? [])
            mustHold(isDecided(fork), 'a completed run has decided each fork')
      }),
      { numRuns: PROPERTY_RUNS },
    )
  })
})

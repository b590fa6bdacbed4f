import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addGrant } from '../wechat/rules/ledger.ts'
import { allowanceOf, type Scene } from '../wechat/rules/rules.ts'
import { decide } from './decide.ts'
import type { Entry, Interaction, Plan, PlanStep } from './plan.ts'
import { applyInteraction, applyUnsubscribe, beginRun } from './run-events.ts'
import type { RunState } from './state.ts'

const T0 = Date.parse('2026-11-23T08:00:00Z')
const step = (id: string, afterMs: number, since: PlanStep['since']): PlanStep => ({
  ...{ id, kind: 'text', media: false, afterMs, since, ifLate: 'hold', when: null },
})
const PLAN: Plan = {
  campaign: 'welcome',
  version: 1,
  steps: [step('hint', 20_000, 'entry'), step('gift', 0, 'reply'), step('later', 3_600_000, 'previous')],
  spacingMs: 2_000,
  windowMs: 48 * 3_600_000,
  exitKeywords: [],
}

interface TimedInteraction {
  afterMs: number
  scene: Scene
}

const interactions = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1, max: 100 }).map((s) => s * 1_000),
    scene: fc.constantFrom<Scene>('message', 'menu', 'scan'),
  }),
  { maxLength: 4 },
)

/**
 * The run of a follower who follows at T0 and interacts, by WeChat's clock. This machine's clock is `ahead` (ms), and the
 * events carry that correction.
 */
function runOf(list: readonly TimedInteraction[], ahead: number): RunState {
  const clock = ahead === 0 ? {} : { aheadMs: ahead }
  const entry: Entry = {
    ...{ at: T0, seq: 1, ...clock, key: 'k0', event: 'subscribe' },
    ...{ qrScene: null, eventKey: null, text: null },
  }
  const ledger = addGrant([], 'subscribe', T0 + ahead, allowanceOf('wechat-2023', 'subscribe'), T0)
  let state = beginRun(PLAN, entry, ledger)
  let at = T0
  for (const [i, { afterMs, scene }] of list.entries()) {
    at += afterMs
    const event: Interaction = {
      ...{ at, seq: i + 2, ...clock, key: `k${i + 1}`, scene },
      ...{ allowance: allowanceOf('wechat-2023', scene), text: null },
    }
    state = applyInteraction(PLAN, state, event)
  }
  return state
}

describe('a machine whose clock skew is known', () => {
  it('makes the same decisions at the same moments as one without skew', () => {
    const skew = fc.integer({ min: -600, max: 600 }).map((s) => s * 1_000)
    fc.assert(
      fc.property(interactions, skew, fc.integer({ min: 0, max: 400_000 }), (list, ahead, passed) => {
        const right = decide(PLAN, runOf(list, 0), T0 + passed)
        const wrong = decide(PLAN, runOf(list, ahead), T0 + passed + ahead)
        const shifted = (at: number | null) => (at === null ? null : at + ahead)
        expect(wrong.state.steps).toEqual(right.state.steps.map((s) => ({ ...s, dueAt: shifted(s.dueAt) })))
        expect(wrong.state.closesAt).toBe(right.state.closesAt + ahead)
        expect(wrong.next.do).toBe(right.next.do)
        if (wrong.next.do === 'wait' && right.next.do === 'wait')
          expect(wrong.next.until).toBe(right.next.until + ahead)
        if (wrong.next.do === 'send' && right.next.do === 'send') {
          expect(wrong.next.leftMs).toBe(right.next.leftMs)
          expect(wrong.next.grant.scene).toBe(right.next.grant.scene)
        }
      }),
    )
  })

  it('keeps the order of events when its clock is corrected between them', () => {
    const early = runOf([{ afterMs: 30_000, scene: 'message' }], 70_000)
    const event: Interaction = {
      ...{ at: T0 + 40_000, seq: 9, key: 'k9', scene: 'message' as const },
      ...{ allowance: allowanceOf('wechat-2023', 'message'), text: null },
    }
    const after = applyInteraction(PLAN, early, event)
    const grant = after.ledger.find((g) => g.scene === 'message')
    // By this machine's clock the later message came first. It still replaces the grant of the earlier one.
    expect(grant).toMatchObject({ grantedAt: T0 + 40_000, used: 0 })
    const gone = applyUnsubscribe(after, { at: T0 + 50_000, seq: 10, key: 'k10' })
    expect(gone.stop?.outcome).toBe('unsubscribed')
  })

  it('adds no correction to a run whose events have none', () => {
    const state = runOf([{ afterMs: 5_000, scene: 'message' }], 0)
    expect(JSON.stringify(state)).not.toMatch(/aheadMs|createTime/)
    expect(state).toMatchObject({
      startedAt: T0,
      closesAt: T0 + 5_000 + PLAN.windowMs,
      reply: { at: T0 + 5_000 },
    })
  })
})

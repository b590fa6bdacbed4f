import { describe, expect, it } from 'vitest'
import type { Goal } from '../run/goal.ts'
import { beginRun } from '../run/run-events.ts'
import { endRun } from '../run/state.ts'
import { DAY_MS } from '../shared/time-units.ts'
import type { InboxEvent, InboxRequest } from '../store/inbox/inbox-event.ts'
import type { InboxRow } from '../store/inbox/inbox-rows.ts'
import { type FollowerRow, newFollowerRow } from '../store/runs/follower-rows.ts'
import { type DispatchContext, type KnownRun, NO_OPT_OUT_WORDS } from './dispatch-context.ts'
import { planDispatch } from './plan-dispatch.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')
const FOLLOWER = { appId: 'wxtest0000000001', openId: 'oTest' }
const BUY: Goal = {
  on: [{ event: 'fact', facts: { used: true } }],
  ends: true,
  value: 'amount',
  withinMs: 3 * DAY_MS,
}

/** A run that began `daysAgo`, and has ended a day later if so given. */
function run(campaign: string, daysAgo: number, goal: Goal | null, ended = false): KnownRun {
  const key = `${campaign}-${daysAgo}`
  const at = NOW - daysAgo * DAY_MS
  const entry = { at, seq: 1, key, event: 'message' as const, qrScene: null, eventKey: null, text: null }
  const plan = { campaign, version: 1, steps: [], spacingMs: 0, windowMs: DAY_MS, exitKeywords: ['td'] }
  const begun = beginRun(plan, entry, [])
  const endedAt = at + DAY_MS
  const state = ended ? endRun(begun, 'completed', null, endedAt) : begun
  const { status, outcome } = state
  return {
    ...{ runKey: key, campaign, status, outcome, entry, state, endedAt: state.endedAt },
    plan: { exitKeywords: ['td'], ...(goal ? { goal } : {}) },
  }
}

function rowOf(event: Partial<InboxEvent>, more: Partial<InboxRow> = {}): InboxRow {
  const kind = event.request?.type ?? 'text'
  const nothing = { scene: null, text: null, qrScene: null, eventKey: null, start: null }
  return {
    ...{ id: 9, ...FOLLOWER, dedupeKey: 'event', kind, createTime: NOW, receivedAt: NOW },
    event: { kind, ...nothing, ...event },
    ...{
      reply: null,
      answered: null,
      answeredDay: null,
      dispatchedAt: null,
      result: null,
      leaseOwnerId: 'test',
      leaseExpiresAt: null,
    },
    ...{ attempts: 1, retryAt: null, lastError: null },
    ...more,
  }
}
const request = (wanted: InboxRequest) => rowOf({ request: wanted })
const facts = (set: Record<string, string | number | boolean>, by?: string) =>
  request({ type: 'fact', facts: set, ...(by === undefined ? {} : { by }) })
const typed = (text: string) => rowOf({ scene: 'message', text })

function goals(row: InboxRow, runs: KnownRun[], follower: Partial<FollowerRow> = {}) {
  const context: DispatchContext = {
    row,
    follower: { ...newFollowerRow(FOLLOWER), followedAt: 0, followedSeq: 1, ...follower },
    runs,
    rules: 'wechat-2023',
    matched: null,
    words: { ...NO_OPT_OUT_WORDS, isExit: (text) => text === 'stop' },
  }
  return planDispatch(context).goals ?? []
}
const keys = (...args: Parameters<typeof goals>) => goals(...args).map(({ runKey }) => runKey)

describe('the goal of a run', () => {
  it('is reached by the event that fits, with the number of its fact', () => {
    expect(goals(facts({ used: true, amount: 58.5 }), [run('a', 1, BUY)])).toEqual([
      { runKey: 'a-1', at: NOW, value: 58.5 },
    ])
    expect(goals(facts({ used: true }), [run('a', 1, BUY)], { own: { amount: 7 } })).toMatchObject([
      { value: 7 },
    ])
    expect(goals(facts({ amount: 7 }), [run('a', 1, BUY)])).toEqual([])
  })

  it.each([
    ['2 days after its end', 3, ['a-3']],
    ['3 days after its end, the last moment', 4, ['a-4']],
    ['4 days after its end', 5, []],
  ])('counts %s', (_, daysAgo, expected) => {
    expect(keys(facts({ used: true }), [run('a', daysAgo, BUY, true)])).toEqual(expected)
  })

  it('counts for the newest run of each campaign, and for runs with a goal only', () => {
    const runs = [run('a', 1, BUY), run('b', 2, BUY, true), run('a', 3, BUY, true), run('c', 3, null, true)]
    expect(keys(facts({ used: true }), runs)).toEqual(['a-1', 'b-2'])
  })

  it('is not reached by what is older than the run, nor by its own entry', () => {
    const row = facts({ used: true })
    expect(keys({ ...row, createTime: NOW - 2 * DAY_MS }, [run('a', 1, BUY)])).toEqual([])
    expect(keys({ ...row, dedupeKey: 'a-1' }, [run('a', 1, BUY)])).toEqual([])
    // As on the first attempt, when the run did not exist yet.
    expect(keys({ ...row, dedupeKey: 'a-1' }, [run('a', 1, BUY), run('a', 3, BUY, true)])).toEqual(['a-3'])
  })

  it('is not reached by a fact of its own step', () => {
    const runs = [run('a', 1, BUY), run('b', 2, BUY, true)]
    expect(keys(facts({ used: true }, 'a-1'), runs)).toEqual(['b-2'])
  })

  it('is reached by a tag, by a link of this run and by a message', () => {
    const on = (on: Goal['on']) => [run('a', 1, { on, ends: false }), run('b', 2, { on, ends: false }, true)]
    expect(keys(request({ type: 'tag', tags: ['vip'] }), on([{ event: 'tag', tags: ['vip'] }]))).toEqual([
      'a-1',
      'b-2',
    ])
    const link = request({ type: 'link', name: 'shop', runKey: 'b-2' })
    expect(keys(link, on([{ event: 'link', links: ['shop'] }]))).toEqual(['b-2'])
    expect(keys(typed('已买'), on([{ event: 'message', keywords: ['已买'] }]))).toEqual(['a-1', 'b-2'])
    expect(keys(request({ type: 'enter', facts: { used: true } }), [run('a', 1, BUY, true)])).toEqual([])
  })

  it('is not reached by an exit keyword: of the run while it goes on, of any campaign afterwards', () => {
    const any: Goal = { on: [{ event: 'message' }], ends: false }
    const runs = [run('a', 1, any), run('b', 2, any, true)]
    expect(keys(typed('TD'), runs)).toEqual(['b-2'])
    expect(keys(typed('stop'), runs)).toEqual(['a-1'])
    expect(keys(typed('hi'), runs)).toEqual(['a-1', 'b-2'])
  })

  it('is reached in a retry too, whatever the run has applied', () => {
    const a = run('a', 1, { on: [{ event: 'message' }], ends: true })
    const applied = { ...a, state: { ...a.state, seenEventKeys: ['event'] } }
    const row = { ...typed('hi'), attempts: 2 }
    expect(keys(row, [applied])).toEqual(['a-1'])
  })
})

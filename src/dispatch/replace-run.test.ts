import { describe, expect, it } from 'vitest'
import type { Plan } from '../run/plan.ts'
import { beginRun } from '../run/run-events.ts'
import { HOUR_MS, MINUTE_MS } from '../shared/time-units.ts'
import type { InboxRequest } from '../store/inbox/inbox-event.ts'
import type { InboxRow } from '../store/inbox/inbox-rows.ts'
import { newFollowerRow } from '../store/runs/follower-rows.ts'
import { type DispatchContext, type KnownRun, NO_OPT_OUT_WORDS } from './dispatch-context.ts'
import { planDispatch } from './plan-dispatch.ts'

const T0 = Date.parse('2026-11-23T08:00:00Z')
const FOLLOWER = { appId: 'wxtest0000000001', openId: 'oTest' }
const OFFER: Plan = {
  ...{ campaign: 'offer', version: 1, steps: [], spacingMs: 0, windowMs: HOUR_MS, exitKeywords: [] },
  priority: 5,
  replaces: true,
}

function run(campaign: string, more: Partial<KnownRun> & { priority?: number; at?: number } = {}): KnownRun {
  const { priority, at = 0, ...fields } = more
  const key = `run of ${campaign}`
  const stamp = { at: T0 + at, seq: 1, key }
  const entry = { ...stamp, event: 'message' as const, qrScene: null, eventKey: null, text: null }
  const state = beginRun({ ...OFFER, campaign }, entry, [])
  const plan = { exitKeywords: ['td'], ...(priority === undefined ? {} : { priority }) }
  return { runKey: key, campaign, status: 'active', outcome: null, entry, plan, state, ...fields }
}

function row(more: Partial<InboxRow> & { text?: string; request?: InboxRequest } = {}): InboxRow {
  const { text = '优惠', request, ...fields } = more
  const event = request ? ('api' as const) : ('message' as const)
  return {
    ...{ id: 9, ...FOLLOWER, dedupeKey: 'entry', kind: 'text', createTime: T0 + MINUTE_MS },
    ...{
      receivedAt: T0 + MINUTE_MS,
      reply: null,
      answered: null,
      answeredDay: null,
      dispatchedAt: null,
      result: null,
      leaseOwnerId: 't',
    },
    ...{ leaseExpiresAt: null, attempts: 1, retryAt: null, lastError: null },
    event: {
      ...{ kind: 'text', scene: request ? null : 'message', text: request ? null : text, qrScene: null },
      ...{ eventKey: null, start: { campaign: 'offer', version: 1, event } },
      ...(request ? { request } : {}),
    },
    ...fields,
  }
}

function planned(runs: KnownRun[], event: InboxRow = row(), plan: Plan = OFFER) {
  const context: DispatchContext = {
    row: event,
    follower: { ...newFollowerRow(FOLLOWER), followedAt: T0, followedSeq: 1 },
    runs,
    rules: 'wechat-2023',
    matched: { plan, reentry: 'always' },
    words: NO_OPT_OUT_WORDS,
  }
  const { action } = planDispatch(context)
  const replaces = 'event' in action && 'replaces' in action.event ? action.event.replaces : undefined
  const result = action.do === 'nothing' ? action.result : action.do
  return replaces === undefined ? result : `${result} for ${replaces}`
}

describe('an entry of a campaign that replaces', () => {
  it.each([
    ['a run of lower priority', run('hello', { priority: 4 }), 'start for run of hello'],
    ['a run of the same priority', run('hello', { priority: 5 }), 'start for run of hello'],
    ['no run of higher priority', run('hello', { priority: 6 }), 'interact'],
    ['no run of its own campaign', run('offer', { priority: 5 }), 'interact'],
    ['no run of a version without replacement', run('hello'), 'interact'],
    ['no paused run', run('hello', { priority: 4, status: 'paused' }), 'interact'],
    ['no run that began later', run('hello', { priority: 4, at: HOUR_MS }), 'interact'],
  ])('begins in the place of %s', (_, active, expected) => {
    expect(planned([active])).toBe(expected)
  })

  it('just starts when no run is active', () => {
    const ended = { ...run('hello', { priority: 4 }), status: 'ended' as const, outcome: 'completed' }
    expect(planned([ended])).toBe('start')
    expect(planned([])).toBe('start')
  })

  it('is only an interaction for a campaign that skips', () => {
    const { replaces: _, ...skips } = OFFER
    expect(planned([run('hello', { priority: 4 })], row(), skips)).toBe('interact')
  })

  it('replaces again in a retry, which finds its own row before that of the run', () => {
    const own = { ...run('offer'), runKey: 'entry' }
    const retry = row({ attempts: 2 })
    expect(planned([own, run('hello', { priority: 4 })], retry)).toBe('start for run of hello')
    const ended = { ...run('hello', { priority: 4 }), status: 'ended' as const, outcome: 'cancelled' }
    expect(planned([own, ended], retry)).toBe('start')
    const applied = { ...own, state: { ...own.state, revision: 3 } }
    expect(planned([applied, ended], retry)).toBe('already-done')
  })

  it('does not begin with an exit keyword of the run', () => {
    expect(planned([run('hello', { priority: 4 })], row({ text: 'TD' }))).toBe('interact')
  })

  it('begins by the API too, and waits for a run that ends for it', () => {
    const enter = (after?: string) =>
      row({ kind: 'enter', request: { type: 'enter', facts: {}, ...(after ? { after } : {}) } })
    const active = run('hello', { priority: 4 })
    expect(planned([active], enter())).toBe('start for run of hello')
    expect(planned([active], enter('run of hello'))).toBe('retry')
    expect(planned([run('hello', { priority: 6 })], enter())).toBe('busy')
  })
})

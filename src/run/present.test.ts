import { describe, expect, it } from 'vitest'
import type { Entry, Plan } from './plan.ts'
import { presentRun } from './present.ts'
import { beginRun } from './run-events.ts'
import { endRun } from './state.ts'

const plan: Plan = {
  campaign: 'welcome',
  version: 3,
  steps: [
    { id: 'hint', kind: 'text', media: false, afterMs: 20_000, since: 'entry', ifLate: 'hold', when: null },
    { id: 'gift', kind: 'news', media: false, afterMs: 0, since: 'reply', ifLate: 'hold', when: null },
  ],
  spacingMs: 2_000,
  windowMs: 172_800_000,
  exitKeywords: [],
}
const entry: Entry = {
  key: 'k1',
  at: Date.UTC(2026, 0, 1),
  seq: 1,
  event: 'subscribe',
  qrScene: null,
  eventKey: null,
  text: null,
}
const grant = {
  scene: 'subscribe',
  grantedAt: entry.at,
  expiresAt: entry.at + 60_000,
  quota: 3,
  used: 1,
} as const
const identity = { appId: 'wx1', openId: 'o1', runId: 'r1' }

describe('a presented run', () => {
  it('has every field of the contract, with times in ISO 8601', () => {
    expect(presentRun(beginRun(plan, entry, [grant]), identity)).toEqual({
      appId: 'wx1',
      openId: 'o1',
      runId: 'r1',
      campaign: 'welcome',
      version: 3,
      status: 'active',
      outcome: null,
      reason: null,
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: null,
      window: { closesAt: '2026-01-03T00:00:00.000Z' },
      ledger: [
        {
          scene: 'subscribe',
          grantedAt: '2026-01-01T00:00:00.000Z',
          expiresAt: '2026-01-01T00:01:00.000Z',
          quota: 3,
          used: 1,
        },
      ],
      steps: [
        {
          id: 'hint',
          state: 'pending',
          dueAt: '2026-01-01T00:00:20.000Z',
          sentAt: null,
          reason: null,
          errcode: null,
        },
        { id: 'gift', state: 'pending', dueAt: null, sentAt: null, reason: null, errcode: null },
      ],
    })
  })

  it('has the time, the outcome and the reason of its end', () => {
    const ended = endRun(beginRun(plan, entry, []), 'cancelled', 'asked by phone', entry.at + 1_000)
    expect(presentRun(ended, identity)).toMatchObject({
      status: 'ended',
      outcome: 'cancelled',
      reason: 'asked by phone',
      endedAt: '2026-01-01T00:00:01.000Z',
    })
  })

  it('contains no text of the follower and no dedupe key', () => {
    const state = {
      ...beginRun(plan, entry, []),
      reply: { at: entry.at, text: '我的电话' },
      seen: ['dedupe-1'],
    }
    expect(JSON.stringify(presentRun(state, identity))).not.toMatch(/我的电话|dedupe-1/)
  })
})

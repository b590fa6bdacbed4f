import { describe, expect, it } from 'vitest'
import type { Plan } from '../run/plan.ts'
import type { InboxRow } from '../store/inbox/inbox-rows.ts'
import type { FollowerRow } from '../store/runs/follower-rows.ts'
import { NO_OPT_OUT_WORDS } from './dispatch-context.ts'
import { planDispatch } from './plan-dispatch.ts'

const T0 = Date.parse('2026-11-23T08:00:00Z')
const PLAN: Plan = {
  ...{ campaign: 'welcome', version: 1, steps: [], spacingMs: 2_000, windowMs: 60_000, exitKeywords: [] },
}

function follow(aheadMs?: number): InboxRow {
  const start = { campaign: 'welcome', version: 1, event: 'subscribe' as const }
  return {
    ...{
      id: 7,
      appId: 'wxtest0000000001',
      openId: 'oTest',
      dedupeKey: 'k',
      kind: 'subscribe',
      createTime: T0,
    },
    ...{
      receivedAt: T0,
      reply: null,
      answered: null,
      answeredDay: null,
      dispatchedAt: null,
      result: null,
      leaseOwnerId: null,
      leaseExpiresAt: null,
    },
    ...{ attempts: 1, retryAt: null, lastError: null },
    event: {
      ...{ kind: 'subscribe', scene: 'subscribe', text: null, qrScene: null, eventKey: null, start },
      ...(aheadMs === undefined ? {} : { aheadMs }),
    },
  }
}

/** A follower who wrote and then unfollowed. The grant of that message ends 30 s after T0 by the machine's clock. */
const KNOWN: FollowerRow = {
  ...{
    appId: 'wxtest0000000001',
    openId: 'oTest',
    followedAt: null,
    followedSeq: null,
    unfollowedAt: T0 - 5_000,
  },
  ...{
    unfollowedSeq: 3,
    optedOutAt: null,
    resumedAt: null,
    agent: false,
    agentAt: null,
    agentSeq: null,
    paused: false,
    lastInteractionAt: T0 - 60_000,
    messageGrantEndsAt: T0 + 30_000,
  },
  ...{ unaskedSends: 0, attributes: null, attributesAt: null, own: {}, updatedAt: T0 },
  grants: [{ scene: 'message', grantedAt: T0 - 60_000, expiresAt: T0 + 30_000, quota: 5, used: 0 }],
}

const planFollow = (aheadMs?: number) =>
  planDispatch({
    row: follow(aheadMs),
    follower: KNOWN,
    runs: [],
    rules: 'wechat-2023',
    matched: { plan: PLAN, reentry: 'always' },
    words: NO_OPT_OUT_WORDS,
  })

describe('a follow that reached a machine whose clock is 70 s ahead', () => {
  it('is ordered by WeChat’s clock, and its grant is counted by the machine’s clock', () => {
    const { patch, action } = planFollow(70_000)
    expect(patch).toMatchObject({ followedAt: T0, followedSeq: 7, lastInteractionAt: T0 + 70_000 })
    if (action.do !== 'start') throw new Error(action.do)
    expect(action.event).toMatchObject({ at: T0, seq: 7, aheadMs: 70_000 })
    expect(action.event.start?.entry).toMatchObject({ at: T0, aheadMs: 70_000 })
    expect(action.ledger).toEqual([
      {
        ...{ scene: 'subscribe', grantedAt: T0 + 70_000, createTime: T0, expiresAt: T0 + 130_000 },
        ...{ quota: 3, used: 0 },
      },
    ])
  })

  it('is not corrected when the clocks agree', () => {
    const { patch, action } = planFollow()
    expect(patch.lastInteractionAt).toBe(T0)
    expect(JSON.stringify(action)).not.toMatch(/aheadMs|createTime/)
    if (action.do !== 'start') throw new Error(action.do)
    expect(action.ledger.map((g) => [g.scene, g.grantedAt])).toEqual([
      ['message', T0 - 60_000],
      ['subscribe', T0],
    ])
  })
})

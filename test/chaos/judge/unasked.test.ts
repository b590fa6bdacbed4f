import { describe, expect, it } from 'vitest'
import type { Evidence, FollowerAction, RunRecord, Send, StepRule } from './evidence.ts'
import { judge } from './judge.ts'

const T0 = Date.UTC(2026, 10, 24, 8)
const APP = 'wxjudge'
const ABOUT = { appId: APP, openId: 'o1' }
const S = 1_000
/** The follow arrives so late, s. Times of these tests are counted from its arrival. */
const LATE = 660
const DUE: Record<string, number> = { first: 2, second: 5, dropped: 8, waits: 11, over: 14 }

const RULES: StepRule[] = Object.entries(DUE).map(([id, s]) => ({
  ...{ id, afterMs: (LATE + s) * S, since: 'entry', when: null },
  ifLate: id === 'dropped' ? 'skip' : 'hold',
  ...(id === 'over' ? { anytime: true as const } : {}),
}))

/** What one follower gets, by the second of each request. A step without one was skipped. */
function evidence(
  sent: Record<string, number>,
  {
    later = [],
    faults = [],
  }: { later?: [FollowerAction['kind'], number][]; faults?: Evidence['faults'] } = {},
): Evidence {
  const entryAt = T0 - LATE * S
  const acts: [FollowerAction['kind'], number][] = [['follow', 0], ...later]
  const kinds = { follow: 'subscribe', unfollow: 'unsubscribe', type: 'text', click: 'click' }
  const actions = acts.map(([kind, s]) => ({
    ...{ ...ABOUT, kind, createTime: kind === 'follow' ? entryAt : T0 + s * S },
    ...{ began: T0 + s * S, ended: T0 + s * S + 50, ok: true, attempts: 1 },
  }))
  const steps: RunRecord['steps'] = Object.keys(DUE).map((id) => ({
    ...{ id, state: id in sent ? 'sent' : 'skipped', dueAt: entryAt, sentAt: null },
    ...{ reason: id in sent ? null : 'capped', errcode: null, delivery: null },
  }))
  const outcome = later.some(([kind]) => kind === 'unfollow') ? 'unsubscribed' : 'completed'
  const sends: Send[] = Object.entries(sent).map(([step, s]) => ({
    ...{ ...ABOUT, at: T0 + s * S, step, entryAt, errcode: 0, delivered: true, unclear: false },
  }))
  return {
    accounts: {
      [APP]: {
        ...{ profile: 'classic-48h', onUnknown: 'retry', steps: RULES, windowMs: (LATE + 150) * S },
        ...{ cap: { messages: 2, perMs: 60 * S }, followsLateMs: LATE * S },
      },
    },
    actions,
    inbox: actions.map((a) => ({ ...a, kind: kinds[a.kind], dispatched: true })),
    sends,
    runs: [{ ...ABOUT, version: 1, entryAt, status: 'ended', outcome, steps }],
    ...{ faults, crashes: {}, endedAt: T0 + 300 * S },
  }
}

const findings = (e: Evidence) => {
  const { lost, duplicated, broken } = judge(e)
  return [...lost, ...duplicated, ...broken].map(({ problem }) => problem)
}
const KEPT = { first: 2, second: 5, over: 14, waits: 65.1 }

describe('the judge of an account with a cap', () => {
  it('finds nothing when the third is skipped, the fourth waits and one goes over the cap', () => {
    expect(findings(evidence(KEPT))).toEqual([])
    // What the cap held is late by what came after the cap only.
    const late = judge(evidence(KEPT)).lateness.map((l) => l.ms)
    expect(Math.max(...late)).toBeLessThanOrEqual(100)
  })

  it('reports a message over the cap', () => {
    expect(findings(evidence({ ...KEPT, dropped: 8 }))).toContain('dropped went over the cap of 2 messages')
    expect(findings(evidence({ ...KEPT, waits: 11 }))).toContain('waits went over the cap of 2 messages')
    // Another one went over the cap meanwhile, so one that has left the period is not enough.
    expect(findings(evidence({ ...KEPT, waits: 62.1 }))).toContain('waits went over the cap of 2 messages')
  })

  it('counts a message that a fault or a slow machine delayed from its due time on', () => {
    const sent = { ...KEPT, second: 9, waits: 65.1 }
    const fault = { kind: 'disk-full', target: 'disk', from: T0 + 4 * S, to: T0 + 8 * S }
    expect(findings(evidence(sent, { faults: [fault] }))).toEqual([])
    expect(findings(evidence(sent))).toEqual([])
    // It was 4 s late, so the period is not shorter than by that.
    expect(findings(evidence({ ...sent, waits: 64.9 }))).toEqual(['waits went over the cap of 2 messages'])
  })

  it('reports a message that is never sent, or skipped although the cap is not reached', () => {
    const { waits: _, ...withoutIt } = KEPT
    expect(findings(evidence(withoutIt))).toEqual([expect.stringContaining('skipped (capped) without')])
    const { first: __, ...withoutFirst } = KEPT
    expect(findings(evidence({ ...withoutFirst, waits: 65 })).length).toBeGreaterThan(0)
  })

  it('accepts that the follower unfollows while a message waits for the cap', () => {
    const { waits: _, ...before } = KEPT
    expect(findings(evidence(before, { later: [['unfollow', 20]] }))).toEqual([])
  })

  it('expects answers at once, whatever the cap', () => {
    const typed = { later: [['type', 4]] as [FollowerAction['kind'], number][] }
    expect(findings(evidence({ first: 2, second: 5, dropped: 8, waits: 11, over: 14 }, typed))).toEqual([])
    expect(findings(evidence({ first: 2, second: 5, waits: 11, over: 14 }, typed))).toEqual([
      expect.stringContaining('skipped (capped) without'),
    ])
  })
})

describe('a chaos run in which WeChat stopped repeating most callbacks', () => {
  it('proves too little', () => {
    const unproven = (lost: number) => {
      const given = Array.from({ length: lost }, (_, i) => ({
        ...{ ...ABOUT, openId: `lost${i}`, kind: 'follow' as const, createTime: T0 + i * S },
        ...{ began: T0 + i * S, ended: T0 + i * S + 15_000, ok: false, attempts: 4 },
      }))
      const one = evidence(KEPT)
      return judge({ ...one, actions: [...one.actions, ...given] }).unproven
    }
    expect(unproven(198)).toEqual([
      { subject: 'callbacks', problem: '1 of 199 were accepted, and less than 50 % prove too little' },
    ])
    expect(unproven(0)).toEqual([])
  })
})

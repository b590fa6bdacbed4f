import { describe, expect, it } from 'vitest'
import { createRandom } from '../../harness/random.ts'
import { MUTATIONS, mutatedText, mutationByName } from '../mutations.ts'
import { planFaults } from '../schedule.ts'
import type { AccountRules, Evidence, FollowerAction, RunRecord, Send } from './evidence.ts'
import { judge } from './judge.ts'

const T0 = Date.UTC(2026, 10, 24, 8)
const APP = 'wxjudge'
const S = 1_000

const followerAction = (
  kind: FollowerAction['kind'],
  atS: number,
  more: Partial<FollowerAction> = {},
): FollowerAction => ({
  appId: APP,
  openId: 'o1',
  kind,
  createTime: T0 + atS * S,
  began: T0 + atS * S,
  ended: T0 + atS * S + 50,
  ok: true,
  attempts: 1,
  ...more,
})
const send = (step: string, atS: number, more: Partial<Send> = {}): Send => ({
  appId: APP,
  openId: 'o1',
  at: T0 + atS * S,
  step,
  entryAt: T0,
  errcode: 0,
  delivered: true,
  unclear: false,
  ...more,
})
type Step = RunRecord['steps'][number]
const step = (id: string, state: string, dueS: number | null, more: Partial<Step> = {}): Step => ({
  id,
  state,
  dueAt: dueS === null ? null : T0 + dueS * S,
  sentAt: null,
  reason: null,
  errcode: null,
  delivery: null,
  ...more,
})

/** A follower who follows, replies after ten seconds, and receives both steps. */
function evidence(more: Partial<Evidence> = {}, onUnknown: 'retry' | 'assume-sent' = 'retry'): Evidence {
  const acts = more.actions ?? [followerAction('follow', 0), followerAction('type', 10)]
  const kinds = { follow: 'subscribe', unfollow: 'unsubscribe', type: 'text', click: 'click' }
  return {
    accounts: {
      [APP]: {
        profile: 'wechat-2023',
        onUnknown,
        windowMs: 120 * S,
        steps: [
          { id: 'soon', afterMs: 5 * S, since: 'entry', ifLate: 'hold', when: null },
          { id: 'gift', afterMs: 0, since: 'reply', ifLate: 'hold', when: null },
        ],
      },
    },
    actions: acts,
    inbox: acts.map((a) => ({ ...a, kind: kinds[a.kind], dispatched: true })),
    sends: [send('soon', 5), send('gift', 10)],
    runs: [run([step('soon', 'sent', 5), step('gift', 'sent', 10)])],
    faults: [],
    crashes: {},
    endedAt: T0 + 300 * S,
    ...more,
  }
}

function run(steps: Step[], more: Partial<RunRecord> = {}): RunRecord {
  return {
    appId: APP,
    openId: 'o1',
    version: 1,
    entryAt: T0,
    status: 'ended',
    outcome: 'completed',
    steps,
    ...more,
  }
}

const outcome = (e: Evidence) => {
  const { lost, duplicated, broken } = judge(e)
  return { lost: lost.length, duplicated: duplicated.length, broken: broken.length }
}
const CLEAN = { lost: 0, duplicated: 0, broken: 0 }

describe('the judge of a chaos run', () => {
  it('finds nothing when every guarantee was kept', () => {
    expect(outcome(evidence())).toEqual(CLEAN)
  })

  it.each<[string, Partial<Evidence>]>([
    ['an answered callback that is not in the store', { inbox: [] }],
    [
      'an event that was never dispatched',
      { inbox: [{ appId: APP, openId: 'o1', kind: 'text', createTime: T0 + 10 * S, dispatched: false }] },
    ],
    ['an accepted follow without a run', { runs: [], sends: [] }],
    ['a step recorded as sent that WeChat never received', { sends: [send('soon', 5)] }],
    [
      'a step skipped although a grant could pay',
      {
        sends: [send('soon', 5)],
        runs: [run([step('soon', 'sent', 5), step('gift', 'skipped', 10, { reason: 'no-grant' })])],
      },
    ],
    [
      'a run that never ended',
      { runs: [run([step('soon', 'sent', 5), step('gift', 'sent', 10)], { status: 'active' })] },
    ],
  ])('reports as lost: %s', (_, more) => {
    expect(judge(evidence(more)).lost.length).toBeGreaterThan(0)
  })

  it('accepts a fault as the reason for a skipped step only where it left the grant no time', () => {
    const skipped = {
      sends: [send('soon', 5)],
      runs: [run([step('soon', 'sent', 5), step('gift', 'skipped', 10, { reason: 'window-closed' })])],
    }
    const fault = (toS: number) => [{ kind: 'kill', target: 'worker', from: T0 + 8 * S, to: T0 + toS * S }]
    expect(outcome(evidence({ ...skipped, faults: fault(110) }))).toEqual(CLEAN)
    expect(outcome(evidence({ ...skipped, faults: fault(30) }))).toMatchObject({ lost: 1 })
  })

  describe('a step that an unfollow overtook', () => {
    const [follow, unfollow] = [followerAction('follow', 0), followerAction('unfollow', 8)]
    const overtaken = run([step('soon', 'skipped', 5), step('gift', 'skipped', null)], {
      outcome: 'unsubscribed',
    })
    /** Another follower follows at `entryS` and gets the same step, due 5 s later, at `sentS`. */
    const besideOneSent = (entryS: number, sentS: number, faults: Evidence['faults'] = []) => {
      const another = { openId: 'o2', entryAt: T0 + entryS * S }
      return evidence({
        actions: [follow, unfollow, followerAction('follow', entryS, { openId: 'o2' })],
        sends: [send('soon', sentS, another)],
        runs: [overtaken, run([step('soon', 'sent', entryS + 5), step('gift', 'skipped', null)], another)],
        faults,
      })
    }

    it('is excused when another step of that moment was as late', () => {
      expect(outcome(besideOneSent(0, 9))).toEqual(CLEAN)
      expect(outcome(besideOneSent(0, 6))).toMatchObject({ lost: 1 })
    })

    it('is excused when a step at another time was as late without a fault', () => {
      expect(outcome(besideOneSent(60, 69))).toEqual(CLEAN)
      const fault = { kind: 'kill', target: 'worker', from: T0 + 64 * S, to: T0 + 66 * S }
      expect(outcome(besideOneSent(60, 69, [fault]))).toMatchObject({ lost: 1 })
    })

    it('is not excused without a measured lateness, however short before the unfollow it was due', () => {
      const alone = (atS: number) =>
        evidence({ actions: [follow, followerAction('unfollow', atS)], sends: [], runs: [overtaken] })
      expect(outcome(alone(5.001))).toMatchObject({ lost: 1 })
      expect(outcome(alone(5))).toEqual(CLEAN)
    })
  })

  it('measures the lateness of a step without delay from the moment at which its follower acted', () => {
    const typed = followerAction('type', 10, { began: T0 + 10_900 })
    const { lateness } = judge(
      evidence({ actions: [followerAction('follow', 0), typed], sends: [send('soon', 5), send('gift', 11)] }),
    )
    expect(lateness.map((l) => l.ms)).toEqual([0, 100])
  })

  it('accepts a send a second before the margin in which it was due, and none earlier', () => {
    const { accounts } = evidence()
    const atTheMargin = { id: 'soon', afterMs: 58 * S, since: 'entry', ifLate: 'hold', when: null } as const
    const rules = accounts[APP] as AccountRules
    const sentAt = (atS: number) =>
      evidence({
        accounts: { [APP]: { ...rules, steps: [atTheMargin] } },
        sends: [send('soon', atS)],
        runs: [run([step('soon', 'sent', 58)])],
      })
    expect(outcome(sentAt(56))).toEqual(CLEAN)
    expect(outcome(sentAt(55.999))).toMatchObject({ broken: 1 })
  })

  it('counts unclear attempts of every step against the quota', () => {
    const skipped = (unclear: number) =>
      evidence({
        sends: [
          send('soon', 5),
          ...Array.from({ length: unclear }, (_, i) =>
            send('gift', 11 + i, { delivered: false, unclear: true }),
          ),
          ...Array.from({ length: 3 }, (_, i) => send('more', 20 + i, { delivered: i === 0, unclear: true })),
        ],
        runs: [run([step('soon', 'sent', 5), step('gift', 'skipped', 10, { reason: 'window-closed' })])],
      })
    expect(outcome(skipped(1))).toMatchObject({ lost: 1 })
    // The follow allows 3 messages, the reply 5; `soon` used one.
    expect(outcome(skipped(4))).toMatchObject({ lost: 0 })
  })

  it('reports a second delivery as a duplicate, unless the first was unclear and the account retries', () => {
    const twice = (unclear: boolean) => [send('soon', 5, { unclear }), send('soon', 16), send('gift', 10)]
    expect(outcome(evidence({ sends: twice(false) }))).toMatchObject({ duplicated: 1 })
    expect(outcome(evidence({ sends: twice(true) }))).toEqual(CLEAN)
    expect(outcome(evidence({ sends: twice(true) }, 'assume-sent'))).toMatchObject({ duplicated: 1 })
  })

  it.each<[string, Partial<Evidence>]>([
    [
      'a send after the unfollow was answered',
      {
        actions: [followerAction('follow', 0), followerAction('unfollow', 2)],
        sends: [send('soon', 5, { errcode: 45015, delivered: false })],
        runs: [run([step('soon', 'skipped', 5), step('gift', 'skipped', null)], { outcome: 'unsubscribed' })],
      },
    ],
    [
      'a send beyond its grant',
      { sends: [send('soon', 5), send('gift', 10), send('gift', 11, { errcode: 45047, delivered: false })] },
    ],
    ['a send that is too early', { sends: [send('soon', 4.999), send('gift', 10)] }],
    [
      'a delivered step that is recorded as skipped',
      { runs: [run([step('soon', 'skipped', 5, { reason: 'late' }), step('gift', 'sent', 10)])] },
    ],
    [
      'an unknown outcome without an unclear attempt',
      { runs: [run([step('soon', 'unknown', 5), step('gift', 'sent', 10)])] },
    ],
    [
      'a terminated run',
      { runs: [run([step('soon', 'sent', 5), step('gift', 'sent', 10)], { outcome: 'terminated' })] },
    ],
  ])('reports as broken: %s', (_, more) => {
    expect(judge(evidence(more)).broken.length).toBeGreaterThan(0)
  })

  it('computes the lateness of a held step from the grant that released it', () => {
    const late = judge(evidence({ sends: [send('soon', 5), send('gift', 12)] })).lateness
    expect(late.map((l) => l.ms)).toEqual([0, 2 * S])
  })
})

describe('the schedule of faults', () => {
  const plan = (seed: number) =>
    planFaults(createRandom(seed), { forMs: 600_000, processes: ['a', 'b', 'c'], disk: true })

  it('is the same for the same seed, and different for another seed', () => {
    expect(plan(7)).toEqual(plan(7))
    expect(plan(7)).not.toEqual(plan(8))
  })

  it('hits every process, the disk, WeChat and callbacks, and ends in time', () => {
    const faults = plan(7)
    const targets = new Set(faults.map((f) => f.target))
    expect([...targets].sort()).toEqual(['a', 'b', 'c', 'callbacks', 'custom/send', 'disk'])
    expect(Math.max(...faults.map((f) => f.atMs + f.lastsMs))).toBeLessThanOrEqual(600_000)
  })
})

describe('a schedule with a focus', () => {
  const forMs = 600_000
  it('has only the given kinds of faults, on the named processes', () => {
    const focus = { processes: /worker/, kinds: ['kill', 'hangs-after'] as const }
    const faults = planFaults(createRandom(7), { forMs, processes: ['serve', 'worker-1'], disk: true, focus })
    expect(new Set(faults.map((f) => `${f.kind} ${f.target}`))).toEqual(
      new Set(['kill worker-1', 'hangs-after custom/send']),
    )
  })

  it('hits all processes where none has such a name', () => {
    const focus = { processes: /worker/, kinds: ['kill'] as const }
    const faults = planFaults(createRandom(7), { forMs, processes: ['whole'], disk: false, focus })
    expect(new Set(faults.map((f) => `${f.kind} ${f.target}`))).toEqual(new Set(['kill whole']))
  })
})

describe('the mutations', () => {
  it.each(Object.keys(MUTATIONS))('%s applies to the present code', (name) => {
    const mutation = MUTATIONS[name]
    expect(mutation && mutatedText(mutation)).toContain(mutation?.replace)
  })
  it('are listed in the error for an unknown name', () => {
    expect(() => mutationByName('nothing')).toThrow(/"nothing".*answer-first/)
  })
})

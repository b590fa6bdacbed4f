import { describe, expect, it } from 'vitest'
import type { Evidence, RunRecord, Send, StatisticsRecord } from './evidence.ts'
import { judge } from './judge.ts'

const T0 = Date.UTC(2026, 10, 24, 8)
const APP = 'wxjudge'
const S = 1_000
const STEPS = ['soon', 'later'] as const

type Step = RunRecord['steps'][number]
const step = (id: string, state: string, more: Partial<Step> = {}): Step => ({
  ...{ id, state, dueAt: null, sentAt: null, reason: null, errcode: null, delivery: state },
  ...more,
})
const entryOf = (i: number) => T0 + i * S

/** Three followers get both messages: two in the first version of the campaign, one in the second. */
function evidence(more: Partial<Evidence> = {}): Evidence {
  const followers = [1, 2, 3].map((i) => ({ appId: APP, openId: `o${i}`, i }))
  return {
    accounts: {
      [APP]: {
        ...{ profile: 'classic-48h', onUnknown: 'retry', windowMs: 120 * S },
        steps: STEPS.map((id, n) => ({
          ...{ id, afterMs: (n + 1) * 5 * S, since: 'entry', ifLate: 'hold', when: null },
        })),
      },
    },
    actions: followers.map(({ i, ...of }) => ({
      ...{ ...of, kind: 'follow', createTime: entryOf(i), began: entryOf(i), ended: entryOf(i) + 50 },
      ...{ ok: true, attempts: 1 },
    })),
    inbox: followers.map(({ i, ...of }) => ({
      ...{ ...of, kind: 'subscribe', createTime: entryOf(i), dispatched: true },
    })),
    sends: followers.flatMap(({ i, ...of }) => STEPS.map((id, n) => sendOf(of.openId, id, i, (n + 1) * 5))),
    runs: followers.map(({ i, ...of }) =>
      runOf(
        of.openId,
        i,
        STEPS.map((id) => step(id, 'sent')),
      ),
    ),
    statistics: [counted(null, 3), counted(1, 2), counted(2, 1)],
    faults: [],
    crashes: {},
    endedAt: T0 + 300 * S,
    ...more,
  }
}

function sendOf(openId: string, id: string, i: number, afterS: number, more: Partial<Send> = {}): Send {
  return {
    ...{ appId: APP, openId, at: entryOf(i) + afterS * S, step: id, entryAt: entryOf(i) },
    ...{ errcode: 0, delivered: true, unclear: false },
    ...more,
  }
}

function runOf(openId: string, i: number, steps: Step[]): RunRecord {
  return {
    ...{ appId: APP, openId, version: i < 3 ? 1 : 2, entryAt: entryOf(i) },
    ...{ status: 'ended', outcome: 'completed', steps },
  }
}

function counted(
  version: number | null,
  n: number,
  more: Partial<StatisticsRecord> = {},
  unknown: Partial<Record<(typeof STEPS)[number], number>> = {},
): StatisticsRecord {
  return {
    ...{ appId: APP, version, entered: n, uncounted: 0, ended: { completed: n } },
    steps: STEPS.map((id) => ({ step: id, sent: n - (unknown[id] ?? 0), unknown: unknown[id] ?? 0 })),
    ...more,
  }
}

const problems = (e: Evidence) => judge(e).broken.map(({ subject, problem }) => `${subject}: ${problem}`)

describe('the statistics of a chaos run', () => {
  it('are right when they count what WeChat received', () => {
    const verdict = judge(evidence())
    expect(verdict.broken).toEqual([])
    expect(verdict.counts).toMatchObject({
      'statistics: steps compared': 4,
      'statistics: messages that the log shows clearly': 6,
    })
  })

  it.each<[string, Partial<StatisticsRecord>]>([
    [
      'a message too many',
      {
        steps: [
          { step: 'soon', sent: 3, unknown: 0 },
          { step: 'later', sent: 2, unknown: 0 },
        ],
      },
    ],
    [
      'a message too few',
      {
        steps: [
          { step: 'soon', sent: 2, unknown: 0 },
          { step: 'later', sent: 1, unknown: 0 },
        ],
      },
    ],
    ['a step less', { steps: [{ step: 'soon', sent: 2, unknown: 0 }] }],
    ['a run twice', { entered: 3, ended: { completed: 3 } }],
    ['another outcome', { ended: { completed: 1, 'window-closed': 1 } }],
    ['a run that it has not read', { uncounted: 1 }],
  ])('are wrong when one version has %s', (_, more) => {
    expect(
      problems(evidence({ statistics: [counted(null, 3), counted(1, 2, more), counted(2, 1)] })),
    ).not.toEqual([])
  })

  it('are wrong when a message is counted in another version', () => {
    const swapped = [counted(null, 3), counted(1, 1), counted(2, 2)]
    expect(problems(evidence({ statistics: swapped })).length).toBeGreaterThan(3)
  })

  it('are wrong when no accepted follow began a run that they count', () => {
    const { actions, inbox } = evidence()
    expect(problems(evidence({ actions: actions.slice(1), inbox: inbox.slice(1) }))).toContain(
      `statistics of ${APP}: entered: 3, but 2 accepted follows began a run`,
    )
  })

  it('count a message that WeChat received for no run', () => {
    const { sends } = evidence()
    expect(problems(evidence({ sends: [...sends, sendOf('o9', 'soon', 1, 5)] }))).toEqual([
      expect.stringContaining('for a run that does not exist'),
    ])
  })

  describe('of a message whose outcome is unclear', () => {
    const unclear = (recorded: Step, more: Partial<Send>, n: StatisticsRecord[]) => {
      const { sends, runs } = evidence()
      return evidence({
        sends: [
          ...sends.filter((s) => s.openId !== 'o3' || s.step !== 'later'),
          sendOf('o3', 'later', 3, 10, more),
        ],
        runs: [...runs.slice(0, 2), runOf('o3', 3, [step('soon', 'sent'), recorded])],
        statistics: n,
      })
    }
    const all = [counted(null, 3), counted(1, 2), counted(2, 1)]
    const without = [counted(null, 3, {}, { later: 1 }), counted(1, 2), counted(2, 1, {}, { later: 1 })]

    it('follow the row of the run', () => {
      const unanswered = { unclear: true, errcode: null }
      expect(problems(unclear(step('later', 'unknown'), unanswered, without))).toEqual([])
      expect(problems(unclear(step('later', 'unknown'), unanswered, all))).not.toEqual([])
      expect(problems(unclear(step('later', 'sent'), unanswered, all))).toEqual([])
      expect(problems(unclear(step('later', 'sent'), unanswered, without))).not.toEqual([])
      expect(judge(unclear(step('later', 'sent'), unanswered, all)).counts).toMatchObject({
        'statistics: sent by the row, unclear in the log': 1,
      })
    })

    it('count an answer that only the delivery knows', () => {
      const late = step('later', 'unknown', { delivery: 'sent' })
      expect(problems(unclear(late, { unclear: true }, all))).toEqual([])
      expect(problems(unclear(late, { unclear: true }, without))).not.toEqual([])
    })

    it('must count a clear delivery without a fault', () => {
      expect(problems(unclear(step('later', 'unknown'), {}, without)).join()).toMatch(/later sent: 0/)
    })
  })
})

import { describe, expect, it } from 'vitest'
import { hash32 } from '../../../src/run/hash.ts'
import { ACCOUNTS } from '../campaigns.ts'
import type { Evidence, FaultRecord, FollowerAction, RunRecord } from './evidence.ts'
import { judge } from './judge.ts'
import { shareOf } from './share-of.ts'

const T0 = Date.UTC(2026, 10, 24, 8)
const S = 1_000
const account = ACCOUNTS.find((a) => a.rules.ways)
if (!account?.rules.ways) throw new Error('no account has a campaign with forks')
const APP = account.appId
const { ways } = account.rules

/** A follower of whom the share makes `half-a`, and one of whom it makes `half-b`. */
const [INSIDE, OUTSIDE] = [true, false].map((isInside) => {
  const names = Array.from({ length: 50 }, (_, i) => `o${i}`)
  return names.find((id) => shareOf(APP, id, ways.campaign, 'half') < 5_000 === isInside) ?? ''
})

type Act = [FollowerAction['kind'], number, string?]
interface Story {
  openId?: string | undefined
  acts?: Act[]
  /** The steps that WeChat received, with the second after the entry. */
  sent: [string, number][]
  paidAtS?: number
  faults?: FaultRecord[]
  run?: Partial<RunRecord>
}

function evidenceOf({ openId = INSIDE ?? '', acts = [], sent, paidAtS, faults = [], run }: Story): Evidence {
  const about = { appId: APP, openId }
  const at = (s: number) => T0 + s * S
  const actions = ([['follow', 0], ...acts] as Act[]).map(([kind, s, text]) => ({
    ...{ ...about, kind, createTime: at(s), began: at(s), ended: at(s) + 50, ok: true, attempts: 1 },
    ...(text === undefined ? {} : { text }),
  }))
  const kinds = { follow: 'subscribe', unfollow: 'unsubscribe', type: 'text', click: 'click' }
  const { answer, share, paid } = ways
  const all = [
    ...[ways.ask, answer.meanwhile, ...Object.values(answer.branches).flat(), ...answer.silent],
    ...[share.inside, share.outside, paid.yes, paid.no, ways.last],
  ]
  const received = new Map(sent)
  return {
    accounts: { [APP]: account?.rules as Evidence['accounts'][string] },
    actions,
    facts: paidAtS === undefined ? [] : [{ ...about, began: at(paidAtS), ended: at(paidAtS) + 50 }],
    inbox: actions.map((a) => ({ ...a, kind: kinds[a.kind], dispatched: true })),
    sends: sent.map(([step, s]) => ({
      ...{ ...about, at: at(s), step, entryAt: T0, errcode: 0, delivered: true, unclear: false },
    })),
    runs: [
      {
        ...{ ...about, version: 1, entryAt: T0, status: 'ended', outcome: 'completed' },
        steps: all.map((id) => ({
          ...{ id, state: received.has(id) ? 'sent' : 'skipped', dueAt: null, sentAt: null },
          ...{ reason: received.has(id) ? null : 'other-branch', errcode: null, delivery: null },
        })),
        ...run,
      },
    ],
    faults,
    crashes: {},
    endedAt: at(300),
  }
}

const findings = (story: Story) => {
  const { lost, duplicated, broken } = judge(evidenceOf(story))
  return [...lost, ...duplicated, ...broken].map((f) => f.problem)
}

const ONE: Story['sent'] = [
  ['ask', 2],
  ['one', 5],
  ['one-more', 8],
  ['half-a', 10],
  ['offer', 18],
  ['bye', 20],
]
const SILENT: Story['sent'] = [
  ['ask', 2],
  ['remind', 9],
  ['silent', 16],
  ['half-a', 18],
  ['offer', 26],
  ['bye', 28],
]
const TYPED_1: Act[] = [['type', 5, '1']]
const replaced = (sent: Story['sent'], step: string, by: [string, number][]) =>
  sent.flatMap((s) => (s[0] === step ? by : [s]))
const fault = (from: number, to: number): FaultRecord => ({
  ...{ kind: 'kill', target: 'worker-1', from: T0 + from * S, to: T0 + to * S },
})

describe('the judge of a campaign with forks', () => {
  it.each<[string, Story]>([
    ['the way of a word', { acts: TYPED_1, sent: ONE }],
    ['the way of a silent follower', { sent: SILENT }],
    ['a word that no branch has', { acts: [['type', 6, 'hello']], sent: SILENT }],
    [
      'a tap',
      { acts: [['click', 5]], sent: replaced(replaced(ONE, 'one', [['tapped', 5]]), 'one-more', []) },
    ],
    ['the first of two answers', { acts: [...TYPED_1, ['type', 7, '2']], sent: ONE }],
    ['a fact', { acts: TYPED_1, sent: replaced(ONE, 'offer', [['thanks', 13]]), paidAtS: 13 }],
    ['the other share', { openId: OUTSIDE, acts: TYPED_1, sent: replaced(ONE, 'half-a', [['half-b', 10]]) }],
    ['an answer that a fault delays', { acts: [['type', 12, '1']], sent: SILENT, faults: [fault(11, 17)] }],
    [
      'an answer to a question whose first requests a fault lost',
      { acts: TYPED_1, sent: ONE.map(([id, s]) => [id, s + 20]), faults: [fault(1, 21)] },
    ],
    [
      'a wait that is counted from a request that a fault delayed',
      { sent: SILENT.map(([id, s]) => [id, id === 'ask' ? 12 : s + 2]), faults: [fault(1, 11)] },
    ],
    [
      'a window that closes during a fault',
      { sent: [['ask', 60]], faults: [fault(1, 59)], run: { outcome: 'window-closed' } },
    ],
  ])('accepts %s', (_, story) => {
    expect(findings(story)).toEqual([])
  })

  it.each<[string, Story, RegExp]>([
    ['two branches', { acts: TYPED_1, sent: [...ONE, ['two', 6]] }, /went 2 ways at answer/],
    ['another branch', { acts: [['type', 5, '2']], sent: ONE }, /took 1 at answer, not 2/],
    [
      'the second answer',
      {
        acts: [
          ['type', 4, '2'],
          ['type', 5, '1'],
        ],
        sent: ONE,
      },
      /took 1 at answer, not 2/,
    ],
    ['an answer that nobody gave', { sent: ONE }, /took 1 at answer, not silent/],
    ['silence in spite of an answer', { acts: TYPED_1, sent: SILENT }, /took silent at answer, not 1/],
    [
      'a step before its question',
      { acts: TYPED_1, sent: replaced(ONE, 'ask', [['ask', 9]]) },
      /went \d+ ms before ask/,
    ],
    [
      'a wait that ends early',
      { sent: replaced(SILENT, 'silent', [['silent', 11]]) },
      /went silent 3500 ms before it was decided/,
    ],
    ['an answer before it was given', { acts: [['type', 6, '1']], sent: ONE }, /went 1 1000 ms before/],
    ['the wrong share', { acts: TYPED_1, sent: replaced(ONE, 'half-a', [['half-b', 10]]) }, /belongs inside/],
    [
      'a fact that nobody set',
      { acts: TYPED_1, sent: replaced(ONE, 'offer', [['thanks', 13]]) },
      /was not set/,
    ],
    ['a fact that did not count', { acts: TYPED_1, sent: ONE, paidAtS: 12 }, /took no at paid/],
    [
      'a step below a wait that is not decided',
      { acts: TYPED_1, sent: replaced(ONE, 'offer', [['offer', 12]]) },
      /went no 4500 ms before paid was decided/,
    ],
    [
      'a reminder after the answer',
      { acts: TYPED_1, sent: [...ONE, ['remind', 9]] },
      /a reminder went after/,
    ],
    [
      'a way that lacks a step',
      { acts: TYPED_1, sent: replaced(ONE, 'one-more', []) },
      /completed without one-more/,
    ],
    ['a fork without a way', { acts: TYPED_1, sent: replaced(ONE, 'half-a', []) }, /without a way at share/],
    [
      'a window that closes without a fault',
      { sent: [['ask', 60]], run: { outcome: 'window-closed' } },
      /window closed before/,
    ],
  ])('reports %s', (_, story, problem) => {
    expect(findings(story)).toContainEqual(expect.stringMatching(problem))
  })

  it('divides followers as the product does', () => {
    for (const openId of ['oA', 'oB', 'oC', 'o0123456789']) {
      const seed = hash32(APP, openId, ways.campaign)
      expect(shareOf(APP, openId, ways.campaign, 'half')).toBe(hash32(seed, 'half') % 10_000)
    }
  })
})

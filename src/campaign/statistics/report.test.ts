import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../../test/harness/file-plan.ts'
import { describeEvents } from './answer-counts.ts'
import type { CountedRow } from './counted-row.ts'
import { statisticsOf, type VersionPlan } from './report.ts'

const planOf = (items: string): VersionPlan => {
  const { forks = [], steps } = planOfItems(items)
  return { forks, steps: steps.map(({ id }) => id), answers: [] }
}
const send = (id: string) => `{ id: ${id}, send: { text: x } }`
const V1 = planOf(`
- ${send('hello')}
- { id: test, branches: [{ name: short, share: 50, steps: [${send('a')}] }], else: [${send('b')}] }
`)
/** The fork has another number, another branch and another step before it. */
const V2 = planOf(`
- ${send('new')}
- { id: ask, branches: [{ when: { tag: vip }, steps: [] }] }
- { id: test, branches: [{ name: short, share: 50, steps: [${send('a')}] }, { name: fun, share: 25, steps: [] }], else: [${send('b')}] }
`)
const plans = (version: number) => ({ 1: V1, 2: V2 })[version] ?? null

const row = (metric: string, n: number, more: Partial<CountedRow> = {}): CountedRow => ({
  ...{ version: 1, variant: '', step: '', day: null, scene: null, value: 0 },
  metric,
  n,
  ...more,
})

describe('statistics of a campaign', () => {
  it('are empty without runs', () => {
    const none = statisticsOf([], plans)
    expect(none.runs).toEqual({
      ...{ entered: 0, replied: 0, goals: 0, value: 0, unfollowed: 0, active: 0, uncounted: 0 },
      ended: {},
    })
    expect([none.steps, none.forks, none.tests, none.days, none.scenes]).toEqual([[], [], [], [], []])
  })

  it('add up versions, by the names of forks and branches', () => {
    const { forks, tests } = statisticsOf(
      [
        row('taken:0', 5, { step: '0', variant: '0=0' }),
        row('taken:0', 7, { step: '1', variant: '1=0', version: 2 }),
        row('taken:1', 2, { step: '1', variant: '1=1', version: 2 }),
        row('taken:-1', 3, { step: '0', version: 2 }),
        row('entered', 5, { variant: '0=0' }),
        row('entered', 7, { variant: '1=0', version: 2 }),
        row('entered', 2, { variant: '1=1', version: 2 }),
        row('entered', 4, { variant: '0=-1' }),
      ],
      plans,
    )
    expect(forks).toEqual([
      { fork: 'ask', taken: { else: 3 } },
      { fork: 'test', taken: { short: 12, fun: 2 } },
    ])
    expect(tests.map(({ variants }) => variants.map((v) => [v.branch, v.entered]))).toEqual([
      [
        ['short', 12],
        ['fun', 2],
        ['else', 4],
      ],
    ])
  })

  it('compare each variant with the first', () => {
    const variant = (took: number, entered: number, goals: number) => [
      row('entered', entered, { variant: `0=${took}` }),
      row('goal', goals, { variant: `0=${took}`, value: goals * 2 }),
    ]
    const [test] = statisticsOf([...variant(-1, 1_000, 130), ...variant(0, 1_000, 100)], plans).tests
    expect(test?.variants).toMatchObject([
      { branch: 'short', goals: 100, rate: 0.1, value: 200, p: null },
      { branch: 'else', goals: 130, rate: 0.13, p: expect.closeTo(0.0355, 3) },
    ])
    const [small] = statisticsOf([...variant(-1, 99, 50), ...variant(0, 1_000, 100)], plans).tests
    expect(small?.variants.map(({ p }) => p)).toEqual([null, null])
  })

  it('select the runs of a variant', () => {
    const rows = [row('entered', 5, { variant: '0=0' }), row('entered', 4, { variant: '0=-1' })]
    expect(statisticsOf(rows, plans, 'test=short').runs.entered).toBe(5)
    expect(statisticsOf(rows, plans, 'test=none').runs.entered).toBe(0)
  })

  it('list steps in the order of the newest version, and steps that it no longer has', () => {
    const sent = (step: string, version: number) => row('sent', 1, { step, version })
    const { steps } = statisticsOf([sent('a', 2), sent('hello', 1), sent('new', 2), sent('gone', 1)], plans)
    expect(steps.map(({ step }) => step)).toEqual(['new', 'a', 'hello', 'gone'])
  })

  it('list branches in the order of the file, whatever the order of the rows', () => {
    const rows = [row('taken:-1', 1, { step: '0' }), row('taken:0', 3, { step: '0' })]
    for (const some of [rows, rows.toReversed()]) {
      const [fork] = statisticsOf(some, plans).forks
      expect(Object.keys(fork?.taken ?? {}).at(-1)).toBe('else')
      expect(Object.values(fork?.taken ?? {})).toEqual([3, 1])
    }
  })

  it('show forks of a version that cannot be read by number', () => {
    const rows = [
      row('taken:1', 2, { step: '0', version: 9 }),
      row('entered', 2, { version: 9, variant: '0=1' }),
    ]
    expect(statisticsOf(rows, plans)).toMatchObject({
      forks: [{ fork: '#1', taken: { '#2': 2 } }],
      tests: [],
    })
  })
})

describe('the answers of a campaign', () => {
  const answers = (version: number): VersionPlan =>
    ({
      1: { forks: [], steps: [], answers: ['message price', 'click hours'] },
      2: { forks: [], steps: [], answers: ['message hello', 'message price'] },
    })[version] ?? null

  it('are the same in several versions when they answer the same events', () => {
    const counted = [
      row('answered', 3, { step: 'answers.0' }),
      row('answered', 2, { step: 'answers.1' }),
      row('answered', 4, { step: 'answers.1', version: 2 }),
      row('answered', 9, { step: 'answers.1', version: 2, day: '2026-11-30' }),
      row('answered', 1, { step: 'answers.7', version: 3 }),
    ]
    const { answers: found, steps } = statisticsOf(counted, answers)
    expect(found).toEqual([
      { answer: 'answers.7', on: null, answered: 1 },
      { answer: 'answers.1', on: 'message price', answered: 7 },
      { answer: 'answers.1', on: 'click hours', answered: 2 },
    ])
    expect(steps).toEqual([])
  })

  it('are described by their events', () => {
    expect(describeEvents({ event: 'message', keywords: ['价格', '多少钱'], match: 'contains' })).toBe(
      'message 价格 多少钱 (contains)',
    )
    expect(describeEvents([{ event: 'click', keys: ['faq'] }, { event: 'message' }])).toBe(
      'click faq or message',
    )
  })
})

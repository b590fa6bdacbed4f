import { describe, expect, it } from 'vitest'
import { checkCampaign } from '../../campaign/check.ts'
import type { Campaign } from '../../campaign/model.ts'
import type { Statistics, StepCounts } from '../../campaign/statistics/report.ts'
import { firstSent, resultRows } from './result-rows.ts'

const modelOf = (steps: string): Campaign => {
  const { campaign, issues } = checkCampaign(`
id: rows
name: 行
entry: { event: subscribe }
steps:
${steps}`)
  if (!campaign) throw new Error(JSON.stringify(issues))
  return campaign
}

const counts = (step: string, sent: number): StepCounts => ({
  ...{ step, sent, due: sent, held: 0, unknown: 0, skipped: {}, failed: {}, clicked: {} },
  ...{ repliedAfter: 0, unfollowedAfter: 0, goalAfter: 0 },
})

function statisticsOf(
  entered: number,
  sent: Record<string, number>,
  forks: Statistics['forks'] = [],
): Statistics {
  const runs = { entered, active: 0, replied: 0, goals: 0, value: 0, unfollowed: 0, uncounted: 0, ended: {} }
  const steps = Object.entries(sent).map(([step, n]) => counts(step, n))
  return { runs, steps, forks, answers: [], tests: [], days: [], scenes: [] }
}

const FORKED = modelOf(`
  - id: test
    branches:
      - { name: 短, share: 50, steps: [{ id: short, send: [{ text: A }, { text: B }] }] }
      - { name: 无, share: 20, steps: [] }
    else: [{ id: long, send: { text: C } }]
  - { id: day-1, after: 22h, send: { text: 第二天 } }`)
const TAKEN = [{ fork: 'test', taken: { 短: 50, 无: 20, else: 30 } }]

describe('the rows of the results', () => {
  it('are all steps in the order of the file, below their branches, and then steps of other versions', () => {
    const statistics = statisticsOf(100, { 'day-1': 60, short: 49, gone: 3 }, TAKEN)
    const rows = resultRows(FORKED, 1, statistics).map((row) =>
      row.kind === 'step'
        ? `${row.depth} ${row.step.step} ${row.step.sent} of ${row.taken}`
        : row.kind === 'branch'
          ? `${row.depth} ${row.fork}=${row.branch} ${row.taken}/${row.ofFork}`
          : row.kind,
    )
    expect(rows).toEqual([
      '0 test=短 50/100',
      '1 short 49 of 50',
      '1 short.2 0 of 50',
      '0 test=无 20/100',
      '0 test=else 30/100',
      '1 long 0 of 30',
      '0 day-1 60 of null',
      'others',
      '0 gone 3 of null',
    ])
  })

  it('are the counted steps when the version cannot be read', () => {
    expect(resultRows(null, 1, statisticsOf(1, { a: 1 }))).toMatchObject([
      { kind: 'step', step: { sent: 1 } },
    ])
  })
})

describe('the first step of the way in', () => {
  it('is the earliest from the entry, not the first that is counted or that stands first', () => {
    const model = modelOf(`
  - { id: gift, after: 0s, since: reply, send: { text: 资料 } }
  - { id: late, after: 40s, since: entry, send: { text: 还在吗？ } }
  - { id: hint, after: 10s, since: entry, send: { text: 欢迎 } }`)
    expect(firstSent(model, 1, statisticsOf(100, { gift: 70, hint: 90, late: 10 }))).toBe(90)
    expect(firstSent(model, 1, statisticsOf(100, { gift: 70 }))).toBe(0)
  })

  it('is that of each branch where the way divides at once', () => {
    const statistics = statisticsOf(100, { short: 49, long: 28, 'day-1': 90 }, TAKEN)
    // Those of the branch without a step got day-1.
    expect(firstSent(FORKED, 1, statistics)).toBe(49 + 28 + 20)
  })
})

describe('names that every object has', () => {
  it('count nothing that was not counted', () => {
    const model = modelOf(`
  - id: constructor
    branches:
      - { name: constructor, share: 50, steps: [{ id: valueof, send: { text: hi } }] }
      - { name: toString, share: 50, steps: [] }
    else: []
  - { id: behind, send: { text: hi } }`)
    const statistics = statisticsOf(0, {})
    const taken = resultRows(model, 1, statistics).map((row) => ('taken' in row ? row.taken : null))
    expect(taken).toEqual([0, 0, 0, 0, null])
    expect(firstSent(model, 1, statistics)).toBe(0)
  })
})

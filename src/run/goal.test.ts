import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { simulateRun } from '../../test/harness/run-simulation.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import { type Goal, goalValue, isWithin, reachesGoal } from './goal.ts'

const BUY: Goal = { on: [{ event: 'fact', facts: { used: true } }], ends: true, value: 'amount' }

describe('an event reaches the goal', () => {
  it.each([
    ['sets the fact of the filter', ['used'], { used: true }, true],
    ['sets the fact with another one', ['amount', 'used'], { used: true, amount: 9 }, true],
    ['sets the fact to another value', ['used'], { used: false }, false],
    ['sets another fact of a follower who had bought before', ['city'], { used: true, city: '上海' }, false],
  ])('that %s: %j', (_, changed, facts, expected) => {
    expect(reachesGoal(BUY, { event: 'fact', at: 0, changed }, facts)).toBe(expected)
  })

  it('of another kind by its own filter', () => {
    const goal: Goal = { on: [{ event: 'message', keywords: ['已买'] }, { event: 'link' }], ends: false }
    expect(reachesGoal(goal, { event: 'message', at: 0, text: ' 已买 ' }, {})).toBe(true)
    expect(reachesGoal(goal, { event: 'link', at: 0, link: 'shop' }, {})).toBe(true)
    expect(reachesGoal(goal, { event: 'click', at: 0, eventKey: '已买' }, {})).toBe(false)
  })
})

describe('the value of a goal', () => {
  it.each([
    [{ amount: 58.5 }, 58.5],
    [{ amount: '58.5' }, 58.5],
    [{ amount: 'many' }, null],
    [{ amount: true }, null],
    [{ amount: ' ' }, null],
    [{}, null],
  ])('of %j is %j', (facts, value) => {
    expect(goalValue(BUY, facts)).toBe(value)
  })

  it('is none without a fact that is added up', () => {
    expect(goalValue({ on: BUY.on, ends: true }, { amount: 1 })).toBeNull()
  })
})

describe('a goal after the end of its run', () => {
  const goal = { ...BUY, withinMs: HOUR_MS }
  it.each([
    ['during the run', 5, null, true],
    ['at the last moment', HOUR_MS + 5, 5, true],
    ['too late', HOUR_MS + 6, 5, false],
  ])('counts %s', (_, at, endedAt, expected) => {
    expect(isWithin(goal, at, endedAt)).toBe(expected)
  })

  it('counts for a week when nothing else is said', () => {
    expect(isWithin(BUY, 7 * DAY_MS, 0)).toBe(true)
    expect(isWithin(BUY, 7 * DAY_MS + 1, 0)).toBe(false)
  })
})

describe('a run with a goal that does not end it', () => {
  const plan = planOfItems(
    `
- { id: a, send: { text: a } }
- { id: mark, after: 1s, tag: [x] }
- { id: b, after: 30s, since: entry, send: { text: b } }
`,
    { goal: { on: { facts: { paid: true } }, end: false, value: 'amount' } },
  )

  it('goes on, keeps the first event that fits, and names the last message before it', () => {
    const run = simulateRun(plan)
    run.runUntil(10 * SECOND_MS)
    run.tell({ facts: { amount: 30 } })
    expect(run.state.goal).toBeUndefined()
    run.tell({ facts: { paid: true } })
    const reached = run.state.goal
    expect(reached).toMatchObject({ value: 30, step: 'a' })
    run.runUntil(20 * SECOND_MS)
    run.tell({ facts: { paid: true, amount: 99 } })
    run.runUntil(MINUTE_MS)
    expect(run.state.goal).toBe(reached)
    expect(run.state.outcome).toBe('completed')
    expect(run.steps()).toEqual(['a sent', 'mark sent', 'b sent'])
  })

  it('counts nothing that an exit keyword says', () => {
    const texts = planOfItems('- { id: a, after: 1h, send: { text: a } }', {
      goal: { on: { event: 'message' }, end: false },
      exit: { keywords: ['TD'] },
    })
    const run = simulateRun(texts)
    run.runUntil(SECOND_MS)
    run.sendText('TD')
    run.runUntil(MINUTE_MS)
    expect(run.state).toMatchObject({ outcome: 'opted-out' })
    expect(run.state.goal).toBeUndefined()
  })
})

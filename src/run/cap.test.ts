import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { ENTRY_AT, type SendReply, simulateRun } from '../../test/harness/run-simulation.ts'
import { HOUR_MS, MINUTE_MS } from '../shared/time-units.ts'

const capped = (until: number | null): SendReply => ({
  result: 'capped',
  until: until === null ? null : ENTRY_AT + until,
})
const ITEMS = `
- { id: first, after: 1h, send: { text: a } }
- { id: second, after: 10m, send: { text: b } }
`
/** A run of a follower who has typed, so that a grant pays for two days. */
function talk(items = ITEMS) {
  const run = simulateRun(planOfItems(items))
  run.sendText('hi')
  return run
}

describe("a message over the account's cap", () => {
  it('is held until the oldest leaves the period, and later ones wait with it', () => {
    const run = talk()
    run.answerSends(capped(3 * HOUR_MS), { result: 'sent' })
    run.runUntil(2 * HOUR_MS)
    expect(run.steps()).toEqual(['first held capped', 'second pending'])
    run.runUntil(3 * HOUR_MS - 1)
    expect(run.step('first').state).toBe('held')
    run.runUntil(4 * HOUR_MS)
    expect(run.steps()).toEqual(['first sent', 'second sent'])
    expect(run.step('first').sentAt).toBe(ENTRY_AT + 3 * HOUR_MS)
    expect(run.step('second').sentAt).toBeGreaterThanOrEqual(ENTRY_AT + 3 * HOUR_MS)
  })

  it('goes at once when the follower acts: it is an answer then', () => {
    const run = talk()
    run.answerSends(capped(20 * HOUR_MS), { result: 'sent' })
    run.runUntil(2 * HOUR_MS)
    run.sendText('still there?')
    run.runUntil(2 * HOUR_MS + MINUTE_MS)
    expect(run.steps()).toEqual(['first sent', 'second sent'])
  })

  it('is not released in quiet hours', () => {
    // The entry is at 08:00 in China.
    const plan = planOfItems(ITEMS)
    const quiet = { from: 11 * 60, to: 13 * 60 }
    const run = simulateRun({
      ...plan,
      zone: [[0, 8 * HOUR_MS]],
      forks: plan.forks ?? [],
      quiet,
      spreadMs: 0,
    })
    run.sendText('hi')
    run.answerSends(capped(4 * HOUR_MS), { result: 'sent' })
    run.runUntil(2 * HOUR_MS)
    expect(run.next(), 'one timer').toMatchObject({ do: 'wait', until: ENTRY_AT + 5 * HOUR_MS })
    run.runUntil(5 * HOUR_MS - 1)
    expect(run.steps()).toEqual(['first held capped', 'second pending'])
    run.runUntil(6 * HOUR_MS)
    expect(run.steps()).toEqual(['first sent', 'second sent'])
    expect(run.step('first').sentAt).toBe(ENTRY_AT + 5 * HOUR_MS)
  })

  it('does not hold a step for any time', () => {
    const run = talk(`
- { id: first, after: 1h, send: { text: a } }
- { id: urgent, after: 10m, anytime: true, send: { text: b } }
`)
    run.answerSends(capped(20 * HOUR_MS), { result: 'sent' })
    run.runUntil(2 * HOUR_MS)
    expect(run.steps()).toEqual(['first held capped', 'urgent sent'])
  })

  it('is skipped with ifLate: skip', () => {
    const run = talk('[{ id: first, after: 1h, ifLate: skip, send: { text: a } }]')
    run.answerSends(capped(null))
    run.runUntil(2 * HOUR_MS)
    expect(run.steps()).toEqual(['first skipped capped'])
    expect(run.state.outcome).toBe('completed')
  })

  it('is not sent after the window', () => {
    const run = talk()
    run.answerSends(capped(72 * HOUR_MS))
    run.runUntil(80 * HOUR_MS)
    expect(run.state.outcome).toBe('window-closed')
    expect(run.steps()).toEqual(['first skipped window-closed', 'second skipped window-closed'])
  })

  it('is unknown when an earlier request may have delivered it', () => {
    const run = talk()
    run.answerSends({ ...capped(3 * HOUR_MS), unclear: 1 }, { result: 'sent' })
    run.runUntil(2 * HOUR_MS)
    expect(run.steps()).toEqual(['first unknown capped', 'second sent'])
  })
})

import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { type PlayedEvent, simulateCampaign } from '../campaign/simulation.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import type { Plan } from './plan.ts'
import { spreadOf } from './schedule.ts'
import type { RunState } from './state.ts'

/** A seed with a spread of 2 min 34 s of 5 min. */
const SEED = Array.from({ length: 5_000 }, (_, seed) => seed).find(
  (seed) =>
    Math.floor(spreadOf({ spreadMs: 5 * MINUTE_MS } as Plan, { seed } as RunState) / SECOND_MS) === 154,
)
const typed = { event: 'message', keywords: ['go'] }

/** What a follower gets, as `MM-DD hh:mm:ss id`, without the lines of other events. */
function sent(plan: Plan, entryTime: string, events: PlayedEvent[] = []): string[] {
  const entryAt = Date.parse(`2026-11-23T${entryTime}:00+08:00`)
  const timeline = simulateCampaign({
    plan,
    rules: 'wechat-2023',
    entryAt,
    entry: { event: 'message', text: 'go' },
    events,
    known: { seed: SEED ?? 0 },
  })
  return timeline.flatMap((line) => {
    if (line.line !== 'step' || line.state === 'held') return []
    const local = new Date(line.at + 8 * HOUR_MS).toISOString().slice(5, 19).replace('T', ' ')
    return [`${local} ${line.step}${line.state === 'sent' ? '' : ` ${line.reason}`}`]
  })
}

describe('messages in quiet hours', () => {
  const items = `
- { id: a, after: 30m, send: { text: a } }
- { id: b, after: 5m, send: { text: b } }
- { id: c, after: 5m, send: { text: c } }
- { id: d, after: 234m, send: { text: d } }
`
  const night = planOfItems(items, { entry: typed, quiet: { from: '00:00', to: '07:00' } })

  it('go at their end, in order and with their gaps, and none overtakes them', () => {
    expect(sent(night, '02:30')).toEqual([
      '11-23 07:02:34 a',
      '11-23 07:07:34 b',
      '11-23 07:12:34 c',
      '11-23 07:12:34 d',
    ])
  })

  it('go at once when they answer: ten minutes after an interaction', () => {
    const plan = planOfItems(
      `
- { id: now, after: 9m, send: { text: a } }
- { id: later, after: 2m, send: { text: b } }
`,
      { entry: typed, quiet: { from: '22:00', to: '07:00' } },
    )
    expect(sent(plan, '23:30')).toEqual(['11-23 23:39:00 now', '11-24 07:02:34 later'])
  })

  it('go when the follower acts meanwhile', () => {
    const message: PlayedEvent = { atMs: 40 * MINUTE_MS, do: 'message', text: 'hi' }
    expect(sent(night, '02:30', [message])).toEqual([
      '11-23 03:10:00 a',
      '11-23 03:10:00 b',
      '11-23 03:10:00 c',
      '11-23 07:04:00 d',
    ])
  })

  it('are skipped with ifLate: skip, and go with anytime', () => {
    const plan = planOfItems(
      `
- { id: skip, after: 1h, ifLate: skip, send: { text: a } }
- { id: any, after: 1m, anytime: true, send: { text: b } }
- { id: tag, after: 1m, tag: [t] }
`,
      { entry: typed, quiet: { from: '22:00', to: '07:00' } },
    )
    expect(sent(plan, '23:30')).toEqual([
      '11-24 00:30:00 skip quiet-hours',
      '11-24 00:31:00 any',
      '11-24 00:32:00 tag',
    ])
  })

  it('go before the quiet hours when the grant ends before their end', () => {
    const plan = planOfItems(`- { id: last, after: 46h, send: { text: a } }`, {
      entry: typed,
      quiet: { from: '21:30', to: '09:00' },
    })
    // Due at 22:30 two days later; the grant ends at 00:30.
    expect(sent(plan, '00:30')).toEqual(['11-24 21:26:25 last'])
    // Due at 07:00; the grant ends at 09:00 of that day.
    expect(sent(plan, '09:00')).toEqual(['11-24 21:26:25 last'])
    // The grant ends at 10:00: it pays after the quiet hours.
    expect(sent(plan, '10:00')).toEqual(['11-25 09:02:34 last'])
  })

  it('leave the spread out where only without it a grant can pay', () => {
    const plan = planOfItems(`- { id: last, after: 46h, send: { text: a } }`, {
      entry: typed,
      quiet: { from: '21:30', to: '09:00' },
    })
    // The grant ends at 09:02, and may be used until 09:01.
    expect(sent(plan, '09:02')).toEqual(['11-25 09:00:00 last'])
  })
})

describe('local times', () => {
  it('are spread, and the steps after them keep their gaps', () => {
    const plan = planOfItems(
      `
- { id: a, day: 1, at: '08:30', send: { text: a } }
- { id: b, after: 10m, send: { text: b } }
- { id: c, at: '08:30', since: a, after: 1h, send: { text: c } }
`,
      { entry: typed },
    )
    expect(sent(plan, '10:00')).toEqual(['11-24 08:32:34 a', '11-24 08:42:34 b', '11-25 08:32:34 c'])
  })

  it('have no spread where the file says so', () => {
    const plan = planOfItems(`- { id: a, day: 1, at: '08:30', send: { text: a } }`, {
      entry: typed,
      spread: '0s',
    })
    expect(sent(plan, '10:00')).toEqual(['11-24 08:30:00 a'])
  })

  it('that are over when their fork is decided go at once, or are skipped as late', () => {
    const plan = planOfItems(
      `
- { id: ask, wait: 12h, branches: [{ on: { event: message }, steps: [] }] }
- { id: hold, day: 0, at: '20:30', since: entry, send: { text: a } }
- { id: skip, day: 0, at: '20:30', since: entry, ifLate: skip, send: { text: b } }
`,
      { entry: typed },
    )
    const message: PlayedEvent = { atMs: 11 * HOUR_MS, do: 'message', text: 'hi' }
    expect(sent(plan, '10:00', [message])).toEqual(['11-23 21:00:00 skip late', '11-23 21:00:00 hold'])
  })
})

describe('times of a fact', () => {
  const plan = planOfItems(
    `
- { id: before, before: 2h, since: { fact: visitAt }, send: { text: a } }
- { id: after, after: 1h, since: { fact: visitAt }, send: { text: b } }
`,
    { entry: typed },
  )
  const visitAt = (atMs: number, time: string): PlayedEvent => ({
    atMs,
    do: 'facts',
    facts: { visitAt: `2026-11-${time}:00+08:00` },
  })

  it('are planned when the fact is set, and move with it', () => {
    expect(sent(plan, '10:00')).toEqual([
      '11-25 10:00:00 before window-closed',
      '11-25 10:00:00 after window-closed',
    ])
    expect(sent(plan, '10:00', [visitAt(HOUR_MS, '24T15:00')])).toEqual([
      '11-24 13:00:00 before',
      '11-24 16:00:00 after',
    ])
    expect(sent(plan, '10:00', [visitAt(HOUR_MS, '24T15:00'), visitAt(DAY_MS, '24T20:00')])).toEqual([
      '11-24 18:00:00 before',
      '11-24 21:00:00 after',
    ])
  })

  it('are not read from a text that is no time', () => {
    const wrong: PlayedEvent = { atMs: 0, do: 'facts', facts: { visitAt: 'tomorrow' } }
    expect(sent(plan, '10:00', [wrong])).toEqual([
      '11-25 10:00:00 before window-closed',
      '11-25 10:00:00 after window-closed',
    ])
  })
})

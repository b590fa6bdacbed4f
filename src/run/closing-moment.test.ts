import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PROPERTY_RUNS } from '../../test/harness/property-runs.ts'
import { type ClosingRule, closingMoment, closingStart, closingUntil } from './closing-moment.ts'
import { quietAt } from './local-time.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const UTC_8 = [[0, 8 * HOUR]] as const
/** 00:00 in China. */
const DAY = Date.UTC(2026, 10, 23) - 8 * HOUR
const at = (hours: number) => DAY + hours * HOUR
const night: ClosingRule = { beforeMs: 2 * HOUR, quiet: { from: 22 * 60, to: 8 * 60 }, zone: UTC_8 }

describe('the moment of a grant', () => {
  it.each([
    ['in the day', 14, 12],
    ['in quiet hours: ten minutes before they begin', 29, 22 - 1 / 6],
    ['less than ten minutes before them: ten minutes before they begin', 24 - 1 / 60, 22 - 1 / 6],
    ['at their end', 34, 32],
    ['at their beginning', 24, 22 - 1 / 6],
  ])('%s', (_, endsAt, moment) => expect(closingMoment(night, at(endsAt))).toBe(at(moment)))

  it('is moved by nothing without quiet hours', () => {
    expect(closingMoment({ beforeMs: HOUR }, at(5))).toBe(at(4))
    expect(closingUntil({ beforeMs: HOUR }, at(4))).toBe(at(5))
  })
})

it('a delayed moment begins after the quiet hours', () => {
  expect([closingUntil(night, at(23)), closingStart(night, at(23))]).toEqual([null, at(32)])
  expect(closingStart(night, at(12))).toBe(at(12))
})

it('has come exactly for the grants up to this end', () => {
  const minutes = fc.integer({ min: 0, max: 1439 })
  const rule = fc.record({ before: fc.integer({ min: 10, max: 1440 }), from: minutes, to: minutes })
  fc.assert(
    fc.property(
      rule,
      fc.integer({ min: 0, max: 4320 }),
      fc.integer({ min: 0, max: 4320 }),
      (r, now, ends) => {
        fc.pre(r.from !== r.to)
        const quiet = { from: r.from, to: r.to }
        const tested = { beforeMs: r.before * MINUTE, quiet, zone: UTC_8 }
        const [clock, endsAt] = [DAY + now * MINUTE, DAY + ends * MINUTE]
        // Shorter quiet hours may lie between the moment and the end of the ten minutes.
        fc.pre((r.to - r.from + 1440) % 1440 > 10 && (r.from - r.to + 1440) % 1440 > 10)
        const until = closingUntil(tested, clock)
        if (until === null) expect(quietAt(UTC_8, quiet, clock)).not.toBeNull()
        else expect(endsAt <= until).toBe(closingMoment(tested, endsAt) <= clock)
      },
    ),
    { numRuns: PROPERTY_RUNS },
  )
})

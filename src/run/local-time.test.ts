import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../test/harness/property-runs.ts'
import { zoneOffsets } from '../campaign/zone-offsets.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../shared/time-units.ts'
import { clockTime, momentOf, quietAt, type ZoneOffsets } from './local-time.ts'

const FROM = Date.UTC(2026, 0, 1)
const ZONES = [
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'UTC',
]
const zones = new Map(ZONES.map((name) => [name, zoneOffsets(name, FROM)]))
const zoneOf = (name: string): ZoneOffsets => zones.get(name) ?? []

/** The local time by Intl, which the plan does not use: `2026-03-29 02:30`. */
const formats = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }),
  ]),
)
const localByIntl = (zone: string, at: number) => formats.get(zone)?.format(at) ?? ''
const dayOf = (year: number, month: number, day: number) => Date.UTC(year, month - 1, day) / DAY_MS
const iso = (at: number) => new Date(at).toISOString().slice(0, 16)

describe('the offsets of a zone', () => {
  it('are one for China, and change with summer time elsewhere', () => {
    expect(zoneOf('Asia/Shanghai')).toEqual([[0, 8 * HOUR_MS]])
    expect(zoneOf('Europe/Berlin').map(([since, offset]) => [iso(since), offset / HOUR_MS])).toEqual([
      ['1970-01-01T00:00', 1],
      ['2026-03-29T01:00', 2],
      ['2026-10-25T01:00', 1],
    ])
  })
})

describe('a local time', () => {
  it('is that of Intl, in every zone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: 1, max: 395 }),
        fc.integer({ min: 0, max: 1_439 }),
        (zone, days, minute) => {
          const day = FROM / DAY_MS + days
          const at = momentOf(zoneOf(zone), day, minute)
          const expected = new Date(day * DAY_MS + minute * MINUTE_MS)
            .toISOString()
            .slice(0, 16)
            .replace('T', ' ')
          const found = localByIntl(zone, at)
          if (found === expected) {
            // The first of two such times.
            expect(localByIntl(zone, at - HOUR_MS)).not.toBe(expected)
            expect(localByIntl(zone, at - HOUR_MS / 2)).not.toBe(expected)
          } else {
            // There is no such time on that day: the clocks go forward over it.
            const before = localByIntl(zone, at - 2 * HOUR_MS)
            expect(before < expected && expected < found, `${expected} became ${found}`).toBe(true)
          }
        },
      ),
      { numRuns: propertyRuns(3_000) },
    )
  })

  it.each([
    ['that does not exist is an hour later', 'Europe/Berlin', dayOf(2026, 3, 29), 150, '2026-03-29T01:30'],
    ['that exists twice is the first', 'Europe/Berlin', dayOf(2026, 10, 25), 150, '2026-10-25T00:30'],
    ['before the change has the offset before', 'Europe/Berlin', dayOf(2026, 3, 29), 90, '2026-03-29T00:30'],
    ['after the change has the offset after', 'Europe/Berlin', dayOf(2026, 3, 29), 240, '2026-03-29T02:00'],
  ])('%s', (_, zone, day, minute, utc) => expect(iso(momentOf(zoneOf(zone), day, minute))).toBe(utc))
})

describe('a clock', () => {
  const china = zoneOf('Asia/Shanghai')
  /** Local time in China, as `MM-DD hh:mm`. */
  const local = (at: number) => new Date(at + 8 * HOUR_MS).toISOString().slice(5, 16)
  const monday = (time: string) => Date.parse(`2026-11-23T${time}:00+08:00`)
  const at = (hhmm: string) => Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(3))

  it.each([
    ['is the first such time after the anchor', '10:00', { at: at('20:30') }, 0, '11-23T20:30'],
    ['is the anchor itself at that time', '20:30', { at: at('20:30') }, 0, '11-23T20:30'],
    ['is the next day when the time is over', '21:00', { at: at('20:30') }, 0, '11-24T20:30'],
    ['counts its delay first', '21:00', { at: at('20:30') }, 24 * HOUR_MS, '11-25T20:30'],
    [
      'is on the same day with day 0, even in the past',
      '21:00',
      { at: at('20:30'), day: 0 },
      0,
      '11-23T20:30',
    ],
    [
      'is on the next day with day 1, whatever the hour',
      '00:10',
      { at: at('08:30'), day: 1 },
      0,
      '11-24T08:30',
    ],
    ['is on the day before with day -1', '15:00', { at: at('18:00'), day: -1 }, 0, '11-22T18:00'],
    ['moves to a workday', '15:00', { at: at('10:00'), day: 5, days: [1, 2, 3, 4, 5] }, 0, '11-30T10:00'],
    ['keeps the hour when it moves', '15:00', { at: at('09:00'), days: [0] }, 0, '11-29T09:00'],
  ])('%s', (_, time, clock, afterMs, expected) =>
    expect(local(clockTime(china, clock, monday(time), afterMs))).toBe(expected),
  )

  it('keeps the hour over a change of the clocks', () => {
    const berlin = zoneOf('Europe/Berlin')
    const before = Date.parse('2026-03-28T09:00:00+01:00')
    expect(iso(clockTime(berlin, { at: 540, day: 1 }, before, 0))).toBe('2026-03-29T07:00')
  })
})

describe('quiet hours', () => {
  const china = zoneOf('Asia/Shanghai')
  const time = (day: number, hhmm: string) => Date.parse(`2026-11-${day}T${hhmm}:00+08:00`)
  const night = { from: 22 * 60, to: 8 * 60 }

  it.each([
    ['21:59', false],
    ['22:00', true],
    ['23:59', true],
    ['00:00', true],
    ['07:59', true],
    ['08:00', false],
  ])('over midnight: %s is %s', (hhmm, isQuiet) =>
    expect(quietAt(china, night, time(23, hhmm)) !== null).toBe(isQuiet),
  )

  it('end on the next day after midnight only', () => {
    expect(quietAt(china, night, time(23, '23:00'))).toEqual({
      from: time(23, '22:00'),
      to: time(24, '08:00'),
    })
    expect(quietAt(china, night, time(24, '03:00'))).toEqual({
      from: time(23, '22:00'),
      to: time(24, '08:00'),
    })
  })

  it('may be within a day', () => {
    const noon = { from: 12 * 60, to: 14 * 60 }
    expect(quietAt(china, noon, time(23, '13:59'))).toEqual({
      from: time(23, '12:00'),
      to: time(23, '14:00'),
    })
    expect(quietAt(china, noon, time(23, '14:00'))).toBeNull()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDuration, formatDuration, parseDuration } from './duration.ts'

describe('a duration in a campaign file', () => {
  it.each([
    ['0s', 0],
    ['40s', 40_000],
    ['10m', 600_000],
    ['22h', 79_200_000],
    ['30d', 2_592_000_000],
    ['999999s', 999_999_000],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', 's', '5', '5 s', '5S', '-5s', '1.5h', '1h30m', '5ms', '5w', ' 5s', '5s\n', '1000000s', '五s'])(
    '%j is not a duration',
    (text) => expect(parseDuration(text)).toBeNull(),
  )
})

describe('a duration on a timeline', () => {
  it.each([
    [0, '0s'],
    [40_000, '40s'],
    [640_000, '10m40s'],
    [79_200_000, '22h'],
    [3_605_000, '1h5s'],
    [172_800_000, '48h'],
    [1_499, '1s'],
    [1_500, '2s'],
    [59_999, '1m'],
  ])('%d ms is shown as %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

  it('keeps every whole second of two days', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 172_800 }), (seconds) => {
        const parts = formatDuration(seconds * 1_000).match(/\d+\D/g) ?? []
        const total = parts.reduce((sum, part) => sum + (parseDuration(part) ?? Number.NaN), 0)
        expect(total).toBe(seconds * 1_000)
      }),
    )
  })
})

describe('a duration in a sentence', () => {
  it.each([
    [0, '0 s'],
    [60_000, '1 min'],
    [90_000, '1 min 30 s'],
    [79_200_000, '22 h'],
    [172_800_000, '48 h'],
    [3_661_000, '1 h 1 min 1 s'],
  ])('%d ms is written as "%s"', (ms, text) => expect(describeDuration(ms)).toBe(text))
})

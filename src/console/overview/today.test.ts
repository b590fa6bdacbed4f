import { describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../shared/time-units.ts'
import { SLOT_MS } from '../../store/statistics/activity-counts.ts'
import { activityFrom, slotsApart, startOfDay, todayOf } from './today.ts'

/** 14:05 in Beijing. */
const NOW = Date.parse('2026-11-28T06:05:00Z')
const START = Date.parse('2026-11-27T16:00:00Z')
const at = (slot: number, metric: string, n: number, label = '') => ({ slot, metric, label, n })

describe('the figures of today', () => {
  it('begin at midnight in Beijing, and need the day before', () => {
    expect(startOfDay(NOW)).toBe(START)
    expect(activityFrom(NOW)).toBe(START - 24 * HOUR_MS)
  })

  it('are compared with yesterday until the same time of day', () => {
    const counts = [
      at(START - 24 * HOUR_MS, 'entered', 10),
      // Half of the slot of yesterday 14:00 to 14:10 was over at 14:05.
      at(START - 10 * HOUR_MS, 'entered', 8),
      at(START - HOUR_MS, 'entered', 100),
      at(START, 'entered', 3),
      at(START + 14 * HOUR_MS, 'entered', 4),
    ]
    const { entered } = todayOf(counts, NOW)
    expect(entered.today).toBe(7)
    expect(entered.yesterday).toBe(14)
    expect(entered.hours).toHaveLength(15)
    expect([entered.hours[0], entered.hours[14]]).toEqual([3, 4])
  })

  it('are the same from slots that were added up by the hour', () => {
    const isApart = (slot: number) => slotsApart(NOW).some(({ from, until }) => slot >= from && slot < until)
    const slots = Array.from({ length: 6 * (24 + 15) }, (_, i) => START - 24 * HOUR_MS + i * SLOT_MS)
    const counts = slots.flatMap((slot, i) => [
      at(slot, 'entered', i % 7),
      at(slot, 'skipped', i % 5, 'no-grant'),
      at(slot, 'late', i % 11, i % 2 === 0 ? '0.5' : '60'),
    ])
    const byHour = counts.map((count) =>
      isApart(count.slot) ? count : { ...count, slot: count.slot - (count.slot % HOUR_MS) },
    )
    expect(todayOf(byHour, NOW)).toEqual(todayOf(counts, NOW))
  })

  it('have nothing to be compared with on the first day', () => {
    expect(todayOf([at(START, 'entered', 3)], NOW).entered.yesterday).toBeNull()
    expect(todayOf([at(START - SLOT_MS, 'replied', 3)], NOW).entered.yesterday).toBe(0)
  })

  it('tell messages that could not be sent from those that should not', () => {
    const counts = [
      at(START, 'skipped', 5, 'no-grant'),
      at(START + SLOT_MS, 'skipped', 4, 'no-grant'),
      at(START, 'skipped', 20, 'replied'),
      at(START, 'skipped', 11, 'a-reason-of-tomorrow'),
      at(START - SLOT_MS, 'skipped', 99, 'no-grant'),
    ]
    const { skips, couldNot, byDesign } = todayOf(counts, NOW)
    expect(skips.couldNot).toEqual([
      ['a-reason-of-tomorrow', 11],
      ['no-grant', 9],
    ])
    expect(skips.byDesign).toEqual([['replied', 20]])
    expect([couldNot.today, byDesign.today]).toEqual([20, 20])
  })

  it('know the lateness that half of the messages, and 99 of 100, kept', () => {
    const late = (n: number, le: string, slot = START) => at(slot, 'late', n, le)
    const { lateness, lastHour } = todayOf(
      [late(60, '0.5'), late(38, '1'), late(2, '5'), late(1, '+Inf', NOW - 30 * MINUTE_MS)],
      NOW,
    )
    expect(lateness.total).toBe(101)
    expect([lateness.median, lateness.p99]).toEqual(['0.5', '5'])
    expect(lateness.buckets.map(({ le }) => le)).toEqual(['0.5', '1', '5', '+Inf'])
    expect([lastHour.total, lastHour.p99]).toEqual([1, '+Inf'])
  })

  it('have no lateness without messages', () => {
    expect(todayOf([], NOW).lateness).toEqual({ buckets: [], total: 0, median: null, p99: null })
  })
})

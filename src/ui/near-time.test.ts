import { expect, it } from 'vitest'
import { nearTime } from './near-time.ts'
import { timeLeft } from './time-left.ts'

/** 01:30 in Beijing on 3 December. */
const NOW = Date.parse('2026-12-02T17:30:00Z')
const HOUR_MS = 3_600_000

it.each([
  [-1, '00:30', '00:30'],
  [-2, '昨天 23:30', 'yesterday 23:30'],
  [23, '明天 00:30', 'tomorrow 00:30'],
  [-49, '12 月 1 日 00:30', '1 Dec 00:30'],
  [31 * 24, '2027 年 1 月 3 日 01:30', '3 Jan 2027 01:30'],
])('says the day of %i hours later in Beijing, where it is another one', (hours, zh, en) => {
  const at = NOW + hours * HOUR_MS
  expect([nearTime(at, NOW, 'zh'), nearTime(at, NOW, 'en')]).toEqual([zh, en])
})

it.each([
  [-5, '0:00'],
  [1, '0:01'],
  [59_001, '1:00'],
  [2 * HOUR_MS + 61_000, '2:01:01'],
])('says that %i ms are left', (ms, text) => {
  expect(timeLeft(ms)).toBe(text)
})

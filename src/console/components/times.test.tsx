import { describe, expect, it } from 'vitest'
import { timeText } from './times.tsx'

const AT = Date.parse('2026-11-30T16:05:09Z')

describe('times in Beijing', () => {
  it.each([
    ['clock', '00:05', '00:05'],
    ['seconds', '00:05:09', '00:05:09'],
    ['day', '周二 12 月 1 日', 'Tue 1 Dec'],
    ['weekday-hour', '周二 00:05', 'Tue 00:05'],
  ] as const)('are written as %s', (style, zh, en) => {
    expect(timeText(AT, style, 'zh')).toBe(zh)
    expect(timeText(AT, style, 'en')).toBe(en)
  })
})

import type { Language } from '../../ui/bilingual.ts'
import { nearTime } from '../../ui/near-time.ts'

/** A time as a line of a chat begins with it. */
export const chatTime = (...of: Parameters<typeof nearTime>): string =>
  nearTime(...of).replace(/^[a-z]/, (letter) => letter.toUpperCase())

/** How long something takes, in words, with at most two units. @param ms milliseconds */
export function spanText(ms: number, language: Language): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  const units: [number, string, string][] = [
    [86_400, '天', 'd'],
    [3600, '小时', 'h'],
    [60, '分', 'min'],
    [1, '秒', 's'],
  ]
  const first = units.findIndex(([size]) => seconds >= size)
  const parts: string[] = []
  let rest = seconds
  for (const [size, zh, en] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${language === 'zh' ? zh : en}`)
  }
  return parts.join(' ')
}

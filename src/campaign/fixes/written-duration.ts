import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts'
import { parseDuration } from '../duration.ts'

const OF_SPAN: Readonly<Record<string, number>> = { h: HOUR_MS, min: MINUTE_MS, s: SECOND_MS }

/** Reads what `describeDuration` writes: `22 h 5 min`. @returns ms; null for another text */
export function readSpan(text: string): number | null {
  const parts = [...text.matchAll(/(\d+) (h|min|s)(?= |$)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join(' ') !== text) return null
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (OF_SPAN[unit ?? ''] ?? 0), 0)
}

/** A duration as a campaign file has it, in the largest unit that is exact: `47h`, `150m`. Parts of a second are left out. */
export function writtenDuration(ms: number): string {
  const units = [
    ['h', HOUR_MS],
    ['m', MINUTE_MS],
    ['s', SECOND_MS],
  ] as const
  const whole = Math.floor(ms / SECOND_MS) * SECOND_MS
  const [unit, length] = units.find(([, size]) => whole >= size && whole % size === 0) ?? ['s', SECOND_MS]
  return `${whole / length}${unit}`
}

const SPOKEN: readonly (readonly [form: string, ms: number])[] = [
  ['天|日|days?|d', DAY_MS],
  ['个?小时|时|hours?|hrs?|h', HOUR_MS],
  ['分钟|分|minutes?|mins?|m', MINUTE_MS],
  ['秒钟?|seconds?|secs?|s', SECOND_MS],
]
const SPOKEN_PART = new RegExp(`(\\d{1,6}) *(?:${SPOKEN.map(([form]) => `(${form})`).join('|')}) *`, 'gyi')

/** A duration as people write it, such as `2h30m` or `22 小时`, as a file has it; null for another text. */
export function understoodDuration(given: string): string | null {
  const text = given.normalize('NFKC').trim()
  const parts = [...text.matchAll(SPOKEN_PART)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return null
  const ms = parts.reduce((sum, [, count, ...units]) => {
    const unit = units.findIndex((found) => found !== undefined)
    return sum + Number(count) * (SPOKEN[unit]?.[1] ?? 0)
  }, 0)
  return ms % DAY_MS === 0 && ms > 0 ? `${ms / DAY_MS}d` : writtenDuration(ms)
}

/** A duration with several units, such as `3h30m`, in one: `210m`. Null for another text. */
export function inOneUnit(given: string): string | null {
  if (!/^\d+\D+\d/.test(given.trim())) return null
  const written = understoodDuration(given)
  return written !== null && parseDuration(written) !== null ? written : null
}

/** A time of day as people write it, such as `9:00` or `9点`, as a file has it; null for another text. */
export function understoodTime(given: string): string | null {
  const [, hour, minute = '0'] =
    /^(\d{1,2})(?:[:.点时h])(\d{1,2})?分?$/.exec(given.normalize('NFKC').trim()) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return null
  return `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
}

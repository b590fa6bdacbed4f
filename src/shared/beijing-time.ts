import { DAY_MS, HOUR_MS } from './time-units.ts'

/** The time zone of an account that names none. */
export const CHINA_TIMEZONE = 'Asia/Shanghai'

/** China has had one time zone and no summer time since 1991. */
const UTC_PLUS_8_MS = 8 * HOUR_MS

/** The start of the next day in Beijing, epoch ms. WeChat resets its daily quotas then. */
export function nextDayInBeijing(at: number): number {
  return Math.floor((at + UTC_PLUS_8_MS) / DAY_MS + 1) * DAY_MS - UTC_PLUS_8_MS
}

/** Days in Beijing from the day of `from` to that of `to`: 0 for the same day. */
export function daysBetweenInBeijing(from: number, to: number): number {
  return (nextDayInBeijing(to) - nextDayInBeijing(from)) / DAY_MS
}

/** The day in Beijing, `YYYY-MM-DD`. */
export function dayInBeijing(at: number): string {
  return new Date(at + UTC_PLUS_8_MS).toISOString().slice(0, 10)
}

/** The time in Beijing, `YYYY-MM-DD hh:mm:ss`. */
export function timeInBeijing(at: number): string {
  return new Date(at + UTC_PLUS_8_MS).toISOString().slice(0, 19).replace('T', ' ')
}

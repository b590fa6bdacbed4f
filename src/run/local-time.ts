import { DAY_MS, MINUTE_MS } from '../shared/time-units.ts'
import type { Clock } from './plan-fork.ts'

/**
 * A time zone as its offsets: each entry is the time from which an offset from UTC is in force, in ms. A workflow has this
 * table instead of the zone's name, because `Intl` may answer otherwise on a replay with newer time-zone data.
 */
export type ZoneOffsets = readonly (readonly [sinceMs: number, offsetMs: number])[]

function offsetAt(zone: ZoneOffsets, at: number): number {
  if (zone.length === 1) return zone[0]?.[1] ?? 0
  const found = zone.findLast(([since]) => since <= at) ?? zone[0]
  return found?.[1] ?? 0
}

/** The local day (days since 1970) and the minute of that day. */
function localTimeOf(zone: ZoneOffsets, at: number): { day: number; minute: number } {
  const local = at + offsetAt(zone, at)
  const day = Math.floor(local / DAY_MS)
  return { day, minute: (local - day * DAY_MS) / MINUTE_MS }
}

/**
 * The moment of a local time, epoch ms. A time that a day has twice is the first of them. A time that a day lacks, because the
 * clocks go forward, is as long after the change as it is after the beginning of the gap.
 */
export function momentOf(zone: ZoneOffsets, day: number, minute: number): number {
  const local = day * DAY_MS + minute * MINUTE_MS
  if (zone.length === 1) return local - offsetAt(zone, local)
  const exact = zone.map(([, offset]) => local - offset).filter((at) => at + offsetAt(zone, at) === local)
  if (exact.length > 0) return Math.min(...exact)
  // The offset before the change gives the time by a clock that was not put forward.
  const change = zone.findIndex(([since, offset], i) => {
    const before = zone[i - 1]?.[1] ?? offset
    return since + before <= local && local < since + offset
  })
  return local - (zone[change - 1]?.[1] ?? offsetAt(zone, local))
}

/** The day of the week, 0 (Sunday) to 6. 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7
}

/** The moment that a clock names, counted from an anchor, epoch ms. */
export function clockTime(zone: ZoneOffsets, clock: Clock, anchor: number, afterMs: number): number {
  const base = clock.day === undefined ? anchor + afterMs : anchor
  let day = localTimeOf(zone, base).day + (clock.day ?? 0)
  if (clock.day === undefined && momentOf(zone, day, clock.at) < base) day++
  while (clock.days && !clock.days.includes(weekdayOf(day))) day++
  return momentOf(zone, day, clock.at)
}

/** Times of day without unasked messages, in minutes since midnight. `from` may be later than `to`. */
export interface QuietHours {
  from: number
  to: number
}

/** The quiet hours that a moment is in, epoch ms; null outside them. */
export function quietAt(
  zone: ZoneOffsets,
  quiet: QuietHours,
  at: number,
): { from: number; to: number } | null {
  const { day } = localTimeOf(zone, at)
  for (const first of [day - 1, day]) {
    const from = momentOf(zone, first, quiet.from)
    const to = momentOf(zone, quiet.from < quiet.to ? first : first + 1, quiet.to)
    if (from <= at && at < to) return { from, to }
  }
  return null
}

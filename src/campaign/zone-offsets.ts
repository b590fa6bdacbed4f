import type { ZoneOffsets } from '../run/local-time.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../shared/time-units.ts'

/** A run and its plan are never older, counted from the period of its entry. */
const KNOWN_DAYS = 430
const PERIOD_MS = 30 * DAY_MS

const known = new Map<string, ZoneOffsets>()

/**
 * The offsets of a time zone from UTC, for at least 400 days from a time. One entry for a zone without changes, as China's.
 * Computed once for each zone and month.
 * @param timezone IANA name
 */
export function zoneOffsets(timezone: string, from: number): ZoneOffsets {
  const start = Math.floor(from / PERIOD_MS) * PERIOD_MS
  const key = `${timezone} ${start}`
  const before = known.get(key)
  if (before) return before
  const found = findOffsets(timezone, start)
  known.set(key, found)
  return found
}

function findOffsets(timezone: string, start: number): ZoneOffsets {
  const first = offsetAt(timezone, start)
  const zone: [number, number][] = [[0, first]]
  let before = first
  for (let day = 1; day <= KNOWN_DAYS; day++) {
    const at = start + day * DAY_MS
    const offset = offsetAt(timezone, at)
    if (offset === before) continue
    zone.push([changeBetween(timezone, at - DAY_MS, at), offset])
    before = offset
  }
  return zone
}

/**
 * The local day of a time, `YYYY-MM-DD`.
 * @param timezone IANA name
 */
export function localDay(timezone: string, at: number): string {
  return new Date(at + offsetAt(timezone, at)).toISOString().slice(0, 10)
}

/** The first minute with the later offset. */
function changeBetween(timezone: string, from: number, to: number): number {
  let [low, high] = [from, to]
  const before = offsetAt(timezone, from)
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS
    if (offsetAt(timezone, middle) === before) low = middle
    else high = middle
  }
  return high
}

/** `GMT+08:00` or `GMT`, as ms. */
function offsetAt(timezone: string, at: number): number {
  const name = formatterFor(timezone)
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName')?.value
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name ?? '') ?? []
  const size = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS
  return sign === '-' ? -size : size
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  formatters.set(timeZone, formatter)
  return formatter
}

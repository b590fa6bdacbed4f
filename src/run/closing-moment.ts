import { MINUTE_MS } from '../shared/time-units.ts'
import { type QuietHours, quietAt, type ZoneOffsets } from './local-time.ts'

/**
 * When a campaign with the entry `window-closing` begins: so long before a message grant ends. A moment inside quiet hours, or less
 * than ten minutes before them, is moved to ten minutes before they begin. So a later end of a grant never has an earlier moment.
 */
export interface ClosingRule {
  beforeMs: number
  quiet?: QuietHours
  zone?: ZoneOffsets
}

/** How long before the quiet hours a moment inside them is. */
const BEFORE_QUIET_MS = 10 * MINUTE_MS

/** The moment of a grant, epoch ms. */
export function closingMoment({ beforeMs, quiet, zone }: ClosingRule, grantEndsAt: number): number {
  const at = grantEndsAt - beforeMs
  const hours =
    quiet && zone ? (quietAt(zone, quiet, at) ?? quietAt(zone, quiet, at + BEFORE_QUIET_MS)) : null
  return hours ? Math.min(at, hours.from - BEFORE_QUIET_MS) : at
}

/**
 * Up to which end of a grant the moment has come, epoch ms; null in quiet hours, in which nothing begins: a moment that an
 * outage has delayed until then comes after them, if the grant lasts.
 */
export function closingUntil({ beforeMs, quiet, zone }: ClosingRule, now: number): number | null {
  if (!quiet || !zone) return now + beforeMs
  if (quietAt(zone, quiet, now)) return null
  const hours = quietAt(zone, quiet, now + BEFORE_QUIET_MS)
  return Math.max(now, hours ? hours.to - 1 : now) + beforeMs
}

/** When a moment that has come may begin, epoch ms: now, or at the end of the quiet hours. */
export function closingStart({ quiet, zone }: ClosingRule, now: number): number {
  return (quiet && zone ? quietAt(zone, quiet, now)?.to : undefined) ?? now
}

import { nextDayInBeijing } from '../../shared/beijing-time.ts'
import { DAY_MS, HOUR_MS } from '../../shared/time-units.ts'
import { type ActivityCount, SLOT_MS, type SlotPeriod } from '../../store/statistics/activity-counts.ts'
import { type SkipGroup, skipGroup } from '../skip-reasons.ts'

type Counted = ActivityCount & { slot: number }

/** A figure of today. */
export interface Figure {
  today: number
  /** Yesterday until the same time of day; null: nothing was counted yesterday. */
  yesterday: number | null
  /** By hour of today, until now. */
  hours: readonly number[]
}

export interface Skips {
  /** By reason, the largest first. */
  couldNot: readonly [reason: string, n: number][]
  byDesign: readonly [reason: string, n: number][]
  /** Of people who left before. */
  left: readonly [reason: string, n: number][]
}

export interface Lateness {
  /** Messages by the upper bound of their lateness in seconds. */
  buckets: readonly { le: string; n: number }[]
  total: number
  /** The bound that half of the messages, and 99 of 100, kept; null: none was sent. `+Inf`: above the largest bound. */
  median: string | null
  p99: string | null
}

export interface Today {
  entered: Figure
  replied: Figure
  sent: Figure
  couldNot: Figure
  byDesign: Figure
  skips: Skips
  lateness: Lateness
  /** p99 of the last hour, for alerts. */
  lastHour: Lateness
}

/** The start of the day in Beijing, epoch ms. */
export const startOfDay = (now: number) => nextDayInBeijing(now) - DAY_MS

/** Where the counts that {@link todayOf} needs begin. */
export const activityFrom = (now: number) => startOfDay(now) - DAY_MS

/** The slots that {@link todayOf} must know one by one: those of the last hour, and of the hour of this time of day yesterday. */
export function slotsApart(now: number): SlotPeriod[] {
  const yesterday = now - DAY_MS
  const hour = yesterday - (yesterday % HOUR_MS)
  return [
    { from: hour, until: hour + HOUR_MS },
    { from: now - HOUR_MS, until: Number.MAX_SAFE_INTEGER },
  ]
}

/** The figures of today in Beijing, and of yesterday until the same time. @param counts since {@link activityFrom} */
export function todayOf(counts: readonly Counted[], now: number): Today {
  const start = startOfDay(now)
  const hasYesterday = counts.some(({ slot }) => slot < start)
  const figure = (counts_: readonly Counted[]): Figure => ({
    today: sum(counts_.filter(({ slot }) => slot >= start)),
    yesterday: hasYesterday ? untilSameTime(counts_, now, start) : null,
    hours: byHour(counts_, start, now),
  })
  const of = (metric: string, label?: string) =>
    counts.filter((c) => c.metric === metric && (label === undefined || c.label === label))
  const skipped = of('skipped')
  const ofGroup = (group: SkipGroup) => figure(skipped.filter(({ label }) => skipGroup(label) === group))
  return {
    entered: figure(of('entered')),
    replied: figure(of('replied')),
    sent: figure(of('send', 'sent')),
    couldNot: ofGroup('couldNot'),
    byDesign: ofGroup('byDesign'),
    skips: skipsOf(skipped.filter(({ slot }) => slot >= start)),
    lateness: latenessOf(of('late').filter(({ slot }) => slot >= start)),
    lastHour: latenessOf(of('late').filter(({ slot }) => slot > now - HOUR_MS)),
  }
}

const sum = (counts: readonly Counted[]) => counts.reduce((total, { n }) => total + n, 0)

/** The slot that was running yesterday at this time counts by the part of it that was over. */
function untilSameTime(counts: readonly Counted[], now: number, start: number): number {
  const sameTime = now - DAY_MS
  const total = counts
    .filter(({ slot }) => slot >= start - DAY_MS && slot < start)
    .reduce((all, { slot, n }) => all + n * Math.min(1, Math.max(0, (sameTime - slot) / SLOT_MS)), 0)
  return Math.round(total)
}

function byHour(counts: readonly Counted[], start: number, now: number): number[] {
  const hours = Array.from({ length: Math.floor((now - start) / HOUR_MS) + 1 }, () => 0)
  for (const { slot, n } of counts) {
    const hour = Math.floor((slot - start) / HOUR_MS)
    if (hour >= 0 && hour < hours.length) hours[hour] = (hours[hour] ?? 0) + n
  }
  return hours
}

function skipsOf(counts: readonly Counted[]): Skips {
  const reasons = new Map<string, number>()
  for (const { label, n } of counts) reasons.set(label, (reasons.get(label) ?? 0) + n)
  return splitReasons(Object.fromEntries(reasons))
}

/** Reasons of skipped steps, split into faults and what the campaign intends. Each part has the largest first. */
export function splitReasons(reasons: Readonly<Record<string, number>>): Skips {
  const sorted = Object.entries(reasons).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const ofGroup = (group: SkipGroup) => sorted.filter(([reason]) => skipGroup(reason) === group)
  return { couldNot: ofGroup('couldNot'), byDesign: ofGroup('byDesign'), left: ofGroup('left') }
}

function latenessOf(counts: readonly Counted[]): Lateness {
  const sums = new Map<string, number>()
  for (const { label, n } of counts) sums.set(label, (sums.get(label) ?? 0) + n)
  const buckets = [...sums].map(([le, n]) => ({ le, n })).sort((a, b) => boundOf(a.le) - boundOf(b.le))
  const total = buckets.reduce((all, { n }) => all + n, 0)
  return { buckets, total, median: quantile(buckets, total, 0.5), p99: quantile(buckets, total, 0.99) }
}

function quantile(buckets: readonly { le: string; n: number }[], total: number, share: number) {
  let seen = 0
  for (const { le, n } of buckets) {
    seen += n
    if (total > 0 && seen >= total * share) return le
  }
  return null
}

/** The upper bound of a bucket in seconds. */
export const boundOf = (le: string) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le))

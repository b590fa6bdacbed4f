import { type QuietHours, quietAt } from '../run/local-time.ts'
import type { Plan } from '../run/plan.ts'
import { HOUR_MS, MINUTE_MS } from '../shared/time-units.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import type { Issue } from './issue.ts'
import { entriesOf } from './items.ts'
import type { Campaign } from './model.ts'
import { type PlayedWay, playWays } from './play-ways.ts'
import { ENTRY_AT } from './preview.ts'
import { coveringWays, type Way, workOfWay } from './ways.ts'

/** Local hour of `ENTRY_AT`. */
const ENTRY_HOUR = 10
const HOURS = 24
/** More than a step goes before its time. */
const MARGIN_MS = 5 * MINUTE_MS
/** The work of all ways and hours together, as for other warnings. With more, fewer hours of the day are played. */
const WORK_MAX = 25_000
/** Hours between two entries that are played. */
const STRIDES = [1, 2, 3, 4, 6, 8]

interface Context {
  campaign: Campaign
  plan: Plan
  rules: RulesProfileName
  paths: ReadonlyMap<string, string>
  /** The account whose quiet hours the campaign has; null: its own. */
  quietOf: string | null
}

/**
 * Steps that quiet hours move, with the hours of the entry for which they do: every full hour is played.
 * @param known ways that were played with an entry at `ENTRY_AT`. An hour that shows nothing else is not played again.
 */
export function quietWarnings(context: Context, ways: readonly Way[], known: readonly PlayedWay[]): Issue[] {
  const { quiet } = context.plan
  if (!quiet) return []
  /** By step: the hours for which it goes after the quiet hours, and before them. */
  const moved = new Map<string, { after: Set<number>; before: Set<number> }>()
  const isRecall = entriesOf(context.campaign)[0]?.event === 'window-closing'
  const some = coveringWays(context.plan, ways)
  const most = WORK_MAX / workOfWay(context.plan) / some.length
  const stride = STRIDES.find((hours) => HOURS / hours <= most) ?? HOURS / 2
  const undisturbed = isSameAtAllHours(context.plan) ? undisturbedWays(known) : null
  for (let hour = 0; hour < HOURS; hour += stride) {
    const entryAt = ENTRY_AT + (hour - ENTRY_HOUR) * HOUR_MS
    // No recall begins in quiet hours.
    if (isRecall && quietAt(context.plan.zone ?? [], quiet, entryAt)) continue
    const open = some.filter((way) => {
      const times = undisturbed?.get(way)
      return !times || mayBeQuiet(context.plan, quiet, times, entryAt - ENTRY_AT)
    })
    if (open.length === 0) continue
    for (const { timeline } of playWays(context, open, entryAt))
      for (const line of timeline) {
        if (line.line !== 'step' || line.state !== 'sent' || !line.quiet) continue
        const hours = moved.get(line.step) ?? { after: new Set(), before: new Set() }
        for (let h = hour; h < hour + stride; h++) hours[line.quiet].add(h)
        moved.set(line.step, hours)
      }
  }
  const of = context.quietOf === null ? '' : ` of account ${context.quietOf}`
  const span = `${clock(quiet.from)}–${clock(quiet.to)}${of}`
  return [...context.paths].flatMap(([step, path]): Issue[] => {
    const found = moved.get(step)
    if (!found) return []
    const { after, before } = found
    const all = new Set([...after, ...before])
    const goes =
      before.size === 0
        ? 'it goes at their end'
        : after.size === 0
          ? 'it goes just before they begin, because its grant ends before their end'
          : `it goes at their end, and for entries ${ranges(before)}, whose grant ends before, just before they begin`
    const message = `step ${step}: for entries ${ranges(all)} it falls into quiet hours (${span}); ${goes}`
    return [{ path, message, rule: 'quiet-hours', hint: 'Give it at, or anytime: true' }]
  })
}

/** True when a run is the same at every hour of the day but for the quiet hours: no local time and no change of the clocks. */
function isSameAtAllHours({ steps, forks = [], zone = [] }: Plan): boolean {
  return zone.length === 1 && [...steps, ...forks].every(({ clock }) => clock === undefined)
}

/** The times at which a step is sent, held or skipped, of each way without a step that quiet hours moved. */
function undisturbedWays(known: readonly PlayedWay[]): Map<Way, number[]> {
  const found = new Map<Way, number[]>()
  for (const { way, timeline } of known) {
    const lines = timeline.filter((line) => line.line === 'step')
    const isMoved = lines.some((line) => line.quiet !== undefined || line.reason === 'quiet-hours')
    if (!isMoved)
      found.set(
        way,
        lines.map(({ at }) => at),
      )
  }
  return found
}

/**
 * Whether quiet hours may move a step of a way when the entry is `laterMs` later. Before the first step that they move, held
 * ones included, the run is the same. Steps go at most a minute early, for the margin of a grant.
 */
function mayBeQuiet(plan: Plan, quiet: QuietHours, times: readonly number[], laterMs: number): boolean {
  const zone = plan.zone ?? []
  return times.some((at) =>
    [-MARGIN_MS, 0, MARGIN_MS].some((margin) => quietAt(zone, quiet, at + laterMs + margin)),
  )
}

function clock(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0')).join(':')
}

/** Hours of the day as ranges that may go over midnight: `between 23:00 and 02:00`. */
function ranges(hours: ReadonlySet<number>): string {
  if (hours.size === HOURS) return 'at all hours'
  const starts = [...hours].filter((hour) => !hours.has((hour + HOURS - 1) % HOURS)).sort((a, b) => a - b)
  const texts = starts.map((start) => {
    let end = start
    while (hours.has((end + 1) % HOURS)) end = (end + 1) % HOURS
    return `between ${clock(start * 60)} and ${clock(((end + 1) % HOURS) * 60)}`
  })
  return texts.join(' and ')
}

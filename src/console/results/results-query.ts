import { localDay } from '../../campaign/zone-offsets.ts'
import { CHINA_TIMEZONE } from '../../shared/beijing-time.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { numberOf } from '../number-of.ts'

/** The days of entries that a page counts: today, a number of days with today, or all. */
export const RANGES = ['1', '7', '30', 'all'] as const
type Range = (typeof RANGES)[number]

/** Which runs a page of results counts, as its address says it. */
export interface ResultsQuery {
  range: Range
  /** Null: all versions. */
  version: number | null
}

const MOST_VERSION = 2 ** 31 - 1

/** Reads the query of a page of results. What it does not know is the default: the last seven days of all versions. */
export function readResultsQuery(query: Readonly<Record<string, string | undefined>>): ResultsQuery {
  return {
    range: RANGES.find((range) => range === query.range) ?? '7',
    version: numberOf(query.version, MOST_VERSION),
  }
}

/** The query of the page itself. */
export function resultsHref({ range, version }: ResultsQuery): string {
  return `?${new URLSearchParams({ range, ...(version === null ? {} : { version: String(version) }) })}`
}

/**
 * The filter of the operator API. A run counts on the day that its account has, so the first day is that of the account whose day
 * began last.
 * @param accounts those of the campaign
 */
export function statisticsQuery(
  { range, version }: ResultsQuery,
  now: number,
  accounts: readonly { timezone: string }[],
): string {
  const from: Record<string, string> =
    range === 'all' ? {} : { from: daysBefore(firstToday(now, accounts), Number(range) - 1) }
  return String(new URLSearchParams({ ...from, ...(version === null ? {} : { version: String(version) }) }))
}

/** The earliest of the days that the accounts have now. */
function firstToday(now: number, accounts: readonly { timezone: string }[]): string {
  const zones = new Set(accounts.map(({ timezone }) => timezone))
  const days = [...zones].map((zone) => localDay(zone, now)).sort()
  return days[0] ?? localDay(CHINA_TIMEZONE, now)
}

function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10)
}

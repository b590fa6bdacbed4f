import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'

const UNITS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/** Parses `40s`, `10m`, `22h` or `30d`. @returns ms; null for any other text */
export function parseDuration(text: string): number | null {
  const [, count, unit] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? []
  return count && unit ? Number(count) * (UNITS[unit] ?? 0) : null
}

/** Formats ms as `40s`, `10m40s` or `22h`, rounded to whole seconds. */
export function formatDuration(ms: number): string {
  const total = Math.round(ms / 1000)
  const parts = [`${Math.floor(total / 3600)}h`, `${Math.floor((total % 3600) / 60)}m`, `${total % 60}s`]
  return parts.filter((p) => !/^0\D/.test(p)).join('') || '0s'
}

/** Formats ms for a sentence: `22 h`, `1 min 30 s`. */
export function describeDuration(ms: number): string {
  const total = Math.round(ms / 1000)
  const parts = [
    [Math.floor(total / 3600), 'h'],
    [Math.floor((total % 3600) / 60), 'min'],
    [total % 60, 's'],
  ] as const
  return (
    parts
      .filter(([n]) => n > 0)
      .map(([n, unit]) => `${n} ${unit}`)
      .join(' ') || '0 s'
  )
}

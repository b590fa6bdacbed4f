const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `40s`, `10m`, `22h`, `30d` in ms; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, count, unit] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? []
  return count && unit ? Number(count) * (UNITS[unit] ?? 0) : null
}

/** `40s`, `10m40s`, `22h`: rounded to whole seconds. */
export function formatDuration(ms: number): string {
  const total = Math.round(ms / 1000)
  const parts = [`${Math.floor(total / 3600)}h`, `${Math.floor((total % 3600) / 60)}m`, `${total % 60}s`]
  return parts.filter((p) => !/^0\D/.test(p)).join('') || '0s'
}

/** For sentences: `22 h`, `1 min 30 s`. */
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

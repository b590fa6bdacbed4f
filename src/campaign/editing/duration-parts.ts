/** A duration as a form shows it. */
export interface DurationParts {
  count: string
  unit: 's' | 'm' | 'h' | 'd'
}
export const UNITS = ['s', 'm', 'h', 'd'] as const

/** `22h` as 22 and h. A text that is no duration is shown as it is. */
export function durationParts(value: unknown): DurationParts {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const [, count, unit] = /^(.*?)([smhd]?)$/s.exec(text) ?? []
  return { count: count ?? '', unit: (unit || 's') as DurationParts['unit'] }
}

/** A test for texts that match one of the patterns. A trailing `*` matches any rest; other patterns match exactly. */
export function patternTest(patterns: readonly string[]): (value: string) => boolean {
  const exact = new Set(patterns.filter((p) => !p.endsWith('*')))
  const prefixes = patterns.filter((p) => p.endsWith('*')).map((p) => p.slice(0, -1))
  return (value) => exact.has(value) || prefixes.some((p) => value.startsWith(p))
}

/** The first pattern that matches; null when none does. */
export function fittingPattern(patterns: readonly string[], value: string): string | null {
  return patterns.find((pattern) => patternTest([pattern])(value)) ?? null
}

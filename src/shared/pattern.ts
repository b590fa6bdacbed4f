/** A test for texts that equal one of the patterns, or begin as one that ends with `*`. */
export function patternTest(patterns: readonly string[]): (value: string) => boolean {
  const exact = new Set(patterns.filter((p) => !p.endsWith('*')))
  const prefixes = patterns.filter((p) => p.endsWith('*')).map((p) => p.slice(0, -1))
  return (value) => exact.has(value) || prefixes.some((p) => value.startsWith(p))
}

import type { Facts, FactValue } from '../shared/facts.ts'

/** What a fact must be: a value, one of several values, or a number of at least or at most `n`. */
export type FactTest = FactValue | readonly FactValue[] | { atLeast: number } | { atMost: number }

/** True when every named fact is as required. A fact that is not set meets no test. */
export function factsHold(facts: Facts, tests: Readonly<Record<string, FactTest>>): boolean {
  return Object.entries(tests).every(([name, test]) => {
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined
    return value !== undefined && meets(value, test)
  })
}

/** Compares by the written form: a system that sends `"1"` for `1`, or `"true"` for `true`, means the same. */
function meets(value: FactValue, test: FactTest): boolean {
  if (Array.isArray(test)) return test.some((one) => String(one) === String(value))
  if (typeof test !== 'object') return String(test) === String(value)
  const number = numberOfFact(value) ?? Number.NaN
  if ('atLeast' in test) return number >= test.atLeast
  return 'atMost' in test && number <= test.atMost
}

/** The number of a fact, also of one that was sent as text; null for any other value. */
export function numberOfFact(value: FactValue | undefined): number | null {
  if (value === undefined || typeof value === 'boolean' || (typeof value === 'string' && value.trim() === ''))
    return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** The time that a fact names, epoch ms: an ISO time with its offset, or epoch ms. Null for any other value. */
export function timeOfFact(value: FactValue | undefined): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string') return null
  const at = ISO_TIME.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? null : at
}

/** With an offset: a local time would depend on the machine. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/

/**
 * What a record has under a name that somebody has chosen: a step, a branch, a fact. Undefined for `constructor` and the other
 * names of every object, when the record itself does not have them.
 */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** Adds to the count under a name that somebody has chosen. */
export function addTo(counts: Record<string, number>, name: string, n = 1): void {
  // An assignment to `__proto__` would be lost.
  Object.defineProperty(counts, name, {
    value: (ownValue(counts, name) ?? 0) + n,
    ...{ enumerable: true, configurable: true, writable: true },
  })
}

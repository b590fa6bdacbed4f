import { createBriefCache } from '../../shared/brief-cache.ts'

/**
 * How long a list of keys is valid. Any number of invented keys then costs two statements a second. WeChat retries only after
 * five seconds.
 */
const KEYS_LIFETIME_MS = 500

export interface KeyedLookup<T> {
  /** The value; null when there is none. @throws Error when the store fails */
  find(key: string): Promise<T | null>
  /** Call after a write: an absent key may exist now. */
  clear(): void
}

/**
 * Looks up values by keys that unauthenticated clients can invent, without a statement for each. The list of existing keys is
 * read once for all callers and is valid for half a second. Only values of existing keys are read, once for all waiting callers.
 */
export function createKeyedLookup<T>(deps: {
  /** Reads all existing keys. */
  readKeys(): Promise<ReadonlySet<string>>
  read(key: string): Promise<T | null>
  /** Called with a value that was read, unless `clear` was called during the read. */
  onFound(key: string, value: T): void
  /** A monotonic clock, ms. */
  monotonic?(): number
}): KeyedLookup<T> {
  const keys = createBriefCache(deps.readKeys, KEYS_LIFETIME_MS, deps.monotonic)
  let values = new Map<string, Promise<T | null>>()
  let generation = 0

  async function readValue(key: string): Promise<T | null> {
    const startGeneration = generation
    const value = await deps.read(key)
    if (value !== null && startGeneration === generation) deps.onFound(key, value)
    return value
  }

  return {
    async find(key) {
      if (!(await keys.get()).has(key)) return null
      const known = values.get(key)
      if (known) return known
      const pending = values
      const reading = readValue(key).finally(() => pending.delete(key))
      pending.set(key, reading)
      return reading
    },
    clear() {
      generation += 1
      keys.invalidate()
      values = new Map()
    },
  }
}

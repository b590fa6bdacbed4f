import { createBriefCache } from '../../shared/brief-cache.ts'

/**
 * A list of keys is valid for so long. Any number of made-up keys costs two statements a second, and WeChat sends again
 * only after five seconds.
 */
const KEYS_LIFETIME_MS = 500

export interface KeyedLookup<T> {
  /** Null where there is none. @throws Error when the store fails */
  find(key: string): Promise<T | null>
  /** Something was written: what was absent may be there. */
  clear(): void
}

/**
 * Looks up by keys that anybody can make up, without a statement for each: the list of existing keys is read once for all
 * of them, and valid for half a second. Only a key of that list is read itself, once for all that wait.
 */
export function createKeyedLookup<T>(deps: {
  /** All keys that there are. */
  readKeys(): Promise<ReadonlySet<string>>
  read(key: string): Promise<T | null>
  /** Found, and nothing was written meanwhile. */
  onFound(key: string, value: T): void
  /** A clock that nobody sets, ms. */
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

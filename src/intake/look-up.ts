import { createBriefCache } from '../brief-cache.ts'

/**
 * So long a list of keys is believed: a flood of made-up ones costs two statements a second, and WeChat sends again only
 * after five seconds.
 */
const KEYS_MS = 500

export interface LookUp<T> {
  /** Null where there is none. @throws Error when the store fails */
  find(key: string): Promise<T | null>
  /** Something was written: what was absent may be there. */
  forget(): void
}

/**
 * Looks up what anybody may ask for, so that made-up keys cost no statement each: which keys there are is read at once
 * for all of them, and believed for half a second. Only a key that is there is read itself, once for all who wait.
 */
export function createLookUp<T>(deps: {
  /** All keys that there are. */
  readKeys(): Promise<ReadonlySet<string>>
  read(key: string): Promise<T | null>
  /** Found, and nothing was written meanwhile. */
  keep(key: string, value: T): void
  /** A clock that nobody sets, ms. */
  monotonic?(): number
}): LookUp<T> {
  const keys = createBriefCache(deps.readKeys, KEYS_MS, deps.monotonic)
  let values = new Map<string, Promise<T | null>>()
  let generation = 0

  async function readValue(key: string): Promise<T | null> {
    const began = generation
    const value = await deps.read(key)
    if (value !== null && began === generation) deps.keep(key, value)
    return value
  }

  return {
    async find(key) {
      if (!(await keys.get()).has(key)) return null
      const known = values.get(key)
      if (known) return known
      const mine = values
      const reading = readValue(key).finally(() => mine.delete(key))
      mine.set(key, reading)
      return reading
    },
    forget() {
      generation += 1
      keys.forget()
      values = new Map()
    },
  }
}

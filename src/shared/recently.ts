import { LRUCache } from 'lru-cache'

const RECENT_MS = 1_000
const MAX_ENTRIES = 2_000

/**
 * Calls `read` once for all calls with the same arguments within a second, and shares its answer. An error is not shared
 * with later calls.
 */
export function recently<Args extends (string | number)[], T>(
  read: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  const answers = new LRUCache<string, Promise<T>>({ max: MAX_ENTRIES, ttl: RECENT_MS })
  return (...args) => {
    const key = JSON.stringify(args)
    const known = answers.get(key)
    if (known) return known
    const answer = read(...args)
    answers.set(key, answer)
    answer.catch(() => answers.delete(key))
    return answer
  }
}

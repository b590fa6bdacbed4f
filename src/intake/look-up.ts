/** Keys of one statement. */
const BATCH = 500
/** Far more than a process has places for strangers; a bound all the same. */
const MOST_WAITING = 1_000
/** So long "there is none" is believed: long enough for a flood, and over before WeChat sends again. */
const ABSENT_MS = 500
const MOST_ABSENT = 10_000
/** Statements that follow each other begin so far apart at least. */
const APART_MS = 20

export interface LookUp<T> {
  /** Null where there is none. @throws Error when the store fails, or too many wait */
  find(key: string): Promise<T | null>
  /** Something was written: what was absent may be there. */
  forget(): void
}

/**
 * Looks up what anybody may ask for: one statement at a time for all who wait, and what is absent is remembered for a
 * moment. Who asks while a statement is under way waits for the next one, which sees what was written before he asked.
 */
export function createLookUp<T>(deps: {
  /** The found ones, by key. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, T>>
  /** Found, and nothing was written meanwhile. */
  keep(key: string, value: T): void
  /** A clock that nobody sets, ms. */
  monotonic?(): number
  limits?: { batch: number; waiting: number; absent: number; absentMs: number; apartMs: number }
}): LookUp<T> {
  const { read, keep, monotonic = () => performance.now() } = deps
  const limits = deps.limits ?? {
    batch: BATCH,
    waiting: MOST_WAITING,
    absent: MOST_ABSENT,
    absentMs: ABSENT_MS,
    apartMs: APART_MS,
  }
  const waiting = new Map<string, ReturnType<typeof promiseOf<T | null>>>()
  /** Until when, ms; the oldest first. */
  const absent = new Map<string, number>()
  let generation = 0
  let busy = false

  async function run(): Promise<void> {
    busy = true
    while (waiting.size > 0) {
      const pause = new Promise((resolve) => setTimeout(resolve, limits.apartMs))
      await readBatch()
      await pause
    }
    busy = false
  }

  async function readBatch(): Promise<void> {
    const batch = [...waiting].slice(0, limits.batch)
    for (const [key] of batch) waiting.delete(key)
    const began = generation
    try {
      const found = await read(batch.map(([key]) => key))
      for (const [key, asked] of batch) {
        const value = found.get(key)
        if (began === generation) {
          if (value === undefined) noteAbsent(key)
          else keep(key, value)
        }
        asked.resolve(value ?? null)
      }
    } catch (err) {
      for (const [, asked] of batch) asked.reject(err)
    }
  }

  function noteAbsent(key: string): void {
    absent.delete(key)
    const [oldest] = absent.keys()
    if (oldest !== undefined && absent.size >= limits.absent) absent.delete(oldest)
    absent.set(key, monotonic() + limits.absentMs)
  }

  return {
    async find(key) {
      const until = absent.get(key)
      if (until !== undefined && monotonic() < until) return null
      const known = waiting.get(key)
      if (known) return known.promise
      if (waiting.size >= limits.waiting) throw new Error('too many unknown appIds at once')
      const asked = promiseOf<T | null>()
      waiting.set(key, asked)
      // In the next microtask, so that those who ask together are read together.
      if (!busy) void Promise.resolve().then(run)
      busy = true
      return asked.promise
    },
    forget() {
      generation += 1
      absent.clear()
    },
  }
}

function promiseOf<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (err: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

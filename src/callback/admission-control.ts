/**
 * How many callbacks may wait for the store at once. Each waits at most 4 s, and what takes 2,000 of them in 4 s takes more
 * than a burst of 500 follows a second; beyond that, waiting would only make every answer late.
 */
const MAX_CONCURRENT = 2_000
/** Of these, for callbacks whose query carries no good `signature`: strangers cannot keep WeChat out. */
const MAX_UNAUTHENTICATED = MAX_CONCURRENT / 4
/** All bodies together. WeChat's are 1 to 2 KiB; one of 64 KiB is counted as that. */
const MAX_BODY_BYTES = 32 * 1024 * 1024
/** Of these, for strangers: 500 of them with 64 KiB each would leave next to nothing. */
const MAX_UNAUTHENTICATED_BYTES = MAX_BODY_BYTES / 4

/**
 * Requests with a young signature whose body has not come whole. A signature in the query proves nothing about the
 * sender: it stands in the log of a proxy. WeChat's body follows its headers at once, so the oldest one gives way to a
 * new one where there are too many.
 */
const MAX_READERS = MAX_CONCURRENT / 2
/** Of `BODY_BYTES`, for these, as announced. */
const MAX_READER_BYTES = MAX_BODY_BYTES / 4
/** Of these, with the same signature. WeChat's repeats of one event may carry the same, and come 5 s apart. */
const MAX_READERS_PER_SIGNATURE = 4

/**
 * Where so many wait and the first of them has waited so long, a new one would be answered too late as well: WeChat has
 * 5 s, and part of it is over before a busy process looks at the request at all.
 */
const QUEUE_HIGH_WATER = 200
const MAX_QUEUE_AGE_MS = 2_000

/**
 * More callbacks a second than a busy day brings. They wait less in here than before this process looks at them at all,
 * so their number tells of a flood sooner than that of those under way.
 */
const OVERLOAD_PER_S = 100

interface Limits {
  concurrent: number
  unauthenticated: number
  unauthenticatedBytes: number
  readers: number
  readerBytes: number
  readersPerSignature: number
  bodyBytes: number
  queueHighWater: number
}

const DEFAULTS: Limits = {
  concurrent: MAX_CONCURRENT,
  unauthenticated: MAX_UNAUTHENTICATED,
  unauthenticatedBytes: MAX_UNAUTHENTICATED_BYTES,
  readers: MAX_READERS,
  readerBytes: MAX_READER_BYTES,
  readersPerSignature: MAX_READERS_PER_SIGNATURE,
  bodyBytes: MAX_BODY_BYTES,
  queueHighWater: QUEUE_HIGH_WATER,
}

/** The body did not come before newer requests needed its place. */
export class EvictedError extends Error {
  override name = 'EvictedError'
}

/** What one request holds until it leaves. */
export interface Permit {
  /** The body, as `body` gives it. @throws EvictedError when newer requests needed the place before it came */
  read<T>(body: Promise<T>): Promise<T>
  /**
   * The body has come whole, `bytes` long, and is WeChat's: the request waits for the store from now on. False when there
   * is no room left for it.
   */
  enqueue(bytes: number): boolean
  /** Gives the place back, once. */
  release(): void
}

export interface AdmissionControl {
  /** Whether WeChat floods this process now, or did within the last second: what can wait should. */
  isOverloaded(): boolean
  /**
   * A place before the body is read; null when there is none. `signature`: of the query, where WeChat made it a short time
   * ago; null: a stranger's. `bytes`: how long the body may become.
   */
  tryAcquire(who: { signature: string | null; bytes: number }): Permit | null
}

/** Bounds what callbacks may hold in memory; `waiting` is told of each change. */
export function createAdmissionControl(
  onChange: (now: number) => void = () => {},
  limits: Limits = DEFAULTS,
  now: () => number = () => performance.now(),
): AdmissionControl {
  const readers = createReaders(limits)
  const unauthenticated = { count: 0, bytes: 0 }
  /** When those that wait for the store began to, the first one first. Only these say something about the store. */
  const queuedSince = new Map<symbol, number>()
  const arrivals = createArrivals(now)
  let waitingBytes = 0
  const heldBytes = () => readers.bytes() + unauthenticated.bytes + waitingBytes
  const isFull = () => queuedSince.size + unauthenticated.count >= limits.concurrent
  const isSlow = () => {
    const [first] = queuedSince.values()
    return (
      queuedSince.size >= limits.queueHighWater && first !== undefined && now() - first > MAX_QUEUE_AGE_MS
    )
  }
  const report = () => onChange(readers.count() + unauthenticated.count + queuedSince.size)

  /** Takes a share of what is not yet known to be WeChat's; null when there is no room. `leave` gives it back. */
  function enter(signature: string | null, bytes: number, evict: () => void): (() => void) | null {
    if (signature !== null) {
      readers.evictFor(signature, bytes)
      return heldBytes() + bytes > limits.bodyBytes ? null : readers.enter({ signature, bytes, evict })
    }
    const hasRoom =
      unauthenticated.count < limits.unauthenticated &&
      unauthenticated.bytes + bytes <= limits.unauthenticatedBytes
    if (!hasRoom || heldBytes() + bytes > limits.bodyBytes) return null
    unauthenticated.count += 1
    unauthenticated.bytes += bytes
    return () => {
      unauthenticated.count -= 1
      unauthenticated.bytes -= bytes
    }
  }

  return {
    isOverloaded: () => queuedSince.size >= limits.queueHighWater || arrivals.perSecond() > OVERLOAD_PER_S,
    tryAcquire({ signature, bytes }) {
      if (isFull() || isSlow()) return null
      let isEvicted = false
      let onEvict = () => {}
      let giveBack: (() => void) | null = enter(signature, bytes, () => {
        isEvicted = true
        release()
        onEvict()
      })
      if (!giveBack) return null
      const release = () => {
        giveBack?.()
        giveBack = null
        report()
      }
      report()
      return {
        read: (body) =>
          new Promise((resolve, reject) => {
            onEvict = () => reject(new EvictedError('newer requests needed its place before its body came'))
            if (isEvicted) onEvict()
            body.then(resolve, reject)
          }),
        enqueue(size) {
          if (!giveBack) return false
          giveBack()
          giveBack = null
          if (isFull() || heldBytes() + size > limits.bodyBytes) {
            report()
            return false
          }
          const token = Symbol()
          queuedSince.set(token, now())
          waitingBytes += size
          arrivals.record()
          giveBack = () => {
            queuedSince.delete(token)
            waitingBytes -= size
          }
          return true
        },
        release() {
          if (giveBack) release()
        },
      }
    },
  }
}

interface Reader {
  signature: string
  bytes: number
  evict(): void
}

/** Signed requests whose body has not come whole: where there are too many, the oldest ones give way. */
function createReaders(limits: Pick<Limits, 'readers' | 'readerBytes' | 'readersPerSignature'>) {
  const all = new Set<Reader>()
  const bySignature = new Map<string, Set<Reader>>()
  let bytes = 0
  const evictOldest = (of: ReadonlySet<Reader> | undefined) => {
    const [oldest] = of ?? []
    oldest?.evict()
  }
  return {
    count: () => all.size,
    bytes: () => bytes,
    evictFor(signature: string, bytesNeeded: number): void {
      if ((bySignature.get(signature)?.size ?? 0) >= limits.readersPerSignature) {
        evictOldest(bySignature.get(signature))
      }
      while (all.size > 0 && (all.size >= limits.readers || bytes + bytesNeeded > limits.readerBytes)) {
        evictOldest(all)
      }
    },
    /** Gives what takes it out again. */
    enter(reader: Reader): () => void {
      const same = bySignature.get(reader.signature) ?? new Set()
      bySignature.set(reader.signature, same.add(reader))
      all.add(reader)
      bytes += reader.bytes
      return () => {
        all.delete(reader)
        same.delete(reader)
        if (same.size === 0) bySignature.delete(reader.signature)
        bytes -= reader.bytes
      }
    },
  }
}

/** How many of WeChat's callbacks come in a second. */
function createArrivals(now: () => number) {
  let counts = { second: 0, now: 0, before: 0 }
  const roll = () => {
    const second = Math.floor(now() / 1_000)
    if (second !== counts.second) {
      counts = { second, now: 0, before: second === counts.second + 1 ? counts.now : 0 }
    }
  }
  return {
    record(): void {
      roll()
      counts.now += 1
    },
    /** Of this second and the one before, the more. */
    perSecond(): number {
      roll()
      return Math.max(counts.now, counts.before)
    },
  }
}

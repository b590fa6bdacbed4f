/**
 * How many callbacks may wait for the store at once. Each waits at most 4 s, and what takes 2,000 of them in 4 s takes more
 * than a burst of 500 follows a second; beyond that, waiting would only make every answer late.
 */
const PLACES = 2_000
/** Of these, for callbacks whose query carries no good `signature`: strangers cannot keep WeChat out. */
const STRANGERS = PLACES / 4
/** All bodies together. WeChat's are 1 to 2 KiB; one of 64 KiB is counted as that. */
const BODY_BYTES = 32 * 1024 * 1024
/** Of these, for strangers: 500 of them with 64 KiB each would leave next to nothing. */
const STRANGER_BYTES = BODY_BYTES / 4

/**
 * Requests with a young signature whose body has not come whole. A signature in the query proves nothing about the
 * sender: it stands in the log of a proxy. WeChat's body follows its headers at once, so the oldest one gives way to a
 * new one where there are too many.
 */
const READERS = PLACES / 2
/** Of `BODY_BYTES`, for these, as announced. */
const READER_BYTES = BODY_BYTES / 4
/** Of these, with the same signature. WeChat's repeats of one event may carry the same, and come 5 s apart. */
const READERS_PER_SIGNATURE = 4

/**
 * Where so many wait and the first of them has waited so long, a new one would be answered too late as well: WeChat has
 * 5 s, and part of it is over before a busy process looks at the request at all.
 */
const CROWD = 200
const OLD_MS = 2_000

/**
 * More callbacks a second than a busy day brings. They wait less in here than before this process looks at them at all,
 * so their number tells of a flood sooner than that of those under way.
 */
const FLOOD_PER_S = 100

interface Limits {
  places: number
  strangers: number
  strangerBytes: number
  readers: number
  readerBytes: number
  readersPerSignature: number
  bodyBytes: number
  crowd: number
}

const DEFAULTS: Limits = {
  places: PLACES,
  strangers: STRANGERS,
  strangerBytes: STRANGER_BYTES,
  readers: READERS,
  readerBytes: READER_BYTES,
  readersPerSignature: READERS_PER_SIGNATURE,
  bodyBytes: BODY_BYTES,
  crowd: CROWD,
}

/** The body did not come before newer requests needed its place. */
export class EvictedError extends Error {
  override name = 'EvictedError'
}

/** What one request holds until it leaves. */
export interface Place {
  /** The body, as `body` gives it. @throws EvictedError when newer requests needed the place before it came */
  read<T>(body: Promise<T>): Promise<T>
  /**
   * The body has come whole, `bytes` long, and is WeChat's: the request waits for the store from now on. False when there
   * is no room left for it.
   */
  wait(bytes: number): boolean
  /** Gives the place back, once. */
  leave(): void
}

export interface Places {
  /** Whether WeChat floods this process now, or did within the last second: what can wait should. */
  isFlooded(): boolean
  /**
   * A place before the body is read; null when there is none. `signature`: of the query, where WeChat made it a short time
   * ago; null: a stranger's. `bytes`: how long the body may become.
   */
  take(who: { signature: string | null; bytes: number }): Place | null
}

/** Bounds what callbacks may hold in memory; `waiting` is told of each change. */
export function createPlaces(
  waiting: (now: number) => void = () => {},
  limits: Limits = DEFAULTS,
  now: () => number = () => performance.now(),
): Places {
  const readers = createReaders(limits)
  const strangers = { places: 0, bytes: 0 }
  /** When those that wait for the store began to, the first one first. Only these say something about the store. */
  const since = new Map<symbol, number>()
  const arrivals = createArrivals(now)
  let waitingBytes = 0
  const held = () => readers.bytes() + strangers.bytes + waitingBytes
  const isFull = () => since.size + strangers.places >= limits.places
  const isSlow = () => {
    const [first] = since.values()
    return since.size >= limits.crowd && first !== undefined && now() - first > OLD_MS
  }
  const tell = () => waiting(readers.count() + strangers.places + since.size)

  /** Takes a share of what is not yet known to be WeChat's; null when there is no room. `leave` gives it back. */
  function enter(signature: string | null, bytes: number, evict: () => void): (() => void) | null {
    if (signature !== null) {
      readers.makeRoom(signature, bytes)
      return held() + bytes > limits.bodyBytes ? null : readers.enter({ signature, bytes, evict })
    }
    const hasRoom = strangers.places < limits.strangers && strangers.bytes + bytes <= limits.strangerBytes
    if (!hasRoom || held() + bytes > limits.bodyBytes) return null
    strangers.places += 1
    strangers.bytes += bytes
    return () => {
      strangers.places -= 1
      strangers.bytes -= bytes
    }
  }

  return {
    isFlooded: () => since.size >= limits.crowd || arrivals.most() > FLOOD_PER_S,
    take({ signature, bytes }) {
      if (isFull() || isSlow()) return null
      let isEvicted = false
      let onEvict = () => {}
      let leave: (() => void) | null = enter(signature, bytes, () => {
        isEvicted = true
        release()
        onEvict()
      })
      if (!leave) return null
      const release = () => {
        leave?.()
        leave = null
        tell()
      }
      tell()
      return {
        read: (body) =>
          new Promise((resolve, reject) => {
            onEvict = () => reject(new EvictedError('newer requests needed its place before its body came'))
            if (isEvicted) onEvict()
            body.then(resolve, reject)
          }),
        wait(size) {
          if (!leave) return false
          leave()
          leave = null
          if (isFull() || held() + size > limits.bodyBytes) {
            tell()
            return false
          }
          const me = Symbol()
          since.set(me, now())
          waitingBytes += size
          arrivals.note()
          leave = () => {
            since.delete(me)
            waitingBytes -= size
          }
          return true
        },
        leave() {
          if (leave) release()
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
    makeRoom(signature: string, more: number): void {
      if ((bySignature.get(signature)?.size ?? 0) >= limits.readersPerSignature) {
        evictOldest(bySignature.get(signature))
      }
      while (all.size > 0 && (all.size >= limits.readers || bytes + more > limits.readerBytes)) {
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
  let seen = { second: 0, now: 0, before: 0 }
  const roll = () => {
    const second = Math.floor(now() / 1_000)
    if (second !== seen.second) {
      seen = { second, now: 0, before: second === seen.second + 1 ? seen.now : 0 }
    }
  }
  return {
    note(): void {
      roll()
      seen.now += 1
    },
    /** Of this second and the one before, the more. */
    most(): number {
      roll()
      return Math.max(seen.now, seen.before)
    },
  }
}

/**
 * How many callbacks may be under way at once. Each waits at most 4 s, and what takes 2,000 of them in 4 s takes more
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
  bodyBytes: number
  crowd: number
}

const DEFAULTS: Limits = {
  places: PLACES,
  strangers: STRANGERS,
  bodyBytes: BODY_BYTES,
  strangerBytes: STRANGER_BYTES,
  crowd: CROWD,
}

export interface Places {
  /** Whether WeChat floods this process now, or did within the last second: what can wait should. */
  isFlooded(): boolean
  /** Gives the place back, once; null when there is none. `bytes`: how long the body may become. */
  take(who: { signed: boolean; bytes: number }): (() => void) | null
}

/** Bounds what callbacks may hold in memory; `waiting` is told of each change. */
export function createPlaces(
  waiting: (now: number) => void = () => {},
  limits: Limits = DEFAULTS,
  now: () => number = () => performance.now(),
): Places {
  let taken = 0
  /** When those of WeChat came, the first one first. What strangers keep open says nothing about the store. */
  const since = new Map<symbol, number>()
  const isSlow = () => {
    const [first] = since.values()
    return since.size >= limits.crowd && first !== undefined && now() - first > OLD_MS
  }
  const strangers = { places: 0, bytes: 0 }
  let held = 0
  /** Callbacks of this second and of the one before. */
  let arrivals = { second: 0, now: 0, before: 0 }
  const count = (signed: boolean) => {
    const second = Math.floor(now() / 1_000)
    if (second !== arrivals.second) {
      arrivals = { second, now: 0, before: second === arrivals.second + 1 ? arrivals.now : 0 }
    }
    if (signed) arrivals.now += 1
    return Math.max(arrivals.now, arrivals.before)
  }
  const hasRoomForStranger = (bytes: number) =>
    strangers.places < limits.strangers && strangers.bytes + bytes <= limits.strangerBytes
  return {
    isFlooded: () => since.size >= limits.crowd || count(false) > FLOOD_PER_S,
    take({ signed, bytes }) {
      count(signed)
      if (taken >= limits.places || held + bytes > limits.bodyBytes) return null
      if (!signed && !hasRoomForStranger(bytes)) return null
      if (isSlow()) return null
      const me = Symbol()
      if (signed) since.set(me, now())
      const change = (by: 1 | -1) => {
        taken += by
        held += by * bytes
        if (!signed) {
          strangers.places += by
          strangers.bytes += by * bytes
        }
        waiting(taken)
      }
      change(1)
      let left = false
      return () => {
        if (left) return
        left = true
        since.delete(me)
        change(-1)
      }
    },
  }
}

/**
 * How many callbacks may be under way at once. Each waits at most 4 s, and what takes 2,000 of them in 4 s takes more
 * than a burst of 500 follows a second; beyond that, waiting would only make every answer late.
 */
const PLACES = 2_000
/** Of these, for callbacks whose query carries no good `signature`: strangers cannot keep WeChat out. */
const STRANGERS = PLACES / 4
/** All bodies together. WeChat's are 1 to 2 KiB; one of 64 KiB is counted as that. */
const BODY_BYTES = 32 * 1024 * 1024

export interface Places {
  /** Gives the place back, once; null when there is none. `bytes`: how long the body may become. */
  take(who: { signed: boolean; bytes: number }): (() => void) | null
}

/** Bounds what callbacks may hold in memory; `waiting` is told of each change. */
export function createPlaces(
  waiting: (now: number) => void = () => {},
  limits: { places: number; strangers: number; bodyBytes: number } = {
    places: PLACES,
    strangers: STRANGERS,
    bodyBytes: BODY_BYTES,
  },
): Places {
  let taken = 0
  let strangers = 0
  let held = 0
  return {
    take({ signed, bytes }) {
      if (taken >= limits.places || held + bytes > limits.bodyBytes) return null
      if (!signed && strangers >= limits.strangers) return null
      const change = (by: 1 | -1) => {
        taken += by
        held += by * bytes
        if (!signed) strangers += by
        waiting(taken)
      }
      change(1)
      let left = false
      return () => {
        if (left) return
        left = true
        change(-1)
      }
    },
  }
}

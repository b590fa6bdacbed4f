/** How much callbacks may hold at once, all of them and each kind. */
export interface AdmissionLimits {
  concurrent: number
  unauthenticated: number
  unauthenticatedBytes: number
  readers: number
  readerBytes: number
  readersPerSignature: number
  bodyBytes: number
  queueHighWater: number
}

/**
 * How many callbacks may wait for the store at once. Each waits at most 4 s, and what takes 2,000 of them in 4 s takes more
 * than a burst of 500 follows a second; beyond that, waiting would only make every answer late.
 */
const MAX_CONCURRENT = 2_000
/** All bodies together. WeChat's are 1 to 2 KiB; one of 64 KiB is counted as that. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

export const DEFAULT_LIMITS: AdmissionLimits = {
  concurrent: MAX_CONCURRENT,
  bodyBytes: MAX_BODY_BYTES,
  /** Callbacks whose query carries no good `signature`: strangers cannot keep WeChat out. */
  unauthenticated: MAX_CONCURRENT / 4,
  /** 500 of them with 64 KiB each would leave next to nothing. */
  unauthenticatedBytes: MAX_BODY_BYTES / 4,
  /**
   * Requests with a fresh signature whose body has not come whole. A signature in the query proves nothing about the
   * sender: it stands in the log of a proxy. WeChat's body follows its headers at once, so the oldest one is evicted where
   * there are too many.
   */
  readers: MAX_CONCURRENT / 2,
  /** Their bodies, as declared. */
  readerBytes: MAX_BODY_BYTES / 4,
  /** With the same signature. WeChat's repeats of one event may carry the same, and come 5 s apart. */
  readersPerSignature: 4,
  /** With so many in the queue, and the first of them older than `MAX_QUEUE_AGE_MS`, a new one would be answered too late. */
  queueHighWater: 200,
}

/** Bounds of the callbacks in progress, together and by kind. */
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
 * Callbacks that may wait for the store. Each waits at most 4 s, so 2,000 are enough for a burst of 500 follows a second. With
 * more, every answer would be late.
 */
const MAX_CONCURRENT = 2_000
/** All bodies together. WeChat's bodies have 1 to 2 KiB. Each body counts with its declared length. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

export const DEFAULT_LIMITS: AdmissionLimits = {
  concurrent: MAX_CONCURRENT,
  bodyBytes: MAX_BODY_BYTES,
  /** Requests without a valid `signature` in the query. They must not block WeChat. */
  unauthenticated: MAX_CONCURRENT / 4,
  /** 500 unauthenticated requests of 64 KiB each would use nearly all bytes. */
  unauthenticatedBytes: MAX_BODY_BYTES / 4,
  /**
   * Requests with a recent signature whose body is incomplete. A signature in the query does not authenticate the sender: the
   * logs of proxies contain it. WeChat sends the body directly after the headers, so the oldest requests are evicted.
   */
  readers: MAX_CONCURRENT / 2,
  /** Their bodies, with the declared length. */
  readerBytes: MAX_BODY_BYTES / 4,
  /** Requests with the same signature. WeChat's retries of one event may have the same, 5 s apart. */
  readersPerSignature: 4,
  /** With a queue of this length and an entry older than `MAX_QUEUE_AGE_MS`, a new callback would be answered too late. */
  queueHighWater: 200,
}

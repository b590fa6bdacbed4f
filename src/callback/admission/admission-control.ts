import { ArrivalRate } from './arrival-rate.ts'
import { BodyReaders } from './body-readers.ts'
import { type AdmissionLimits, DEFAULT_LIMITS } from './limits.ts'
import { Permit } from './permit.ts'
import { Shares, StoreQueue } from './shares.ts'

/**
 * When the oldest callback in the queue is older, a new one would be answered too late. WeChat waits 5 s, and a busy process
 * uses part of that before it reads the request.
 */
const MAX_QUEUE_AGE_MS = 2_000
/**
 * Callbacks per second that count as overload; a busy day stays below. Under overload callbacks wait mainly before this process
 * reads them, so the arrival rate shows overload earlier than the number of callbacks in progress.
 */
const OVERLOAD_PER_S = 100

/** Bounds the memory that callbacks hold. */
export interface AdmissionControl {
  /** True while WeChat overloads this process, and up to a second longer. Work that can wait should wait then. */
  isOverloaded(): boolean
  /**
   * A permit, acquired before the body is read; null when there is no room.
   * @param request.signature the query's signature when it is valid and recent; null for an unauthenticated request
   * @param request.bytes the longest possible body
   */
  tryAcquire(request: { signature: string | null; bytes: number }): Permit | null
}

/** @param onChange receives the number of callbacks in progress at each change */
export function createAdmissionControl(
  onChange: (inProgress: number) => void = () => {},
  limits: AdmissionLimits = DEFAULT_LIMITS,
  now: () => number = () => performance.now(),
): AdmissionControl {
  const limiter = new ConcurrencyLimiter(onChange, limits, now)
  return {
    isOverloaded: () => limiter.isOverloaded(),
    tryAcquire: (request) => limiter.tryAcquire(request),
  }
}

class ConcurrencyLimiter implements AdmissionControl {
  readonly #limits: AdmissionLimits
  readonly #now: () => number
  readonly #onChange: (inProgress: number) => void
  readonly #readers: BodyReaders
  readonly #unauthenticated = new Shares()
  readonly #queue = new StoreQueue()
  readonly #arrivals: ArrivalRate

  constructor(onChange: (inProgress: number) => void, limits: AdmissionLimits, now: () => number) {
    this.#onChange = onChange
    this.#limits = limits
    this.#now = now
    this.#readers = new BodyReaders(limits)
    this.#arrivals = new ArrivalRate(now)
  }

  isOverloaded(): boolean {
    return this.#queue.count >= this.#limits.queueHighWater || this.#arrivals.perSecond() > OVERLOAD_PER_S
  }

  tryAcquire({ signature, bytes }: { signature: string | null; bytes: number }): Permit | null {
    if (this.#isFull() || this.#isSlow()) return null
    const permit = new Permit({
      enter: (evict) =>
        signature === null
          ? this.#enterUnauthenticated(bytes)
          : this.#enterReader({ signature, bytes, evict }),
      enqueue: (size) => this.#enqueue(size),
      onChange: () => this.#report(),
    })
    if (!permit.isGranted) return null
    this.#report()
    return permit
  }

  #enterUnauthenticated(bytes: number): (() => void) | null {
    const { count, bytes: held } = this.#unauthenticated
    const { unauthenticated, unauthenticatedBytes } = this.#limits
    const hasRoom = count < unauthenticated && held + bytes <= unauthenticatedBytes && this.#hasRoomFor(bytes)
    return hasRoom ? this.#unauthenticated.add(bytes) : null
  }

  #enterReader(reader: { signature: string; bytes: number; evict(): void }): (() => void) | null {
    this.#readers.evictFor(reader.signature, reader.bytes)
    return this.#hasRoomFor(reader.bytes) ? this.#readers.add(reader) : null
  }

  #enqueue(bytes: number): (() => void) | null {
    if (this.#isFull() || !this.#hasRoomFor(bytes)) return null
    this.#arrivals.record()
    return this.#queue.add(bytes, this.#now())
  }

  #hasRoomFor(bytes: number): boolean {
    const held = this.#readers.bytes + this.#unauthenticated.bytes + this.#queue.bytes
    return held + bytes <= this.#limits.bodyBytes
  }

  #isFull(): boolean {
    return this.#queue.count + this.#unauthenticated.count >= this.#limits.concurrent
  }

  #isSlow(): boolean {
    return (
      this.#queue.count >= this.#limits.queueHighWater &&
      this.#queue.oldestAgeMs(this.#now()) > MAX_QUEUE_AGE_MS
    )
  }

  #report(): void {
    this.#onChange(this.#readers.count + this.#unauthenticated.count + this.#queue.count)
  }
}

import { maskId } from '../shared/ids.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import type { ClaimedEvent } from '../store/inbox/claim-events.ts'
import { releaseForRetry } from '../store/inbox/inbox-rows.ts'
import type { ReadRunBacklog } from '../temporal/run-backlog.ts'
import { TemporalUnavailableError } from '../temporal/run-client.ts'
import { createClaimPolicy } from './claim-policy.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { dispatchEvent } from './dispatch-event.ts'
import { InProgressError } from './in-progress.ts'
import { BEHIND_POLL_MS, DispatchPace } from './pace.ts'
import { backoffMs, TemporalOutage } from './temporal-outage.ts'

/** Few, so that events wait in the inbox and not in a busy Temporal. The inbox serves accounts round-robin. */
const MAX_IN_FLIGHT = 8
/** While many callbacks wait, they get most of the process: WeChat waits only 5 s for an answer. */
const MAX_IN_FLIGHT_BUSY = 1
/** And after each event, dispatching rests this many times as long as the event took. */
const BUSY_REST = 3
/** An event that waits for Temporal uses no time of the process meanwhile. */
const MAX_REST_MS = SECOND_MS
/** A claim for fewer events is not worth its statement while others are in flight. */
const MIN_CLAIM = 4
const LEASE_MS = 30 * SECOND_MS
const BUSY_POLL_MS = 200
const MIN_SLEEP_MS = 20
/** Longest time until rows of a process that died, or rows inserted by another process, are found. */
const MAX_SLEEP_MS = 5 * SECOND_MS
const UNAVAILABLE = 'Temporal unreachable or unexpected namespace'

export interface DispatchLoopDeps extends DispatchDeps {
  /** Identifies this instance in leases. */
  ownerId: string
  /** False while Temporal is unreachable, or has a namespace that is not the store's. Events then stay in the inbox. */
  mayDispatch?: () => Promise<boolean>
  /** Whether many callbacks wait to be stored in this process. */
  isBusy?: () => boolean
  /** How many runs wait for a worker. Default: none. */
  readBacklog?: ReadRunBacklog
}

export interface DispatchLoop {
  start(): void
  /** Claims work now. Called after each insert. */
  wake(): void
  /** Stops claiming and waits for the events in flight, with those of a claim that has begun. */
  stop(): Promise<void>
  /** Why nothing is dispatched now; null while events are dispatched. */
  outageReason(): string | null
}

/**
 * Moves accepted events from the inbox to Temporal. It retries indefinitely with backoff. It dispatches events of several
 * followers concurrently, and events of one follower in order. Several instances may share one inbox.
 */
export function createDispatchLoop(deps: DispatchLoopDeps): DispatchLoop {
  const loop = new InboxDispatchLoop(deps)
  return {
    start: () => loop.start(),
    wake: () => loop.wake(),
    stop: () => loop.stop(),
    outageReason: () => loop.outageReason(),
  }
}

class InboxDispatchLoop implements DispatchLoop {
  readonly #deps: DispatchLoopDeps
  readonly #claim: (limit: number) => Promise<ClaimedEvent[]>
  readonly #outage: TemporalOutage
  readonly #pace: DispatchPace
  readonly #inFlight = new Set<Promise<void>>()
  #isRunning = false
  #isClaiming = false
  #lastClaim: Promise<void> = Promise.resolve()
  /** False after a claim that found fewer events than it asked for, until something may have changed. */
  #mayHaveMore = true
  /** While callbacks wait, nothing is dispatched before this time, ms of `performance.now()`. */
  #restUntil = 0
  /** When events that this process postponed are due again, epoch ms. */
  #retryTimes: number[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(deps: DispatchLoopDeps) {
    const { db, ownerId, now, readBacklog = async () => 0 } = deps
    this.#deps = deps
    this.#claim = createClaimPolicy({ db, ownerId, now, leaseMs: LEASE_MS })
    this.#outage = new TemporalOutage(now)
    this.#pace = new DispatchPace(readBacklog)
  }

  start(): void {
    this.#isRunning = true
    this.wake()
  }

  wake(): void {
    this.#mayHaveMore = true
    this.#claimMore()
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    clearTimeout(this.#timer)
    // Its rows are leased, so they are dispatched.
    await this.#lastClaim
    await Promise.allSettled(this.#inFlight)
  }

  outageReason(): string | null {
    return this.#outage.reason
  }

  #claimMore(): void {
    if (!this.#isRunning || this.#isClaiming || !this.#mayHaveMore) return
    this.#isClaiming = true
    void this.#claimAndDispatch().finally(() => {
      this.#isClaiming = false
      if (this.#timer === undefined) this.#claimMore()
    })
  }

  /** Sets the timer for the next claim, unless that may follow at once. */
  async #claimAndDispatch(): Promise<void> {
    const { now, isBusy, mayDispatch } = this.#deps
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waitUntil = this.#outage.waitUntil()
    if (waitUntil !== null) return this.#sleepUntil(waitUntil)
    const busy = isBusy?.() ?? false
    const capacity = (busy ? MAX_IN_FLIGHT_BUSY : MAX_IN_FLIGHT) - this.#inFlight.size
    // The next dispatched event claims again. While callbacks are stored, none may be in flight then.
    if (this.#inFlight.size > 0 && capacity < MIN_CLAIM)
      return this.#sleepUntil(now() + (busy ? BUSY_POLL_MS : MAX_SLEEP_MS))
    const restMs = busy ? this.#restUntil - performance.now() : 0
    if (restMs > 0) return this.#sleepUntil(now() + restMs)
    const isAllowed = mayDispatch ? await mayDispatch() : true
    if (!this.#isRunning) return
    if (!isAllowed) return this.#sleepUntil(this.#extendOutage(UNAVAILABLE))
    const room = await this.#pace.room()
    if (!this.#isRunning) return
    if (room === 0) return this.#sleepUntil(now() + BEHIND_POLL_MS)
    this.#lastClaim = this.#claimRows(Math.min(capacity, room))
    await this.#lastClaim
  }

  async #claimRows(capacity: number): Promise<void> {
    const { now, log } = this.#deps
    const limit = this.#outage.reason === null ? capacity : 1
    const claimedAt = now()
    this.#mayHaveMore = false
    try {
      const rows = await this.#claim(limit)
      this.#pace.spend(rows.length)
      for (const row of rows) this.#dispatch(row)
      if (rows.length === limit) this.#mayHaveMore = true
      // Everything that was due then has been claimed, here or by another process.
      else this.#retryTimes = this.#retryTimes.filter((at) => at > claimedAt)
      if (!this.#mayHaveMore) this.#sleepUntil(this.#nextClaimAt())
    } catch (err) {
      log.error({ err }, 'dispatcher: the inbox cannot be read')
      this.#sleepUntil(now() + backoffMs(1))
    }
  }

  #nextClaimAt(): number {
    return Math.min(...this.#retryTimes, this.#deps.now() + MAX_SLEEP_MS)
  }

  #sleepUntil(at: number): void {
    if (!this.#isRunning) return
    clearTimeout(this.#timer)
    const ms = Math.min(MAX_SLEEP_MS, Math.max(MIN_SLEEP_MS, at - this.#deps.now()))
    this.#timer = setTimeout(() => this.wake(), ms)
  }

  #dispatch(row: ClaimedEvent): void {
    const began = performance.now()
    const work = dispatchEvent(this.#deps, row)
      .then(
        () => this.#endOutage(),
        (err) => this.#postpone(row, err),
      )
      .catch((err) =>
        this.#deps.log.error(
          { err, key: row.dedupeKey, inbox: row.id },
          'dispatcher: the result could not be recorded; the row is retried when its lease expires',
        ),
      )
      .finally(() => {
        this.#inFlight.delete(work)
        const ended = performance.now()
        this.#restUntil = ended + Math.min(MAX_REST_MS, BUSY_REST * (ended - began))
        if (row.known.hasNext) this.#mayHaveMore = true
        this.#claimMore()
      })
    this.#inFlight.add(work)
  }

  async #postpone(row: ClaimedEvent, err: unknown): Promise<void> {
    const { now, log } = this.#deps
    const message = err instanceof Error ? err.message : String(err)
    if (err instanceof TemporalUnavailableError) {
      await this.#release(row, this.#extendOutage(message), message)
      return
    }
    if (!(err instanceof InProgressError)) {
      const about = { key: row.dedupeKey, inbox: row.id, follower: maskId(row.openId) }
      log.error({ err, ...about }, 'dispatcher: event could not be dispatched and will be retried')
    }
    await this.#release(row, now() + backoffMs(row.attempts), message)
  }

  async #release(row: ClaimedEvent, retryAt: number, reason: string): Promise<void> {
    await releaseForRetry(this.#deps.db, row.id, retryAt, reason)
    this.#retryTimes.push(retryAt)
    if (!this.#isClaiming) this.#sleepUntil(this.#nextClaimAt())
  }

  /** @returns when Temporal may be called again, epoch ms */
  #extendOutage(reason: string): number {
    if (this.#outage.reason === null)
      this.#deps.log.warn({ reason }, 'dispatcher: waiting for Temporal; events stay in the inbox')
    return this.#outage.extend(reason)
  }

  #endOutage(): void {
    if (this.#outage.reason !== null) this.#deps.log.info('dispatcher: Temporal answers again')
    this.#outage.end()
  }
}

import { maskId } from '../shared/ids.ts'
import { type InboxRow, nextClaimAt, releaseForRetry } from '../store/inbox/inbox-rows.ts'
import { TemporalUnavailableError } from '../temporal/run-client.ts'
import { createClaimPolicy } from './claim-policy.ts'
import { createDispatchEvent, type DispatchDeps, InProgressError } from './dispatch-event.ts'

/** Few: what waits here, in turns, delays another account less than what waits in a busy Temporal. */
const MAX_IN_FLIGHT = 8
/** While WeChat waits for many answers, which it does for 5 s only, most of the process is theirs. */
const MAX_IN_FLIGHT_BUSY = 1
const LEASE_MS = 30_000
const BUSY_POLL_MS = 200
const BACKOFF_MIN_MS = 500
const BACKOFF_MAX_MS = 15_000
/** Longest sleep: rows of a process that died, and those inserted by another one, are found after this at the latest. */
const MAX_SLEEP_MS = 5_000

export interface DispatchLoop {
  start(): void
  /** Looks for work now: called after each insert. */
  wake(): void
  /** Takes no more work and waits for what is in flight. */
  stop(): Promise<void>
  /** Why nothing goes out at present, or null. */
  outageReason(): string | null
}

/**
 * Moves accepted events from the inbox to Temporal: for ever, with backoff, many followers at once, each follower's
 * events in order. Several instances share one inbox.
 */
export function createDispatchLoop(
  deps: DispatchDeps & {
    /** Names this instance in leases. */
    ownerId: string
    /** False while Temporal is away, or another one than the store's runs live in: events are kept. */
    mayDispatch?: () => Promise<boolean>
    /** Whether many callbacks wait to be stored in this process. */
    isBusy?: () => boolean
  },
): DispatchLoop {
  const { db, ownerId: by, now, log, isBusy = () => false } = deps
  const dispatch = createDispatchEvent(deps)
  const claim = createClaimPolicy({ db, ownerId: by, now, leaseMs: LEASE_MS })
  const inFlight = new Set<Promise<void>>()
  let running = false
  let claiming = false
  let wakeAgain = false
  let timer: NodeJS.Timeout | undefined
  let outage: { reason: string; backoffMs: number; until: number } | null = null

  const wake = () => {
    if (!running) return
    if (claiming) {
      wakeAgain = true
      return
    }
    claiming = true
    void claimAndDispatch().finally(() => {
      claiming = false
      if (wakeAgain) {
        wakeAgain = false
        wake()
      }
    })
  }

  async function claimAndDispatch(): Promise<void> {
    clearTimeout(timer)
    const busy = isBusy()
    const capacity = (busy ? MAX_IN_FLIGHT_BUSY : MAX_IN_FLIGHT) - inFlight.size
    const waitMs = outage ? outage.until - now() : 0
    // Longer than any backoff: the clock was put back meanwhile.
    if (outage && waitMs > 0 && waitMs <= BACKOFF_MAX_MS) return sleepUntil(outage.until)
    if (capacity <= 0) {
      // Looks again by itself: the last callback of a flood may be a duplicate, which nudges nobody.
      if (busy) sleepUntil(now() + BUSY_POLL_MS)
      return
    }
    const isAllowed = deps.mayDispatch ? await deps.mayDispatch() : true
    if (!running) return
    if (!isAllowed) {
      if (!outage)
        log.warn('dispatcher: Temporal unreachable or unexpected namespace; events stay in the inbox')
      return sleepUntil(backOff('Temporal unreachable or unexpected namespace'))
    }
    try {
      const rows = await claim(outage ? 1 : capacity)
      for (const row of rows) dispatchRow(row)
      if (rows.length > 0) wakeAgain = true
      else sleepUntil((await nextClaimAt(db)) ?? now() + MAX_SLEEP_MS)
    } catch (err) {
      log.error({ err }, 'dispatcher: the store does not answer')
      sleepUntil(now() + BACKOFF_MIN_MS)
    }
  }

  function sleepUntil(at: number): void {
    if (!running) return
    clearTimeout(timer)
    timer = setTimeout(wake, Math.min(MAX_SLEEP_MS, Math.max(20, at - now())))
  }

  function dispatchRow(row: InboxRow): void {
    const work = dispatch(row)
      .then(endOutage, (err) => postpone(row, err))
      .catch((err) =>
        log.error(
          { err, key: row.key, inbox: row.id },
          'dispatcher: a row keeps its lease until it runs out',
        ),
      )
      .finally(() => {
        inFlight.delete(work)
        wake()
      })
    inFlight.add(work)
  }

  function endOutage(): void {
    if (outage) log.info('dispatcher: Temporal answers again')
    outage = null
  }

  async function postpone(row: InboxRow, err: unknown): Promise<void> {
    const message = err instanceof Error ? err.message : String(err)
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(row.attempts - 1, 10))
    if (err instanceof TemporalUnavailableError) {
      if (!outage)
        log.warn({ reason: message }, 'dispatcher: waiting for Temporal; events are kept in the inbox')
      await releaseForRetry(db, row.id, backOff(message), message)
      return
    }
    if (!(err instanceof InProgressError))
      log.error(
        { err, key: row.key, inbox: row.id, follower: maskId(row.openId) },
        'dispatcher: an event could not be dispatched',
      )
    await releaseForRetry(db, row.id, now() + backoffMs, message)
  }

  /** Nothing goes out until the time that this gives: each time twice as long, up to a limit. */
  function backOff(reason: string): number {
    const backoffMs = Math.min(BACKOFF_MAX_MS, (outage?.backoffMs ?? BACKOFF_MIN_MS / 2) * 2)
    const until = now() + backoffMs
    outage = { reason, backoffMs, until }
    return until
  }

  return {
    start() {
      running = true
      wake()
    },
    wake,
    async stop() {
      running = false
      clearTimeout(timer)
      await Promise.allSettled(inFlight)
    },
    outageReason: () => outage?.reason ?? null,
  }
}

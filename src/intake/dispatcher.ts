import { EngineAwayError } from '../engine/runs.ts'
import { maskId } from '../ids.ts'
import { type InboxRow, nextClaimAt, retryLater } from '../store/inbox.ts'
import { createClaimer } from './claimer.ts'
import { createDispatch, type DispatchDeps, NotYetError } from './dispatch.ts'

/** Few: what waits here, in turns, delays another account less than what waits in a busy Temporal. */
const IN_FLIGHT_MAX = 8
/** While WeChat waits for many answers, which it does for 5 s only, most of the process is theirs. */
const IN_FLIGHT_BUSY = 1
const LEASE_MS = 30_000
const BUSY_MS = 200
const BACKOFF_MIN_MS = 500
const BACKOFF_MAX_MS = 15_000
/** Longest sleep: rows of a process that died, and those inserted by another one, are found after this at the latest. */
const SWEEP_MS = 5_000

export interface Dispatcher {
  start(): void
  /** Looks for work now: called after each insert. */
  nudge(): void
  /** Takes no more work and waits for what is in flight. */
  stop(): Promise<void>
  /** Why nothing goes out at present, or null. */
  waitsFor(): string | null
}

/**
 * Moves accepted events from the inbox to Temporal: for ever, with backoff, many followers at once, each follower's
 * events in order. Several instances share one inbox.
 */
export function createDispatcher(
  deps: DispatchDeps & {
    /** Names this instance in leases. */
    by: string
    /** False while Temporal is away, or another one than the store's runs live in: events are kept. */
    mayDispatch?: () => Promise<boolean>
    /** Whether many callbacks wait to be stored in this process. */
    isBusy?: () => boolean
  },
): Dispatcher {
  const { db, by, now, log, isBusy = () => false } = deps
  const dispatch = createDispatch(deps)
  const claim = createClaimer({ db, by, now, leaseMs: LEASE_MS })
  const inFlight = new Set<Promise<void>>()
  let running = false
  let claiming = false
  let again = false
  let timer: NodeJS.Timeout | undefined
  let trouble: { what: string; backoffMs: number; until: number } | null = null

  const nudge = () => {
    if (!running) return
    if (claiming) {
      again = true
      return
    }
    claiming = true
    void claimAndDispatch().finally(() => {
      claiming = false
      if (again) {
        again = false
        nudge()
      }
    })
  }

  async function claimAndDispatch(): Promise<void> {
    clearTimeout(timer)
    const busy = isBusy()
    const room = (busy ? IN_FLIGHT_BUSY : IN_FLIGHT_MAX) - inFlight.size
    const waitMs = trouble ? trouble.until - now() : 0
    // Longer than any backoff: the clock was put back meanwhile.
    if (trouble && waitMs > 0 && waitMs <= BACKOFF_MAX_MS) return sleepUntil(trouble.until)
    if (room <= 0) {
      // Looks again by itself: the last callback of a flood may be a duplicate, which nudges nobody.
      if (busy) sleepUntil(now() + BUSY_MS)
      return
    }
    const may = deps.mayDispatch ? await deps.mayDispatch() : true
    if (!running) return
    if (!may) {
      if (!trouble)
        log.warn('dispatcher: Temporal is away, or not the one of our runs; events are kept in the inbox')
      return sleepUntil(engineIsAway('Temporal is away, or not the one of our runs'))
    }
    try {
      const rows = await claim(trouble ? 1 : room)
      for (const row of rows) take(row)
      if (rows.length > 0) again = true
      else sleepUntil((await nextClaimAt(db)) ?? now() + SWEEP_MS)
    } catch (err) {
      log.error({ err }, 'dispatcher: the store does not answer')
      sleepUntil(now() + BACKOFF_MIN_MS)
    }
  }

  function sleepUntil(at: number): void {
    if (!running) return
    clearTimeout(timer)
    timer = setTimeout(nudge, Math.min(SWEEP_MS, Math.max(20, at - now())))
  }

  function take(row: InboxRow): void {
    const work = dispatch(row)
      .then(recovered, (err) => postpone(row, err))
      .catch((err) =>
        log.error(
          { err, key: row.key, inbox: row.id },
          'dispatcher: a row keeps its lease until it runs out',
        ),
      )
      .finally(() => {
        inFlight.delete(work)
        nudge()
      })
    inFlight.add(work)
  }

  function recovered(): void {
    if (trouble) log.info('dispatcher: Temporal answers again')
    trouble = null
  }

  async function postpone(row: InboxRow, err: unknown): Promise<void> {
    const message = err instanceof Error ? err.message : String(err)
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(row.attempts - 1, 10))
    if (err instanceof EngineAwayError) {
      if (!trouble)
        log.warn({ reason: message }, 'dispatcher: waiting for Temporal; events are kept in the inbox')
      await retryLater(db, row.id, engineIsAway(message), message)
      return
    }
    if (!(err instanceof NotYetError))
      log.error(
        { err, key: row.key, inbox: row.id, follower: maskId(row.openId) },
        'dispatcher: an event could not be dispatched',
      )
    await retryLater(db, row.id, now() + backoffMs, message)
  }

  /** Nothing goes out until the time that this gives: each time twice as long, up to a limit. */
  function engineIsAway(what: string): number {
    const backoffMs = Math.min(BACKOFF_MAX_MS, (trouble?.backoffMs ?? BACKOFF_MIN_MS / 2) * 2)
    const until = now() + backoffMs
    trouble = { what, backoffMs, until }
    return until
  }

  return {
    start() {
      running = true
      nudge()
    },
    nudge,
    async stop() {
      running = false
      clearTimeout(timer)
      await Promise.allSettled(inFlight)
    },
    waitsFor: () => trouble?.what ?? null,
  }
}

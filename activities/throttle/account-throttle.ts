import { MINUTE_MS } from '../../src/shared/time-units.ts'
import { ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import { createCircuit } from './circuit.ts'
import { createRateLimiter } from './rate-limiter.ts'
import { createTurns, type Turns } from './turns.ts'

/** The reason of a send that waits for the account's next minute. */
export const MINUTE_LIMIT_REASON = `minute limit of the account (${ERRCODE.minuteLimit})`
/** The shortest wait of a send that is denied a slot. */
const SLOT_RETRY_MS = 250
/** Sends that are denied a slot return a little more often than slots become free, so that no free slot waits for one. */
const RETURNS_PER_FREE_SLOT = 1.25
/** Sends that are denied for another reason retry at random times within this span, and at least this far apart. */
const RETRY_SPREAD_MS = 1_000
const RETRY_SPACING_MS = 20
const MINUTE_SPREAD_MS = 5_000

/** Time until WeChat's next minute (45011), ms, plus a random spread, so that sends do not return all at once. */
export function msUntilNextMinute(now: number, random: () => number): number {
  return MINUTE_MS - (now % MINUTE_MS) + Math.floor(random() * MINUTE_SPREAD_MS)
}

/** What the denied sends of an account wait for. Each has turns of its own. */
type Cause = 'slot' | 'minute' | 'circuit' | 'rate'

/** Why all sends of an account must wait now, and for how long at least, ms. */
interface Wait {
  cause: Cause
  reason: string
  ms: number
}

/** Circuit, rate and minute limit of one account in this worker, and the turns of its denied sends. */
export class AccountThrottle {
  readonly circuit
  readonly rateLimiter
  readonly #now: () => number
  readonly #random: () => number
  readonly #turns = new Map<string, Turns>()
  /** The minute (since 1970) of the last 45011. */
  #limitedMinute: number | null = null

  constructor(deps: { now: () => number; random: () => number; onChange: (open: boolean) => void }) {
    this.#now = deps.now
    this.#random = deps.random
    this.circuit = createCircuit(deps.now, deps.onChange)
    this.rateLimiter = createRateLimiter(deps.now)
  }

  /** @returns null when a send needs only a slot */
  wait(): Wait | null {
    if (this.#limitedMinute === this.#minute()) {
      const ms = msUntilNextMinute(this.#now(), this.#random)
      return { cause: 'minute', reason: MINUTE_LIMIT_REASON, ms }
    }
    const circuitMs = this.circuit.waitMs()
    if (circuitMs > 0)
      return { cause: 'circuit', reason: "the account's requests get no answer", ms: this.#spread(circuitMs) }
    const rateMs = this.rateLimiter.waitMs()
    return rateMs > 0
      ? { cause: 'rate', reason: "the account's rate at WeChat", ms: this.#spread(rateMs) }
      : null
  }

  /** When it is a waiting send's turn to retry, ms from now. */
  turnAfter({ cause, ms }: Wait, urgent: boolean): number {
    return this.#turnsOf(cause, urgent).next(ms, RETRY_SPACING_MS)
  }

  /** When it is the turn of a send without a slot to retry, ms from now. @param intervalMs between two released slots */
  turnForSlot(intervalMs: number, urgent: boolean): number {
    return this.#turnsOf('slot', urgent).next(SLOT_RETRY_MS, intervalMs / RETURNS_PER_FREE_SLOT)
  }

  /** WeChat answered 45011. @returns the wait, ms */
  onRateLimited(): number {
    this.rateLimiter.onRateLimited()
    this.#limitedMinute = this.#minute()
    return msUntilNextMinute(this.#now(), this.#random)
  }

  #minute(): number {
    return Math.floor(this.#now() / MINUTE_MS)
  }

  #spread(ms: number): number {
    return ms + Math.floor(this.#random() * RETRY_SPREAD_MS)
  }

  #turnsOf(cause: Cause, urgent: boolean): Turns {
    const key = `${cause} ${urgent}`
    const known = this.#turns.get(key) ?? createTurns(this.#now, this.#random)
    this.#turns.set(key, known)
    return known
  }
}

import { createAttemptLimiter, createNetworkAttemptLimiter } from '../attempt-limiter.ts'
import type { Refusals } from '../refusals.ts'
import type { KnownLocations } from './known-locations.ts'
import { PER_ADDRESS } from './sign-in-limits.ts'

/** One user: five codes, then one every two minutes. */
const PER_USER = { burst: 5, everyMs: 120_000 }

export interface CodeAttempt {
  /** 0: the attempt is counted and may be made. Otherwise the ms until the next one is possible; this one is not counted. */
  waitMs: number
  refund(): void
}

/** Counts second-factor codes before they are checked. */
export class CodeAttempts {
  readonly #knownLocations: KnownLocations
  readonly #refusals: Refusals
  readonly #users
  readonly #addresses

  constructor(deps: { knownLocations: KnownLocations; refusals: Refusals; now: () => number }) {
    this.#knownLocations = deps.knownLocations
    this.#refusals = deps.refusals
    this.#users = createAttemptLimiter({ ...PER_USER, now: deps.now })
    this.#addresses = createNetworkAttemptLimiter({ ...PER_ADDRESS, now: deps.now })
  }

  /** At a location where the user has signed in before, attempts from elsewhere do not count. */
  async consume(name: string, address: string | null): Promise<CodeAttempt> {
    const isKnown = await this.#knownLocations.has(name, address)
    const key = isKnown ? `${name}\n${address}` : name
    const waitMs = Math.max(this.#users.waitMs(key), this.#addresses.waitMs(address))
    if (waitMs > 0) this.#refusals.record({ where: 'second-factor', reason: 'wait', address, actor: name })
    else {
      this.#users.consume(key)
      this.#addresses.consume(address)
    }
    const refund = () => {
      this.#users.refund(key)
      this.#addresses.refund(address)
    }
    return { waitMs, refund }
  }
}

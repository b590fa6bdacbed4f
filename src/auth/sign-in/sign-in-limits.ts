import { createAttemptLimiter, createNetworkAttemptLimiter } from '../attempt-limiter.ts'
import { widestNetworkOf } from '../http/ip-networks.ts'

/** One address: 10 attempts, then one every 10 s. An IPv6 /48 has three times as many. */
export const PER_ADDRESS = { burst: 10, everyMs: 10_000 }
/** One name, from locations where it has not signed in before: 40 attempts, then two a minute. */
const PER_NAME = { burst: 40, everyMs: 30_000 }
/**
 * One name from one network: 15 attempts, then one a minute. Two networks at full speed use 30 attempts of PER_NAME and then
 * exactly what it refills. So it takes three networks to lock a person out where the person has not signed in before.
 */
const PER_NAME_AND_NETWORK = { burst: 15, everyMs: 60_000 }

/** What one sign-in attempt is counted against. */
export interface AttemptCounter {
  waitMs(): number
  consume(): void
  refund(): void
}

export interface SignInLimits {
  forAddress(address: string | null): AttemptCounter[]
  /**
   * At a known location only attempts at this name from this address count: attempts from elsewhere, or at other names
   * from a shared address, do not lock the person out. Whoever shares the address can.
   */
  forName(name: string, address: string | null, isKnown: boolean): AttemptCounter[]
}

/** Counts the attempts at this process only, in memory. A process that is started again has counted none. */
export function createSignInLimits(now: () => number): SignInLimits {
  const addresses = createNetworkAttemptLimiter({ ...PER_ADDRESS, now })
  const knownLocations = createAttemptLimiter({ ...PER_ADDRESS, now })
  const names = createAttemptLimiter({ ...PER_NAME, now })
  const namesPerNetwork = createAttemptLimiter({ ...PER_NAME_AND_NETWORK, now })
  return {
    forAddress: (address) => [counterOf(addresses, address)],
    forName(name, address, isKnown) {
      if (address === null) return [counterOf(names, name)]
      if (isKnown) return [counterOf(knownLocations, `${name}\n${address}`)]
      return [
        counterOf(addresses, address),
        counterOf(names, name),
        counterOf(namesPerNetwork, `${name}\n${widestNetworkOf(address)}`),
      ]
    },
  }
}

interface KeyedLimiter<Key> {
  waitMs(key: Key): number
  consume(key: Key): unknown
  refund(key: Key): void
}

function counterOf<Key>(limiter: KeyedLimiter<Key>, key: Key): AttemptCounter {
  return {
    waitMs: () => limiter.waitMs(key),
    consume: () => void limiter.consume(key),
    refund: () => limiter.refund(key),
  }
}

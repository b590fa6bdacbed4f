import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleType,
  isBrokenCircuitError,
} from 'cockatiel'
import { NotConnected } from './connection.ts'

const DEFAULT_BASE = 'https://api.weixin.qq.com'
/** WeChat's other names of the same API, the one for disasters first: its guide, "接口域名说明". */
const OTHER_BASES = [
  'https://api2.weixin.qq.com',
  'https://sh.api.weixin.qq.com',
  'https://sz.api.weixin.qq.com',
  'https://hk.api.weixin.qq.com',
]
const DEAD_FOR_MS = 30_000

/** The names to fall back to; none for a proxy, a simulator or a name that somebody chose. */
export function fallbacksOf(apiBase: string): readonly string[] {
  return apiBase === DEFAULT_BASE ? OTHER_BASES : []
}

/** The names of one API, tried in their order. */
export interface Hosts {
  /**
   * Calls at the first name that is not dead, and at the next one while `call` throws NotConnected and `mayGoOn`. Any
   * other end of a call is its end: its request may have left.
   * @throws NotConnected of the last name tried
   */
  reach<T>(call: (base: string) => Promise<T>, mayRetry: () => boolean): Promise<T>
}

/** Opens for 30 s at the first connection that cannot be made, then lets one call try. */
function createBreaker(): CircuitBreakerPolicy {
  return circuitBreaker(handleType(NotConnected), {
    halfOpenAfter: DEAD_FOR_MS,
    breaker: new ConsecutiveBreaker(1),
  })
}

/** Told once when a name is taken as dead, and once when it is connected again. */
export type OnHostChange = (base: string, dead: boolean) => void

/** @param bases in the order in which they are tried; one alone is always tried, and never taken as dead */
export function createHosts(bases: readonly string[], onChange: OnHostChange = () => {}): Hosts {
  const hosts = bases.map((base) => ({ base, breaker: createBreaker(), dead: false }))

  // Not by the breaker's own events: closing them all, below, is no sign of life.
  function setDead(host: (typeof hosts)[number], dead: boolean): void {
    if (host.dead === dead) return
    host.dead = dead
    onChange(host.base, dead)
  }

  return {
    async reach(call, mayRetry) {
      const [only] = hosts
      if (only && hosts.length === 1) return call(only.base)
      for (;;) {
        let lastError: NotConnected | undefined
        for (const host of hosts) {
          const { base, breaker } = host
          // Another call tries this one just now; cockatiel would make us wait for it.
          if (breaker.state === CircuitState.HalfOpen) continue
          try {
            const answer = await breaker.execute(() => call(base))
            setDead(host, false)
            return answer
          } catch (err) {
            if (isBrokenCircuitError(err)) continue
            setDead(host, err instanceof NotConnected)
            if (!(err instanceof NotConnected)) throw err
            lastError = err
            if (!mayRetry()) throw err
          }
        }
        if (lastError) throw lastError
        // All are dead: it was this machine's own network, perhaps. Nothing is gained by waiting.
        for (const { breaker } of hosts) breaker.isolate().dispose()
      }
    },
  }
}

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
/** WeChat's other hosts of the same API, the one for disaster recovery first. Source: WeChat's guide 接口域名说明. */
const OTHER_BASES = [
  'https://api2.weixin.qq.com',
  'https://sh.api.weixin.qq.com',
  'https://sz.api.weixin.qq.com',
  'https://hk.api.weixin.qq.com',
]
const UNREACHABLE_FOR_MS = 30_000

/** The fallback hosts of a base URL; none for any but the default one, such as a proxy or a simulator. */
export function fallbacksOf(apiBase: string): readonly string[] {
  return apiBase === DEFAULT_BASE ? OTHER_BASES : []
}

/** The hosts of one API, tried in order. */
export interface Hosts {
  /**
   * Calls the first reachable host, and the next one while `call` throws NotConnected and `mayRetry` returns true. Any other
   * result is final, because the request may have been sent.
   * @throws NotConnected of the last host that was tried
   */
  reach<T>(call: (base: string) => Promise<T>, mayRetry: () => boolean): Promise<T>
}

/** Opens for 30 s at the first failed connection, then admits one call as a probe. */
function createBreaker(): CircuitBreakerPolicy {
  return circuitBreaker(handleType(NotConnected), {
    halfOpenAfter: UNREACHABLE_FOR_MS,
    breaker: new ConsecutiveBreaker(1),
  })
}

/** Called once when a host becomes unreachable, and once when it is connected again. */
export type OnHostChange = (base: string, unreachable: boolean) => void

/** @param bases base URLs in the order in which they are tried. A single one is always tried. */
export function createHosts(bases: readonly string[], onChange: OnHostChange = () => {}): Hosts {
  const hosts = bases.map((base) => ({ base, breaker: createBreaker(), unreachable: false }))

  // The breaker's events are not used: resetting all breakers, below, does not mean that a host is reachable.
  function setUnreachable(host: (typeof hosts)[number], unreachable: boolean): void {
    if (host.unreachable === unreachable) return
    host.unreachable = unreachable
    onChange(host.base, unreachable)
  }

  return {
    async reach(call, mayRetry) {
      const [only] = hosts
      if (only && hosts.length === 1) return call(only.base)
      for (;;) {
        let lastError: NotConnected | undefined
        for (const host of hosts) {
          const { base, breaker } = host
          // Another call probes this host. Cockatiel would make this call wait for it.
          if (breaker.state === CircuitState.HalfOpen) continue
          try {
            const answer = await breaker.execute(() => call(base))
            setUnreachable(host, false)
            return answer
          } catch (err) {
            if (isBrokenCircuitError(err)) continue
            setUnreachable(host, err instanceof NotConnected)
            if (!(err instanceof NotConnected)) throw err
            lastError = err
            if (!mayRetry()) throw err
          }
        }
        if (lastError) throw lastError
        // Every host is unreachable, perhaps because of this machine's network. All are tried again at once.
        for (const { breaker } of hosts) breaker.isolate().dispose()
      }
    },
  }
}

import type { WechatAnswer, WechatClient } from '../../src/wechat/api/client.ts'
import { createBulkhead } from './bulkhead.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { createRateLimiter, type Rate, type RateLimiter } from './rate-limiter.ts'

const MINUTE_MS = 60_000
const BULKHEAD_RETRY_MS = 250
/** Those who wait come back one by one over this time. */
const RETRY_SPREAD_MS = 1_000
const MINUTE_SPREAD_MS = 5_000

/** What keeps one account's trouble from the others: asked before each send, told of each answer. Of this worker only. */
export interface SendThrottle {
  /**
   * A place, to be left at the end; or why there is none and when to ask again. Only its share of slots keeps an account's
   * `lastTry` away.
   */
  acquire(appId: string, options: { lastTry: boolean }): Slot | Denied
  /** The rate of sends that WeChat grants this account; null: not known. */
  setRate(appId: string, rate: Rate | null): void
  /** WeChat said 45011 to a send: none of the account's begins before the next minute. How long one waits, ms. */
  onRateLimited(appId: string): number
  /** The account's client, whose answers the gate hears. */
  observe(appId: string, client: WechatClient): WechatClient
}

interface Slot {
  release(): void
}

interface Denied {
  denied: string
  waitMs: number
}

/**
 * @param slots this worker's send slots in all
 * @param onChange an account's circuit has opened, or closed
 */
export function createSendThrottle(deps: {
  slots: number
  now: () => number
  random?: () => number
  onChange?: (appId: string, open: boolean) => void
}): SendThrottle {
  const { now, random = Math.random, onChange } = deps
  const bulkhead = createBulkhead(deps.slots)
  const circuits = new Map<string, Circuit>()
  const rateLimiters = new Map<string, RateLimiter>()
  /** Minutes since 1970 in which WeChat said 45011. */
  const limitedMinutes = new Map<string, number>()

  function circuitOf(appId: string): Circuit {
    const circuit = circuits.get(appId) ?? createCircuit(now, (open) => onChange?.(appId, open))
    circuits.set(appId, circuit)
    return circuit
  }

  function rateLimiterOf(appId: string): RateLimiter {
    const limiter = rateLimiters.get(appId) ?? createRateLimiter(now)
    rateLimiters.set(appId, limiter)
    return limiter
  }

  const spread = (ms: number) => Math.floor(random() * ms)
  const minute = () => Math.floor(now() / MINUTE_MS)

  function deniedBy(appId: string): Denied | null {
    if (limitedMinutes.get(appId) === minute())
      return { denied: 'minute limit of the account (45011)', waitMs: msUntilNextMinute(now(), random) }
    const circuitMs = circuitOf(appId).waitMs()
    if (circuitMs > 0)
      return { denied: "the account's requests get no answer", waitMs: circuitMs + spread(RETRY_SPREAD_MS) }
    const rateMs = rateLimiterOf(appId).waitMs()
    return rateMs > 0
      ? { denied: "the account's rate at WeChat", waitMs: rateMs + spread(RETRY_SPREAD_MS) }
      : null
  }

  return {
    acquire(appId, { lastTry }) {
      const denial = lastTry ? null : deniedBy(appId)
      if (denial) return denial
      const returnShare = bulkhead.tryAcquire(appId)
      if (!returnShare)
        return { denied: 'the account has its share of send slots', waitMs: BULKHEAD_RETRY_MS }
      const leaveProbe = circuitOf(appId).admit()
      rateLimiterOf(appId).spend()
      return {
        release() {
          leaveProbe()
          returnShare()
        },
      }
    },
    setRate: (appId, rate) => rateLimiterOf(appId).setRate(rate),
    onRateLimited(appId) {
      rateLimiterOf(appId).onRateLimited()
      limitedMinutes.set(appId, minute())
      return msUntilNextMinute(now(), random)
    },
    observe(appId, client) {
      const observed =
        <In extends unknown[], T>(call: (...args: In) => Promise<WechatAnswer<T>>) =>
        async (...args: In) => {
          const onAnswer = circuitOf(appId).onRequest()
          const answer = await call(...args)
          onAnswer(answer)
          return answer
        }
      return {
        ...client,
        stableToken: observed(client.stableToken),
        customSend: observed(client.customSend),
        uploadMedia: observed(client.uploadMedia),
      }
    },
  }
}

/** Time until WeChat's next minute, ms: those who wait for it (45011) come back one by one. */
export function msUntilNextMinute(now: number, random: () => number): number {
  return MINUTE_MS - (now % MINUTE_MS) + Math.floor(random() * MINUTE_SPREAD_MS)
}

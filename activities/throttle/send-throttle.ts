import type { WechatAnswer, WechatClient } from '../../src/wechat/api/client.ts'
import { ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import { createBulkhead } from './bulkhead.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { createRateLimiter, type Rate, type RateLimiter } from './rate-limiter.ts'

const MINUTE_MS = 60_000
/** The reason of a send that waits for the account's next minute. */
export const MINUTE_LIMIT_REASON = `minute limit of the account (${ERRCODE.minuteLimit})`
const BULKHEAD_RETRY_MS = 250
/** Denied sends retry at random times within this span, so that they do not return all at once. */
const RETRY_SPREAD_MS = 1_000
const MINUTE_SPREAD_MS = 5_000

/**
 * Keeps one account's problems from delaying other accounts' sends, within this worker. Each send acquires a slot, and each
 * answer is observed.
 */
export interface SendThrottle {
  /**
   * Acquires a slot, which the caller must release, or says why there is none and when to retry. For an account's `lastTry`
   * only its share of slots is checked.
   */
  acquire(appId: string, options: { lastTry: boolean }): Slot | Denied
  /** Sets the rate of sends that WeChat allows this account; null when it is not known. */
  setRate(appId: string, rate: Rate | null): void
  /** WeChat answered a send with 45011: the account sends nothing before the next minute. @returns the wait, ms */
  onRateLimited(appId: string): number
  /** Wraps the account's client, so that its answers open and close the circuit. */
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
 * @param slots all send slots of this worker
 * @param onChange called when an account's circuit opens or closes
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
  /** The minute (since 1970) of each account's last 45011. */
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
      return { denied: MINUTE_LIMIT_REASON, waitMs: msUntilNextMinute(now(), random) }
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
      const endProbe = circuitOf(appId).admit()
      rateLimiterOf(appId).spend()
      return {
        release() {
          endProbe()
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

/** Time until WeChat's next minute (45011), ms, plus a random spread, so that sends do not return all at once. */
export function msUntilNextMinute(now: number, random: () => number): number {
  return MINUTE_MS - (now % MINUTE_MS) + Math.floor(random() * MINUTE_SPREAD_MS)
}

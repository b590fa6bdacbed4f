import type { WechatAnswer, WechatClient } from '../../src/wechat/api/client.ts'
import { AccountThrottle } from './account-throttle.ts'
import { createBulkhead } from './bulkhead.ts'
import type { Rate } from './rate-limiter.ts'

/**
 * Keeps one account's problems from delaying other accounts' sends, within this worker. Each send acquires a slot, and each
 * answer is observed.
 */
export interface SendThrottle {
  /** Acquires a slot, which the caller must release; null when there is none. */
  tryAcquire(appId: string): Slot | null
  /**
   * Acquires a slot, or says why there is none and when it is this send's turn to retry. For an account's `lastTry` only its
   * share of slots is checked. An `urgent` send, whose grant ends soon, does not wait for the turns of others.
   */
  acquire(appId: string, options: { lastTry: boolean; urgent: boolean }): Slot | Denied
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
  const bulkhead = createBulkhead(deps.slots, now)
  const accounts = new Map<string, AccountThrottle>()

  function accountOf(appId: string): AccountThrottle {
    const known =
      accounts.get(appId) ?? new AccountThrottle({ now, random, onChange: (open) => onChange?.(appId, open) })
    accounts.set(appId, known)
    return known
  }

  function acquireSlot(appId: string): Slot | null {
    const returnShare = bulkhead.tryAcquire(appId)
    if (!returnShare) return null
    const { circuit, rateLimiter } = accountOf(appId)
    const endProbe = circuit.admit()
    rateLimiter.spend()
    return {
      release() {
        endProbe()
        returnShare()
      },
    }
  }

  return {
    tryAcquire: (appId) => (accountOf(appId).wait() ? null : acquireSlot(appId)),
    acquire(appId, { lastTry, urgent }) {
      const account = accountOf(appId)
      const wait = lastTry ? null : account.wait()
      if (wait) return { denied: wait.reason, waitMs: account.turnAfter(wait, urgent) }
      const slot = acquireSlot(appId)
      if (slot) return slot
      const waitMs = account.turnForSlot(bulkhead.releaseIntervalMs(appId), urgent)
      return { denied: 'the account has its share of send slots', waitMs }
    },
    setRate: (appId, rate) => accountOf(appId).rateLimiter.setRate(rate),
    onRateLimited: (appId) => accountOf(appId).onRateLimited(),
    observe(appId, client) {
      const observed =
        <In extends unknown[], T>(call: (...args: In) => Promise<WechatAnswer<T>>) =>
        async (...args: In) => {
          const onAnswer = accountOf(appId).circuit.onRequest()
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

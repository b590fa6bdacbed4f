import { lookup as systemLookup } from 'node:dns'
import { Agent, buildConnector, request } from 'undici'
import type { Log } from '../../shared/log.ts'
import type { ForwardResult } from '../../shared/metrics.ts'
import { publicOnlyConnector } from '../../shared/network/public-only-connector.ts'
import { slowHandshakes } from '../../wechat/api/connection.ts'
import { type Forward, wrapEvent } from '../../wechat/callback/outbound-envelope.ts'
import type { PassiveReply } from '../../wechat/callback/passive-reply.ts'
import type { BodyFormat } from '../../wechat/callback/xml-json.ts'
import { forwardProblem, HOW_TO_ALLOW } from './forward-problem.ts'
import { readForwardedReply } from './read-forwarded-reply.ts'

/** One authenticated event. */
interface ForwardedEvent {
  appId: string
  openId: string
  toUserName: string
  /** The decrypted body. */
  plain: string
  format: BodyFormat
}

/** Forwards an event. Never rejects, and ends within its timeout. @returns the answer when it is a passive reply */
export type Forwarder = (to: Forward, event: ForwardedEvent) => Promise<PassiveReply | null>

/** The answer may become the answer to WeChat, which waits 5 s. */
const REPLY_TIMEOUT_MS = 2_000
const NOTIFY_TIMEOUT_MS = 4_500
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_IN_FLIGHT = 100
const CONNECT_TIMEOUT_MS = 2_000
/** The dead URL of one account must not block the others. */
const MAX_IN_FLIGHT_PER_ACCOUNT = 25

interface ForwarderDeps {
  /** Whether private addresses are allowed (FORWARD_PRIVATE). */
  allowPrivate: boolean
  now: () => number
  log: Log
  count(result: ForwardResult): void
  lookup?: typeof systemLookup
}

/**
 * Forwards at most 100 events at a time, and 25 of one account. Further ones are not queued: they are counted as dropped.
 */
export function createForwarder(deps: ForwarderDeps): Forwarder {
  const client = new ForwardClient(deps)
  const inFlight = new InFlightLimit()
  return async function forward(to, event) {
    const { appId } = event
    if (!inFlight.tryAcquire(appId)) {
      deps.count('dropped')
      return null
    }
    try {
      const reply = await client.post(to, event)
      deps.count('ok')
      return reply
    } catch (err) {
      const isTimeout = err instanceof Error && err.name === 'TimeoutError'
      deps.count(isTimeout ? 'timeout' : 'failed')
      const reason = err instanceof Error ? err.message : String(err)
      deps.log.warn({ appId, host: new URL(to.url).host, reason }, 'event could not be forwarded')
      return null
    } finally {
      inFlight.release(appId)
    }
  }
}

class ForwardClient {
  readonly #deps: ForwarderDeps
  readonly #agent: Agent

  constructor(deps: ForwarderDeps) {
    const { allowPrivate, lookup = systemLookup } = deps
    const options = { timeout: CONNECT_TIMEOUT_MS, ...slowHandshakes(CONNECT_TIMEOUT_MS) }
    this.#deps = deps
    this.#agent = new Agent({
      connect: allowPrivate
        ? buildConnector(options)
        : publicOnlyConnector(options, { lookup, howToAllow: HOW_TO_ALLOW }),
      keepAliveTimeout: 4_000,
      connections: 16,
      maxResponseSize: MAX_ANSWER_BYTES,
    })
  }

  /** @throws Error when the event did not arrive, or WeChat would refuse the answer */
  async post(to: Forward, event: ForwardedEvent): Promise<PassiveReply | null> {
    const problem = forwardProblem(to.url, this.#deps.allowPrivate)
    if (problem) throw new Error(problem)
    const timestamp = Math.floor(this.#deps.now() / 1000)
    const { query, body, nonce } = wrapEvent({ ...to, appId: event.appId }, { ...event, timestamp })
    const answer = await request(`${to.url}${to.url.includes('?') ? '&' : '?'}${query}`, {
      method: 'POST',
      body,
      headers: { 'content-type': event.format === 'json' ? 'application/json' : 'text/xml' },
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(to.useReply ? REPLY_TIMEOUT_MS : NOTIFY_TIMEOUT_MS),
    })
    const text = await answer.body.text()
    // undici follows no redirects, so a redirect fails here.
    if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`)
    if (!to.useReply || text === '' || text === 'success') return null
    return readForwardedReply(to, event, text, nonce)
  }
}

/** Counts the requests in flight, of all accounts and of each. */
class InFlightLimit {
  #total = 0
  readonly #byAccount = new Map<string, number>()

  tryAcquire(appId: string): boolean {
    const ofAccount = this.#byAccount.get(appId) ?? 0
    if (this.#total >= MAX_IN_FLIGHT || ofAccount >= MAX_IN_FLIGHT_PER_ACCOUNT) return false
    this.#total += 1
    this.#byAccount.set(appId, ofAccount + 1)
    return true
  }

  release(appId: string): void {
    this.#total -= 1
    const left = (this.#byAccount.get(appId) ?? 1) - 1
    if (left > 0) this.#byAccount.set(appId, left)
    else this.#byAccount.delete(appId)
  }
}

import { lookup as systemLookup } from 'node:dns'
import { Agent, buildConnector, request } from 'undici'
import { publicOnlyConnector } from '../shared/network/public-only-connector.ts'
import type { OpenedEndpoint } from '../store/webhooks/webhook-endpoints.ts'
import { slowHandshakes } from '../wechat/api/connection.ts'
import { SIGNATURE_HEADER, signBody } from './signature.ts'
import { HOW_TO_ALLOW, webhookUrlProblem } from './webhook-url.ts'

/** Time for one request, from its start to the answer's headers. */
const TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 4_000
/** The answer's body is not used. More of it ends the connection. */
const MAX_ANSWER_BYTES = 16 * 1024

/** The receiver's answer. `error`: why it is no success; null: it is. */
export interface WebhookAnswer {
  status: number | null
  error: string | null
}

/** Sends signed requests to receivers of webhooks. */
export class WebhookClient {
  readonly #agent: Agent
  readonly #allowPrivate: boolean
  readonly #now: () => number
  readonly #timeoutMs: number

  /** @param deps.allowPrivate WEBHOOK_PRIVATE: http and private addresses are allowed */
  constructor(deps: {
    allowPrivate: boolean
    now: () => number
    lookup?: typeof systemLookup
    timeoutMs?: number
  }) {
    const { allowPrivate, now, lookup = systemLookup, timeoutMs = TIMEOUT_MS } = deps
    const options = { timeout: CONNECT_TIMEOUT_MS, ...slowHandshakes(CONNECT_TIMEOUT_MS) }
    this.#allowPrivate = allowPrivate
    this.#now = now
    this.#timeoutMs = timeoutMs
    this.#agent = new Agent({
      connect: allowPrivate
        ? buildConnector(options)
        : publicOnlyConnector(options, { lookup, howToAllow: HOW_TO_ALLOW }),
      keepAliveTimeout: 4_000,
      connections: 8,
    })
  }

  /** Sends one body. Only an answer 2xx is a success; redirects are not followed. Never rejects. */
  async post(
    { url, secrets }: Pick<OpenedEndpoint, 'url' | 'secrets'>,
    body: string,
  ): Promise<WebhookAnswer> {
    const problem = webhookUrlProblem(url, this.#allowPrivate)
    if (problem) return { status: null, error: `the URL ${problem}` }
    try {
      const answer = await request(url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'FollowerNurture',
          [SIGNATURE_HEADER]: signBody(secrets, body, this.#now()),
        },
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(this.#timeoutMs),
      })
      // The headers decide. A body that does not end changes nothing.
      await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {})
      const { statusCode: status } = answer
      return { status, error: status >= 200 && status < 300 ? null : describeStatus(status) }
    } catch (err) {
      return { status: null, error: describeError(err, this.#timeoutMs) }
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }
}

function describeStatus(status: number): string {
  return status >= 300 && status < 400
    ? `HTTP ${status}: redirects are not followed; set the final URL`
    : `HTTP ${status}`
}

function describeError(err: unknown, timeoutMs: number): string {
  if (!(err instanceof Error)) return String(err)
  if (err.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  const code = 'code' in err && typeof err.code === 'string' ? err.code : null
  return err.message || code || err.name
}

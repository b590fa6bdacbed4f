import { type Dispatcher, FormData, request } from 'undici'
import type { z } from 'zod'
import { noopTracing, type SpanStart, type Tracing } from '../../tracing/tracing.ts'
import { readAnswer, type WechatAnswer } from './answer.ts'
import { createDispatcher, NotConnected } from './connection.ts'
import { createHosts, type Hosts, type OnHostChange } from './hosts.ts'

export type Post = <T>(
  path: string,
  query: Record<string, string>,
  body: object,
  shape: z.ZodType<T>,
) => Promise<WechatAnswer<T>>

export type Get = <T>(
  path: string,
  query: Record<string, string>,
  shape: z.ZodType<T>,
) => Promise<WechatAnswer<T>>

/** Time for one request, from its start to the last byte of the answer: docs/contract.md#4-sending. */
const HTTP_TIMEOUT_MS = 10_000
const UPLOAD_TIMEOUT_MS = 50_000
const CONNECT_TIMEOUT_MS = 5_000
/** Shorter when there are fallback hosts, so that two attempts to connect fit into one call. */
const CONNECT_TIMEOUT_OF_MANY_MS = 3_000
/**
 * With less time left than a connection may take, a time-out would be unclear. The extra second is the resolution of
 * undici's timers.
 */
const MIN_TIME_FOR_RETRY_MS = CONNECT_TIMEOUT_OF_MANY_MS + 1_000

export interface TransportOptions {
  /** `https://api.weixin.qq.com`, or the simulator's address, without a trailing slash. */
  apiBase: string
  /** Other hosts of the same API, tried when a call cannot connect, within the time of that call. */
  fallbacks?: readonly string[]
  timeoutMs?: number
  onHost?: OnHostChange
  /** Gives each request within a span its own span, without the query and the body. */
  tracing?: Tracing
}

type RequestInit = { method: 'GET' | 'POST'; body?: string | FormData; headers?: Record<string, string> }

/** HTTP to one WeChat API: time limits, fallback hosts, and the distinction between failed and unclear requests. */
export class WechatTransport {
  readonly #hosts: Hosts
  readonly #dispatcher: Dispatcher
  readonly #timeoutMs: number
  readonly #tracing: Tracing

  constructor({ apiBase, fallbacks = [], timeoutMs, onHost, tracing }: TransportOptions) {
    this.#hosts = createHosts([apiBase, ...fallbacks], onHost)
    this.#dispatcher = createDispatcher(
      fallbacks.length > 0 ? CONNECT_TIMEOUT_OF_MANY_MS : CONNECT_TIMEOUT_MS,
    )
    this.#timeoutMs = timeoutMs ?? HTTP_TIMEOUT_MS
    this.#tracing = tracing ?? noopTracing
  }

  get<T>(path: string, query: Record<string, string>, shape: z.ZodType<T>): Promise<WechatAnswer<T>> {
    return this.#call(path, query, { method: 'GET' }, shape, this.#timeoutMs)
  }

  post<T>(
    path: string,
    query: Record<string, string>,
    body: object,
    shape: z.ZodType<T>,
  ): Promise<WechatAnswer<T>> {
    const init: RequestInit = {
      method: 'POST',
      // JSON.stringify does not escape Chinese characters. WeChat refuses \u escapes (40033).
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    }
    return this.#call(path, query, init, shape, this.#timeoutMs)
  }

  /** Sends one file as the form field `media`. */
  upload<T>(
    path: string,
    query: Record<string, string>,
    file: { filename: string; contentType: string; bytes: Uint8Array },
    shape: z.ZodType<T>,
  ): Promise<WechatAnswer<T>> {
    const body = new FormData()
    body.set('media', new Blob([new Uint8Array(file.bytes)], { type: file.contentType }), file.filename)
    return this.#call(path, query, { method: 'POST', body }, shape, UPLOAD_TIMEOUT_MS)
  }

  async #call<T>(
    path: string,
    query: Record<string, string>,
    init: RequestInit,
    shape: z.ZodType<T>,
    limitMs: number,
  ): Promise<WechatAnswer<T>> {
    const startedAt = performance.now()
    const signal = AbortSignal.timeout(limitMs)
    const mayRetry = () => performance.now() - startedAt + MIN_TIME_FOR_RETRY_MS < limitMs
    const pathAndQuery = `${path}?${new URLSearchParams(query)}`
    try {
      return await this.#hosts.reach(
        (base) =>
          this.#tracing.step(requestSpan(init.method, base, path), async (span) => {
            const url = `${base}${pathAndQuery}`
            const response = await request(url, { ...init, dispatcher: this.#dispatcher, signal })
            span.setAttributes({ 'http.response.status_code': response.statusCode })
            const answer = readAnswer(response.statusCode, await response.body.text(), shape)
            if (answer.kind === 'answered') span.setAttributes({ errcode: answer.errcode })
            if (answer.kind !== 'answered' || answer.errcode !== 0)
              span.fail(answer.kind === 'answered' ? String(answer.errcode) : answer.kind)
            return answer
          }),
        mayRetry,
      )
    } catch (err) {
      return failedCall(err, limitMs)
    }
  }
}

/** A request's span, with OpenTelemetry's attribute names for HTTP. */
function requestSpan(method: string, base: string, path: string): SpanStart {
  const attributes = {
    'http.request.method': method,
    'url.path': path,
    'server.address': new URL(base).hostname,
  }
  return { name: `${method} ${path}`, kind: 'client', attributes }
}

function failedCall(err: unknown, limitMs: number): WechatAnswer<never> {
  const code = codeOf(err)
  if (err instanceof NotConnected) {
    return { kind: 'failed', unconnected: true, reason: `no connection to WeChat (${code || 'no code'})` }
  }
  const timedOut = err instanceof Error && (err.name === 'TimeoutError' || err.name === 'AbortError')
  return timedOut
    ? { kind: 'unclear', after: 'timeout', reason: `no answer within ${limitMs / 1000} s` }
    : { kind: 'unclear', after: 'lost', reason: `connection lost (${code || 'no code'})` }
}

/** The first code in an error or in its causes; empty when there is none. */
function codeOf(err: unknown): string {
  for (let e = err, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth++) {
    const { code } = e as { code?: unknown }
    if (typeof code === 'string') return code
    if (e instanceof AggregateError && e.errors[0] !== undefined) return codeOf(e.errors[0])
  }
  return ''
}

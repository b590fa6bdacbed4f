import { lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import { Agent, buildConnector, request } from 'undici'
import type { Log } from '../../shared/log.ts'
import { slowHandshakes } from '../../wechat/api/connection.ts'
import { decodeAesKey, decrypt, signatureMatches } from '../../wechat/callback/crypto.ts'
import { type Forward, wrapEvent } from '../../wechat/callback/outbound-envelope.ts'
import { type PassiveReply, parseReply } from '../../wechat/callback/reply.ts'
import { type BodyFormat, parseBody } from '../../wechat/callback/xml-json.ts'
import { isPublicAddress } from './public-address.ts'

/** One authenticated event, as it came. */
interface ForwardedEvent {
  appId: string
  openId: string
  toUserName: string
  /** Decrypted, undecoded. */
  plain: string
  format: BodyFormat
}

type ForwardResult = 'ok' | 'failed' | 'timeout' | 'dropped'

/** Passes an event on; its answer, when it is a passive reply. Never rejects, never takes longer than its time. */
export type Forwarder = (to: Forward, event: ForwardedEvent) => Promise<PassiveReply | null>

/** Somebody waits for the answer: our own must be at WeChat within 5 s. */
const REPLY_TIMEOUT_MS = 2_000
const NOTIFY_TIMEOUT_MS = 4_500
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_IN_FLIGHT = 100
const CONNECT_TIMEOUT_MS = 2_000
/** One account's dead URL must not crowd out the others. */
const MAX_IN_FLIGHT_PER_ACCOUNT = 25

/** @param deps.allowPrivate whether addresses of our own network may be asked (FORWARD_PRIVATE) */
export function createForwarder(deps: {
  allowPrivate: boolean
  now: () => number
  log: Log
  count(result: ForwardResult): void
  lookup?: typeof systemLookup
}): Forwarder {
  const { allowPrivate, now, log, lookup = systemLookup } = deps
  const options = { timeout: CONNECT_TIMEOUT_MS, ...slowHandshakes(CONNECT_TIMEOUT_MS) }
  const connect = allowPrivate ? buildConnector(options) : publicOnlyConnector(options, lookup)
  const dispatcher = new Agent({
    connect,
    keepAliveTimeout: 4_000,
    connections: 16,
    maxResponseSize: MAX_ANSWER_BYTES,
  })
  let inFlight = 0
  const inFlightByAccount = new Map<string, number>()

  return async (to, event) => {
    const accountInFlight = inFlightByAccount.get(event.appId) ?? 0
    if (inFlight >= MAX_IN_FLIGHT || accountInFlight >= MAX_IN_FLIGHT_PER_ACCOUNT) {
      deps.count('dropped')
      return null
    }
    inFlight += 1
    inFlightByAccount.set(event.appId, accountInFlight + 1)
    try {
      const reply = await post(to, event)
      deps.count('ok')
      return reply
    } catch (err) {
      const timedOut = err instanceof Error && err.name === 'TimeoutError'
      deps.count(timedOut ? 'timeout' : 'failed')
      const reason = err instanceof Error ? err.message : String(err)
      log.warn({ appId: event.appId, host: new URL(to.url).host, reason }, 'an event could not be forwarded')
      return null
    } finally {
      inFlight -= 1
      const left = (inFlightByAccount.get(event.appId) ?? 1) - 1
      if (left > 0) inFlightByAccount.set(event.appId, left)
      else inFlightByAccount.delete(event.appId)
    }
  }

  async function post(to: Forward, event: ForwardedEvent): Promise<PassiveReply | null> {
    const problem = forwardProblem(to.url, allowPrivate)
    if (problem) throw new Error(problem)
    const timestamp = Math.floor(now() / 1000)
    const { query, body, nonce } = wrapEvent({ ...to, appId: event.appId }, { ...event, timestamp })
    const answer = await request(`${to.url}${to.url.includes('?') ? '&' : '?'}${query}`, {
      method: 'POST',
      body,
      headers: { 'content-type': event.format === 'json' ? 'application/json' : 'text/xml' },
      dispatcher,
      signal: AbortSignal.timeout(to.useReply ? REPLY_TIMEOUT_MS : NOTIFY_TIMEOUT_MS),
    })
    const text = await answer.body.text()
    // undici follows no redirect: one ends here.
    if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`)
    if (!to.useReply || text === '' || text === 'success') return null
    return readReply(to, event, text, nonce)
  }
}

/** An answer as WeChat would take it. @throws Error when WeChat would not */
function readReply(to: Forward, event: ForwardedEvent, text: string, nonce: string): PassiveReply {
  let { record } = parseBody(Buffer.from(text))
  const { Encrypt: ciphertext, MsgSignature, TimeStamp, Nonce } = record
  if (to.mode !== 'plain' && typeof ciphertext === 'string') {
    const signature = typeof MsgSignature === 'string' ? MsgSignature : undefined
    // Some systems answer with a nonce of their own.
    const answerNonce = typeof Nonce === 'string' ? Nonce : nonce
    if (!signatureMatches(signature, to.token, String(TimeStamp), answerNonce, ciphertext))
      throw new Error('its answer is signed wrongly')
    const decrypted = decrypt(ciphertext, decodeAesKey(to.encodingAesKey ?? ''))
    if (decrypted.trailingId !== event.appId) throw new Error('its answer is encrypted for another appId')
    record = parseBody(decrypted.message).record
  } else if (to.mode === 'security') throw new Error('its answer is not encrypted')
  const isForFollower = record.ToUserName === event.openId && record.FromUserName === event.toUserName
  const reply = isForFollower ? parseReply(record) : null
  if (!reply) throw new Error('its answer is no passive reply to this follower')
  return reply
}

const HOW_TO_ALLOW = 'FORWARD_PRIVATE=on allows it'

/** Why events may not be passed on to this URL, as far as it shows without asking anybody; null: nothing is wrong. */
export function forwardProblem(url: string, allowPrivate: boolean): string | null {
  if (allowPrivate) return null
  // The URL's parser has written each form of an IPv4 address (decimal, octal, hexadecimal, short) as four numbers.
  const host = hostOf(new URL(url).hostname)
  const isPrivate =
    host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublicAddress(host))
  return isPrivate ? `the address is none of the open internet; ${HOW_TO_ALLOW}` : null
}

/** Without the brackets of IPv6, and without the dot that may end a name. */
const hostOf = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')

/**
 * Connects to addresses of the open internet alone. Names are looked at when they are connected, not before: one that
 * leads elsewhere a moment later (DNS rebinding) is none the better for it. What was connected at last is looked at once
 * more, before a byte is sent.
 */
function publicOnlyConnector(
  options: buildConnector.BuildOptions,
  lookup: typeof systemLookup,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: publicOnlyLookup(lookup) })
  return (to, done) => {
    // An address in the URL is connected without a look-up.
    const host = hostOf(to.hostname)
    if (isIP(host) !== 0 && !isPublicAddress(host)) return done(notPublicError(host), null)
    connect(to, (err, socket) => {
      if (err) return done(err, null)
      const { remoteAddress = '' } = socket
      if (isPublicAddress(remoteAddress)) return done(null, socket)
      socket.destroy()
      done(notPublicError(remoteAddress), null)
    })
  }
}

function publicOnlyLookup(lookup: typeof systemLookup): typeof systemLookup {
  const guardedLookup = (name: string, options: object, done: (...answer: unknown[]) => void) => {
    lookup(name, { ...options, all: true }, (err, addresses) => {
      if (err) return done(err)
      const privateAddress = addresses.find((a) => !isPublicAddress(a.address))
      if (privateAddress) return done(notPublicError(privateAddress.address))
      const [first] = addresses
      return 'all' in options && options.all
        ? done(null, addresses)
        : done(null, first?.address, first?.family)
    })
  }
  // The overloads of lookup cannot be written as one function.
  return guardedLookup as unknown as typeof systemLookup
}

const notPublicError = (address: string) =>
  new Error(`the name leads to ${address}, an address that is none of the open internet; ${HOW_TO_ALLOW}`)

import { lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import { Agent, buildConnector, request } from 'undici'
import type { Log } from '../log.ts'
import { type BodyFormat, parseBody } from '../wechat/body.ts'
import { slowHandshakes } from '../wechat/connection.ts'
import { decodeAesKey, decrypt, signatureMatches } from '../wechat/crypto.ts'
import { type Forward, wrapEvent } from '../wechat/outbound.ts'
import { type PassiveReply, parseReply } from '../wechat/reply.ts'
import { isOnInternet } from './open-internet.ts'

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
const REPLY_WITHIN_MS = 2_000
const TOLD_WITHIN_MS = 4_500
const ANSWER_MAX = 64 * 1024
const IN_FLIGHT_MAX = 100
const CONNECT_TIMEOUT_MS = 2_000
/** One account's dead URL must not crowd out the others. */
const IN_FLIGHT_OF_ONE = 25

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
  const connect = allowPrivate ? buildConnector(options) : onlyInternet(options, lookup)
  const dispatcher = new Agent({
    connect,
    keepAliveTimeout: 4_000,
    connections: 16,
    maxResponseSize: ANSWER_MAX,
  })
  let inFlight = 0
  const ofAccount = new Map<string, number>()

  return async (to, event) => {
    const own = ofAccount.get(event.appId) ?? 0
    if (inFlight >= IN_FLIGHT_MAX || own >= IN_FLIGHT_OF_ONE) {
      deps.count('dropped')
      return null
    }
    inFlight += 1
    ofAccount.set(event.appId, own + 1)
    try {
      const reply = await ask(to, event)
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
      const left = (ofAccount.get(event.appId) ?? 1) - 1
      if (left > 0) ofAccount.set(event.appId, left)
      else ofAccount.delete(event.appId)
    }
  }

  async function ask(to: Forward, event: ForwardedEvent): Promise<PassiveReply | null> {
    const trouble = forwardTrouble(to.url, allowPrivate)
    if (trouble) throw new Error(trouble)
    const timestamp = Math.floor(now() / 1000)
    const { query, body, nonce } = wrapEvent({ ...to, appId: event.appId }, { ...event, timestamp })
    const answer = await request(`${to.url}${to.url.includes('?') ? '&' : '?'}${query}`, {
      method: 'POST',
      body,
      headers: { 'content-type': event.format === 'json' ? 'application/json' : 'text/xml' },
      dispatcher,
      signal: AbortSignal.timeout(to.useReply ? REPLY_WITHIN_MS : TOLD_WITHIN_MS),
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
  const { Encrypt: sealed, MsgSignature, TimeStamp, Nonce } = record
  if (to.mode !== 'plain' && typeof sealed === 'string') {
    const signature = typeof MsgSignature === 'string' ? MsgSignature : undefined
    // Some systems answer with a nonce of their own.
    const theirs = typeof Nonce === 'string' ? Nonce : nonce
    if (!signatureMatches(signature, to.token, String(TimeStamp), theirs, sealed))
      throw new Error('its answer is signed wrongly')
    const opened = decrypt(sealed, decodeAesKey(to.encodingAesKey ?? ''))
    if (opened.trailingId !== event.appId) throw new Error('its answer is encrypted for another appId')
    record = parseBody(opened.message).record
  } else if (to.mode === 'security') throw new Error('its answer is not encrypted')
  const isOurs = record.ToUserName === event.openId && record.FromUserName === event.toUserName
  const reply = isOurs ? parseReply(record) : null
  if (!reply) throw new Error('its answer is no passive reply to this follower')
  return reply
}

const REFUSED = 'FORWARD_PRIVATE=on allows it'

/** Why events may not be passed on to this URL, as far as it shows without asking anybody; null: nothing is wrong. */
export function forwardTrouble(url: string, allowPrivate: boolean): string | null {
  if (allowPrivate) return null
  // The URL's parser has written each form of an IPv4 address (decimal, octal, hexadecimal, short) as four numbers.
  const host = hostOf(new URL(url).hostname)
  const isOurs =
    host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isOnInternet(host))
  return isOurs ? `the address is none of the open internet; ${REFUSED}` : null
}

/** Without the brackets of IPv6, and without the dot that may end a name. */
const hostOf = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')

/**
 * Connects to addresses of the open internet alone. Names are looked at when they are connected, not before: one that
 * leads elsewhere a moment later (DNS rebinding) is none the better for it. What was connected at last is looked at once
 * more, before a byte is sent.
 */
function onlyInternet(
  options: buildConnector.BuildOptions,
  lookup: typeof systemLookup,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: onlyInternetNames(lookup) })
  return (to, done) => {
    // An address in the URL is connected without a look-up.
    const host = hostOf(to.hostname)
    if (isIP(host) !== 0 && !isOnInternet(host)) return done(notOnInternet(host), null)
    connect(to, (err, socket) => {
      if (err) return done(err, null)
      const { remoteAddress = '' } = socket
      if (isOnInternet(remoteAddress)) return done(null, socket)
      socket.destroy()
      done(notOnInternet(remoteAddress), null)
    })
  }
}

function onlyInternetNames(lookup: typeof systemLookup): typeof systemLookup {
  const guarded = (name: string, options: object, done: (...answer: unknown[]) => void) => {
    lookup(name, { ...options, all: true }, (err, addresses) => {
      if (err) return done(err)
      const wrong = addresses.find((a) => !isOnInternet(a.address))
      if (wrong) return done(notOnInternet(wrong.address))
      const [first] = addresses
      return 'all' in options && options.all
        ? done(null, addresses)
        : done(null, first?.address, first?.family)
    })
  }
  // The overloads of lookup cannot be written as one function.
  return guarded as unknown as typeof systemLookup
}

const notOnInternet = (address: string) =>
  new Error(`the name leads to ${address}, an address that is none of the open internet; ${REFUSED}`)

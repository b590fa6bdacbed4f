import { type Decrypted, decodeAesKey, decryptForId, signatureMatches, WechatCryptoError } from './crypto.ts'
import type { FieldRecord } from './field-record.ts'
import { scanCiphertext } from './scan-ciphertext.ts'
import { type BodyFormat, CallbackBodyError, parseBody, parseEncrypted } from './xml-json.ts'

/** What of an account the callback needs. */
export interface CallbackAccount {
  appId: string
  mode: 'plain' | 'compatible' | 'security'
  token: string
  encodingAesKey: string | null
  /** Token and key before the last change, which WeChat still uses for a while. */
  previousToken?: string | null
  previousAesKey?: string | null
  /** The id at the end of ciphertexts: a platform's, where one serves the account; else the account's own. */
  trailingId?: string
}

type Query = Record<string, string | undefined>

export type OpenedCallback =
  /**
   * `aesKey`: the one that opened it, which the answer must be sealed with; null when nothing was encrypted. `token`: the
   * one that signed it, and must sign the answer. `plain`: the event's own bytes. `recovered`: see `ParsedBody`.
   */
  | {
      ok: true
      record: FieldRecord
      recovered: boolean
      format: BodyFormat
      aesKey: string | null
      token: string
      plain: Buffer
    }
  /**
   * `stale`: its signature held, and its `timestamp` is too far from our clock. `arrived`: what came rightly signed is of
   * another mode than the account's. `undecryptable`: its signature held, and its ciphertext was no message.
   */
  | {
      ok: false
      status: 400 | 401
      reason: string
      stale?: true
      receivedMode?: ReceivedMode
      undecryptable?: true
    }

/** A plain push (明文模式), or one of ciphertext alone (安全模式). */
export type ReceivedMode = 'plain' | 'security'

/** All that a refused caller is told: what was wrong with signature or ciphertext is in the log alone. */
export const UNAUTHORISED = 'refused'

/** A future timestamp is tolerated this far: clocks differ. */
const AHEAD_MS = 5 * 60_000

interface Call {
  account: CallbackAccount
  query: Query
  body: Buffer
  now: number
  /** How old the query's `timestamp` may be, ms; 0: any age. */
  maxAgeMs: number
}

/**
 * Proves that a POST is WeChat's and opens it: signature first, then age, then decryption, then parsing. An account is
 * held to the mode it is registered with; in compatible mode only the encrypted part is believed. What was wrong behind a
 * good `msg_signature` is told by `reason` alone: status and work are the same whatever it was.
 */
export function openCallback(call: Call): OpenedCallback {
  try {
    return call.account.mode === 'plain' ? openPlain(call) : openEncrypted(call)
  } catch (err) {
    if (err instanceof WechatCryptoError) return refused(err.message)
    if (err instanceof CallbackBodyError) return { ok: false, status: 400, reason: err.message }
    throw err
  }
}

function openPlain(call: Call): OpenedCallback {
  const { account, query, body } = call
  const { timestamp = '', nonce = '' } = query
  const token = signingToken(account, query.signature, timestamp, nonce)
  if (token === null) return refused('bad signature')
  if (isStale(call)) return STALE
  const parsed = parseBody(body)
  if (parsed.record.Encrypt && !parsed.record.FromUserName) return otherMode(account, 'security')
  return { ok: true, ...parsed, aesKey: null, token, plain: body }
}

function openEncrypted(call: Call): OpenedCallback {
  const { account, query, body } = call
  const { timestamp = '', nonce = '' } = query
  const { candidates, isPlausible } = scanCiphertext(body)
  const tokens = new Map<string, string>()
  for (const encrypt of candidates) {
    const token = signingToken(account, query.msg_signature, timestamp, nonce, encrypt)
    if (token !== null) tokens.set(encrypt, token)
  }
  if (tokens.size === 0) return refuseUnsigned(call, { isPlausible, isSealed: candidates.length > 0 })
  if (isStale(call)) return STALE
  // Only now: parsing costs more than all before it.
  const parsed = parseEncrypted(body)
  const encrypted = parsed.candidates.find((encrypt) => tokens.has(encrypt))
  if (encrypted === undefined) return refused('bad msg_signature')
  const undecryptable = decryptWithAnyKey(encrypted, account)
  const read = readDecrypted(undecryptable)
  if ('problem' in read) return { ...refused(read.problem), undecryptable: true }
  const { aesKey, message } = undecryptable
  const token = tokens.get(encrypted) ?? ''
  return { ok: true, ...read, format: parsed.format, aesKey, token, plain: message }
}

/**
 * Why a body without a good `msg_signature` is refused. Only where at least the query is WeChat's is it parsed, to say that
 * the modes differ.
 * @throws CallbackBodyError
 */
function refuseUnsigned(call: Call, found: { isPlausible: boolean; isSealed: boolean }): OpenedCallback {
  const { account, query, body } = call
  if (isQuerySigned(account, query) && !isStale(call)) {
    const isSealed = parseEncrypted(body).candidates.length > 0
    return isSealed ? refused('bad msg_signature') : otherMode(account, 'plain')
  }
  if (!found.isPlausible) throw new CallbackBodyError('body is neither XML nor JSON')
  return refused(found.isSealed ? 'bad msg_signature' : 'not encrypted, but the account is registered so')
}

/** Reads what came out of a ciphertext, also where it is to be refused: that takes the same time. */
function readDecrypted({
  problem: trouble,
  message,
}: Decrypted): { record: FieldRecord; recovered: boolean } | { problem: string } {
  try {
    const { record, recovered } = parseBody(message)
    return trouble === null ? { record, recovered } : { problem: trouble }
  } catch (err) {
    if (!(err instanceof CallbackBodyError)) throw err
    return { problem: trouble ?? err.message }
  }
}

/**
 * What comes back decrypted: short printable text without markup. WeChat's challenges are digits in every example (WeCom,
 * which encrypts them: `1616140317555161061`, https://developer.work.weixin.qq.com/document/path/90968). Whoever has the
 * token could otherwise send a recorded push as an `echostr`, or any block of one, and read in the answer what it says.
 */
const ECHOSTR = /^[ !#-;=?-z|~]{1,64}$/

/**
 * WeChat's check of a callback URL. The challenge comes plain in every mode and is echoed when `signature` holds; an
 * encrypted one with a valid `msg_signature` is decrypted first.
 */
export function answerChallenge(call: {
  account: CallbackAccount
  query: Query
}): { ok: true; echo: string } | { ok: false; status: 401; reason: string; undecryptable?: true } {
  const { account, query } = call
  const { timestamp = '', nonce = '', echostr = '' } = query
  const no = { ok: false, status: 401 } as const
  if (signingToken(account, query.signature, timestamp, nonce) !== null) {
    return { ok: true, echo: echostr }
  }
  if (
    !account.encodingAesKey ||
    signingToken(account, query.msg_signature, timestamp, nonce, echostr) === null
  )
    return { ...no, reason: 'bad signature' }
  try {
    const { problem: trouble, message } = decryptWithAnyKey(echostr, account)
    const echo = message.toString('utf8')
    const why = trouble ?? (ECHOSTR.test(echo) ? null : 'the encrypted echostr is no challenge')
    return why === null ? { ok: true, echo } : { ...no, reason: why, undecryptable: true }
  } catch (err) {
    if (err instanceof WechatCryptoError) return { ...no, reason: err.message }
    throw err
  }
}

/**
 * Whether the query alone is WeChat's: in every mode `signature` covers its token, timestamp and nonce. It says nothing
 * about the body, so it admits to a queue and to nothing else.
 */
function isQuerySigned(account: Pick<CallbackAccount, 'token' | 'previousToken'>, query: Query): boolean {
  const { signature, timestamp = '', nonce = '' } = query
  return signingToken(account, signature, timestamp, nonce) !== null
}

/**
 * The query's `signature`, where WeChat made it and it is young enough to be believed; null of all others: whoever has an
 * old query, from a log, is a stranger.
 */
export function freshSignature(
  account: Pick<CallbackAccount, 'token' | 'previousToken'>,
  query: Query,
  clock: { now: number; maxAgeMs: number },
): string | null {
  const isFresh = isQuerySigned(account, query) && !isStale({ query, ...clock })
  return isFresh ? (query.signature ?? null) : null
}

/** The token that made this signature, the present one or the one before; null when neither did. */
function signingToken(
  { token, previousToken }: Pick<CallbackAccount, 'token' | 'previousToken'>,
  given: string | undefined,
  ...parts: string[]
): string | null {
  // An authorised account has none of its own, and everybody could sign with the empty one.
  if (given === undefined || token === '') return null
  if (signatureMatches(given, token, ...parts)) return token
  return previousToken && signatureMatches(given, previousToken, ...parts) ? previousToken : null
}

/**
 * With the present key or the one before; the present one's trouble where neither opens it. Both are tried always: the time
 * does not tell whether the first one did.
 * @throws WechatCryptoError without a usable key
 */
function decryptWithAnyKey(encrypted: string, account: CallbackAccount): Decrypted & { aesKey: string } {
  const { encodingAesKey, previousAesKey, trailingId, appId } = account
  const open = (aesKey: string) => ({
    ...decryptForId(encrypted, decodeAesKey(aesKey), trailingId ?? appId),
    aesKey,
  })
  const present = open(encodingAesKey ?? '')
  const previous = previousAesKey ? open(previousAesKey) : null
  return previous && previous.problem === null && present.problem !== null ? previous : present
}

function isStale({ query, now, maxAgeMs }: Pick<Call, 'query' | 'now' | 'maxAgeMs'>): boolean {
  if (maxAgeMs === 0) return false
  const at = Number(query.timestamp) * 1000
  return !Number.isFinite(at) || now - at > maxAgeMs || at - now > Math.max(maxAgeMs, AHEAD_MS)
}

const STALE: OpenedCallback = { ok: false, status: 401, reason: 'timestamp is too old', stale: true }

function otherMode({ mode }: CallbackAccount, receivedMode: ReceivedMode): OpenedCallback {
  const received = receivedMode === 'plain' ? 'not encrypted (plain mode)' : 'encrypted alone (security mode)'
  const reason = `modes differ: the account is registered as ${mode}, but what came is ${received}; set the same mode at WeChat and here`
  return { ok: false, status: 401, reason, receivedMode }
}

function refused(reason: string) {
  return { ok: false, status: 401, reason } as const
}

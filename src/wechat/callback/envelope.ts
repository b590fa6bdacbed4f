import { type Decrypted, decodeAesKey, decryptForId, signatureMatches, WechatCryptoError } from './crypto.ts'
import type { FieldRecord } from './field-record.ts'
import { scanCiphertext } from './scan-ciphertext.ts'
import { type BodyFormat, CallbackBodyError, parseBody, parseEncrypted } from './xml-json.ts'

/** The account's fields that authenticate and decrypt its callbacks. */
export interface CallbackAccount {
  appId: string
  mode: 'plain' | 'compatible' | 'security'
  token: string
  encodingAesKey: string | null
  /** Token and key from before the last change, which WeChat still uses for a while. */
  previousToken?: string | null
  previousAesKey?: string | null
  /** The id at the end of ciphertexts: the platform's when one serves the account, else the account's own. */
  trailingId?: string
}

type Query = Record<string, string | undefined>

export type OpenedCallback =
  /**
   * `aesKey`: the key that decrypted it and must encrypt the answer; null when it was not encrypted. `token`: the token that
   * signed it and must sign the answer. `plain`: the event's bytes. `recovered`: see `ParsedBody`.
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
   * `stale`: validly signed, but its `timestamp` is too far from this machine's clock. `receivedMode`: validly signed, but in
   * this mode instead of the account's. `undecryptable`: validly signed, but its ciphertext is not a message.
   */
  | {
      ok: false
      status: 400 | 401
      reason: string
      stale?: true
      receivedMode?: ReceivedMode
      undecryptable?: true
    }

/** A plain push (明文模式), or one with ciphertext only (安全模式). */
export type ReceivedMode = 'plain' | 'security'

/** The body of every 401. Only the log says what was wrong with the signature or the ciphertext. */
export const UNAUTHORISED = 'refused'

/** A timestamp may be this far in the future, because clocks differ. */
const AHEAD_MS = 5 * 60_000

interface Call {
  account: CallbackAccount
  query: Query
  body: Buffer
  now: number
  /** How old the query's `timestamp` may be, ms; 0 allows any age. */
  maxAgeMs: number
}

/**
 * Authenticates a POST of WeChat and decrypts it: signature first, then age, then decryption, then parsing. The push must
 * have the mode that the account is registered with. In compatible mode only the encrypted part is used. After a valid
 * `msg_signature` only `reason` shows what was wrong: the status and the work are the same in every case.
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
  // Parsing comes last, because it costs more than everything before it.
  const parsed = parseEncrypted(body)
  const encrypted = parsed.candidates.find((encrypt) => tokens.has(encrypt))
  if (encrypted === undefined) return refused('bad msg_signature')
  const decrypted = decryptWithAnyKey(encrypted, account)
  const read = readDecrypted(decrypted)
  if ('problem' in read) return { ...refused(read.problem), undecryptable: true }
  const { aesKey, message } = decrypted
  const token = tokens.get(encrypted) ?? ''
  return { ok: true, ...read, format: parsed.format, aesKey, token, plain: message }
}

/**
 * Refuses a body without a valid `msg_signature`. The body is parsed only when the query is WeChat's, to report that the
 * modes differ.
 * @throws CallbackBodyError
 */
function refuseUnsigned(call: Call, found: { isPlausible: boolean; isSealed: boolean }): OpenedCallback {
  const { account, query, body } = call
  if (isQuerySigned(account, query) && !isStale(call)) {
    const isSealed = parseEncrypted(body).candidates.length > 0
    return isSealed ? refused('bad msg_signature') : otherMode(account, 'plain')
  }
  if (!found.isPlausible) throw new CallbackBodyError('body is neither XML nor JSON')
  return refused(
    found.isSealed ? 'bad msg_signature' : 'not encrypted, but the account is registered as encrypted',
  )
}

/** Parses a decrypted message, also when it will be refused, so that both cases take the same time. */
function readDecrypted({
  problem,
  message,
}: Decrypted): { record: FieldRecord; recovered: boolean } | { problem: string } {
  try {
    const { record, recovered } = parseBody(message)
    return problem === null ? { record, recovered } : { problem }
  } catch (err) {
    if (!(err instanceof CallbackBodyError)) throw err
    return { problem: problem ?? err.message }
  }
}

/**
 * A decrypted challenge is echoed only when it is a short printable text without markup. In every example of WeCom, which
 * encrypts challenges, it is digits: `1616140317555161061` (https://developer.work.weixin.qq.com/document/path/90968). Without
 * this check, anybody with the token could send a recorded push, or a block of one, as `echostr` and read it in the answer.
 */
const ECHOSTR = /^[ !#-;=?-z|~]{1,64}$/

/**
 * Answers WeChat's check of a callback URL. The challenge is plain in every mode and is echoed when `signature` is valid. An
 * encrypted challenge with a valid `msg_signature` is decrypted first.
 */
export function answerChallenge(call: {
  account: CallbackAccount
  query: Query
}): { ok: true; echo: string } | { ok: false; status: 401; reason: string; undecryptable?: true } {
  const { account, query } = call
  const { timestamp = '', nonce = '', echostr = '' } = query
  const unauthorised = { ok: false, status: 401 } as const
  if (signingToken(account, query.signature, timestamp, nonce) !== null) {
    return { ok: true, echo: echostr }
  }
  if (
    !account.encodingAesKey ||
    signingToken(account, query.msg_signature, timestamp, nonce, echostr) === null
  )
    return { ...unauthorised, reason: 'bad signature' }
  try {
    const { problem, message } = decryptWithAnyKey(echostr, account)
    const echo = message.toString('utf8')
    const reason = problem ?? (ECHOSTR.test(echo) ? null : 'the encrypted echostr is not a challenge')
    return reason === null ? { ok: true, echo } : { ...unauthorised, reason, undecryptable: true }
  } catch (err) {
    if (err instanceof WechatCryptoError) return { ...unauthorised, reason: err.message }
    throw err
  }
}

/**
 * True when the query is signed by WeChat: in every mode `signature` covers token, timestamp and nonce. It does not cover the
 * body, so it is enough for admission to a queue and for nothing else.
 */
function isQuerySigned(account: Pick<CallbackAccount, 'token' | 'previousToken'>, query: Query): boolean {
  const { signature, timestamp = '', nonce = '' } = query
  return signingToken(account, signature, timestamp, nonce) !== null
}

/**
 * The query's `signature` when it is WeChat's and recent; null otherwise. A client with an old query, from a log for example,
 * counts as unauthenticated.
 */
export function freshSignature(
  account: Pick<CallbackAccount, 'token' | 'previousToken'>,
  query: Query,
  clock: { now: number; maxAgeMs: number },
): string | null {
  const isFresh = isQuerySigned(account, query) && !isStale({ query, ...clock })
  return isFresh ? (query.signature ?? null) : null
}

/** The token that made this signature, the current one or the previous one; null when neither did. */
function signingToken(
  { token, previousToken }: Pick<CallbackAccount, 'token' | 'previousToken'>,
  given: string | undefined,
  ...parts: string[]
): string | null {
  // An authorised account has no token of its own, and anybody could sign with an empty one.
  if (given === undefined || token === '') return null
  if (signatureMatches(given, token, ...parts)) return token
  return previousToken && signatureMatches(given, previousToken, ...parts) ? previousToken : null
}

/**
 * Decrypts with the current key or the previous one. Returns the current key's problem when neither works. Both are always
 * tried, so that the time does not reveal whether the first one worked.
 * @throws WechatCryptoError without a usable key
 */
function decryptWithAnyKey(encrypted: string, account: CallbackAccount): Decrypted & { aesKey: string } {
  const { encodingAesKey, previousAesKey, trailingId, appId } = account
  const open = (aesKey: string) => ({
    ...decryptForId(encrypted, decodeAesKey(aesKey), trailingId ?? appId),
    aesKey,
  })
  const current = open(encodingAesKey ?? '')
  const previous = previousAesKey ? open(previousAesKey) : null
  return previous && previous.problem === null && current.problem !== null ? previous : current
}

function isStale({ query, now, maxAgeMs }: Pick<Call, 'query' | 'now' | 'maxAgeMs'>): boolean {
  if (maxAgeMs === 0) return false
  const at = Number(query.timestamp) * 1000
  return !Number.isFinite(at) || now - at > maxAgeMs || at - now > Math.max(maxAgeMs, AHEAD_MS)
}

const STALE: OpenedCallback = { ok: false, status: 401, reason: 'timestamp is too old', stale: true }

function otherMode({ mode }: CallbackAccount, receivedMode: ReceivedMode): OpenedCallback {
  const received = receivedMode === 'plain' ? 'not encrypted (plain mode)' : 'encrypted only (security mode)'
  const reason = `modes differ: the account is registered as ${mode}, but the push is ${received}; set the same mode at WeChat and here`
  return { ok: false, status: 401, reason, receivedMode }
}

function refused(reason: string) {
  return { ok: false, status: 401, reason } as const
}

import { type BodyFormat, CallbackBodyError, type FieldRecord, parseBody, parseSealed } from './body.ts'
import { decodeAesKey, decrypt, signatureMatches, WechatCryptoError } from './crypto.ts'

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

export type Opened =
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
   * another mode than the account's.
   */
  | { ok: false; status: 400 | 401; reason: string; stale?: true; arrived?: ArrivedMode }

/** A plain push (明文模式), or one of ciphertext alone (安全模式). */
export type ArrivedMode = 'plain' | 'security'

/** All that a refused caller is told: what was wrong with signature or ciphertext is in the log alone. */
export const UNAUTHORISED = 'refused'

/** A future timestamp is tolerated this far: clocks differ. */
const AHEAD_MS = 5 * 60_000

/**
 * Proves that a POST is WeChat's and opens it: signature first, then age, then decryption, then parsing. An account is
 * held to the mode it is registered with; in compatible mode only the encrypted part is believed.
 * @param maxAgeMs how old the query's `timestamp` may be; 0: any age
 */
export function openCallback(call: {
  account: CallbackAccount
  query: Query
  body: Buffer
  now: number
  maxAgeMs: number
}): Opened {
  const { account, query, body } = call
  const { timestamp = '', nonce = '' } = query
  try {
    if (account.mode === 'plain') {
      const token = signer(account, query.signature, timestamp, nonce)
      if (token === null) return refused('bad signature')
      if (isStale(call)) return STALE
      const parsed = parseBody(body)
      if (parsed.record.Encrypt && !parsed.record.FromUserName) return ofOtherMode(account, 'security')
      return { ok: true, ...parsed, aesKey: null, token, plain: body }
    }
    const { candidates, format } = parseSealed(body)
    if (candidates.length === 0) {
      // Anybody can send a plain body; WeChat's own says what is set there.
      return isQuerySigned(account, query) && !isStale(call)
        ? ofOtherMode(account, 'plain')
        : refused('not encrypted, but the account is registered so')
    }
    const [signed] = candidates.flatMap((encrypt) => {
      const token = signer(account, query.msg_signature, timestamp, nonce, encrypt)
      return token === null ? [] : [{ encrypt, token }]
    })
    if (!signed) return refused('bad msg_signature')
    if (isStale(call)) return STALE
    const { message, trailingId, aesKey } = decryptWithAny(signed.encrypt, account)
    if (trailingId !== (account.trailingId ?? account.appId)) return refused('encrypted for another appId')
    const { record, recovered } = parseBody(message)
    return { ok: true, record, recovered, format, aesKey, token: signed.token, plain: message }
  } catch (err) {
    if (err instanceof WechatCryptoError) return refused(err.message)
    if (err instanceof CallbackBodyError) return { ok: false, status: 400, reason: err.message }
    throw err
  }
}

/**
 * WeChat's check of a callback URL. The challenge comes plain in every mode and is echoed when `signature` holds; an
 * encrypted one with a valid `msg_signature` is decrypted first.
 */
export function answerChallenge(call: {
  account: CallbackAccount
  query: Query
}): { ok: true; echo: string } | { ok: false; status: 401; reason: string } {
  const { account, query } = call
  const { timestamp = '', nonce = '', echostr = '' } = query
  if (signer(account, query.signature, timestamp, nonce) !== null) {
    return { ok: true, echo: echostr }
  }
  try {
    if (account.encodingAesKey && signer(account, query.msg_signature, timestamp, nonce, echostr) !== null) {
      const { message, trailingId } = decryptWithAny(echostr, account)
      if (trailingId === (account.trailingId ?? account.appId))
        return { ok: true, echo: message.toString('utf8') }
    }
  } catch (err) {
    if (!(err instanceof WechatCryptoError)) throw err
  }
  return { ok: false, status: 401, reason: 'bad signature' }
}

/**
 * Whether the query alone is WeChat's: in every mode `signature` covers its token, timestamp and nonce. It says nothing
 * about the body, so it admits to a queue and to nothing else.
 */
export function isQuerySigned(
  account: Pick<CallbackAccount, 'token' | 'previousToken'>,
  query: Query,
): boolean {
  const { signature, timestamp = '', nonce = '' } = query
  return signer(account, signature, timestamp, nonce) !== null
}

/** The token that made this signature, the present one or the one before; null when neither did. */
function signer(
  { token, previousToken }: Pick<CallbackAccount, 'token' | 'previousToken'>,
  given: string | undefined,
  ...parts: string[]
): string | null {
  if (given === undefined) return null
  if (signatureMatches(given, token, ...parts)) return token
  return previousToken && signatureMatches(given, previousToken, ...parts) ? previousToken : null
}

/** @throws WechatCryptoError of the present key, when neither key opens it */
function decryptWithAny(sealed: string, account: CallbackAccount) {
  const [present = '', ...earlier] = [account.encodingAesKey ?? '', account.previousAesKey].filter(
    (key) => typeof key === 'string',
  )
  try {
    return { ...decrypt(sealed, decodeAesKey(present)), aesKey: present }
  } catch (err) {
    const [previous] = earlier
    if (!previous || !(err instanceof WechatCryptoError)) throw err
    return { ...decrypt(sealed, decodeAesKey(previous)), aesKey: previous }
  }
}

function isStale({ query, now, maxAgeMs }: { query: Query; now: number; maxAgeMs: number }): boolean {
  if (maxAgeMs === 0) return false
  const at = Number(query.timestamp) * 1000
  return !Number.isFinite(at) || now - at > maxAgeMs || at - now > Math.max(maxAgeMs, AHEAD_MS)
}

const STALE: Opened = { ok: false, status: 401, reason: 'timestamp is too old', stale: true }

function ofOtherMode({ mode }: CallbackAccount, arrived: ArrivedMode): Opened {
  const came = arrived === 'plain' ? 'not encrypted (plain mode)' : 'encrypted alone (security mode)'
  const reason = `modes differ: the account is registered as ${mode}, but what came is ${came}; set the same mode at WeChat and here`
  return { ok: false, status: 401, reason, arrived }
}

function refused(reason: string): Opened {
  return { ok: false, status: 401, reason }
}

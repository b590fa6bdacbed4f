import { randomBytes } from 'node:crypto'
import * as wecom from '@wecom/crypto'
import { XMLParser } from 'fast-xml-parser'
import { withQuery } from './callback-url.ts'
import type { SimAccountState } from './model.ts'

/** How one push went. */
export interface PushResult {
  /** WeChat has a valid answer. */
  ok: boolean
  /** Deliveries, with the first one; 0 while WeChat does not push to this account, or the account has no server. */
  attempts: number
  status: number | null
  /** The answer's body as it came. */
  body: string
  passiveReply: PassiveAnswer | null
}

export interface PassiveAnswer {
  msgType: string
  fields: Record<string, unknown>
}

export interface PushOptions {
  /** Deliveries at the same time, as if WeChat sent it twice. */
  times?: number
  /** The query's timestamp, s; real time when absent. */
  timestamp?: number
  /** WeChat loses this many answers, so it sends again. */
  dropAnswers?: number
}

/** What became of an account's callbacks that were not answered well at once. */
export interface PushCounts {
  /** Deliveries without a good answer. */
  failed: number
  /** Deliveries after a failed one. */
  resent: number
  /** Minutes in which WeChat did not push (MarkFail). */
  silences: number
  /** Callbacks that a silence cut off or swallowed whole: never sent again. */
  lost: number
  /** Callbacks that failed with every re-send: never sent again. */
  givenUp: number
}

export interface PushSettings {
  /** WeChat waits this long for an answer. */
  answerWithinMs: number
  resends: number
  /**
   * A re-send goes so long after the beginning of the delivery before it. WeChat's are 5 s apart; absent: at once, which
   * spares tests the time.
   */
  resendAfterMs?: number
  /** Absent: by `fetch`. A generator of load brings a leaner one. */
  post?: Post
  /** So many failed deliveries in a row, and WeChat stops pushing for `pauseMs`; what happens meanwhile is lost. */
  markFail: { failures: number; pauseMs: number }
}

/** One HTTP request of WeChat's; rejects when there is no answer within `withinMs`. */
export type Post = (
  url: string,
  body: string,
  contentType: string,
  withinMs: number,
) => Promise<{ status: number; text: string }>

async function postByFetch(url: string, body: string, contentType: string, withinMs: number) {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': contentType },
    // WeChat follows none: a redirect is an answer that fails.
    redirect: 'manual',
    signal: AbortSignal.timeout(withinMs),
  })
  return { status: answer.status, text: await answer.text() }
}

/** Whom callbacks are for, where they go, and what signs and seals them. */
export type PushTarget = Pick<
  SimAccountState,
  'appId' | 'token' | 'encodingAesKey' | 'mode' | 'format' | 'callbackUrl' | 'originalId'
> & {
  /** The trailing id of a ciphertext: a platform's appId, where messages go through it. Absent: the account's. */
  sealId?: string
}

export type Fields = { [name: string]: string | number | Fields | Fields[] }

const parser = new XMLParser({ parseTagValue: false, ignoreAttributes: true })

/** Delivers callbacks as WeChat does: three modes, two formats, re-sends, and the minute of silence after failures. */
export function createPusher(settings: PushSettings, now: () => number) {
  const { post = postByFetch } = settings
  const failures = new Map<string, number>()
  const silentUntil = new Map<string, number>()
  const counts = new Map<string, PushCounts>()
  const countsOf = (appId: string): PushCounts => {
    const known = counts.get(appId) ?? { failed: 0, resent: 0, silences: 0, lost: 0, givenUp: 0 }
    counts.set(appId, known)
    return known
  }
  const isSilent = (appId: string) => (silentUntil.get(appId) ?? 0) > now()

  async function push(account: PushTarget, fields: Fields, options: PushOptions = {}): Promise<PushResult> {
    if (account.callbackUrl === null)
      return { ok: true, attempts: 0, status: null, body: '', passiveReply: null }
    if (isSilent(account.appId)) {
      countsOf(account.appId).lost += 1
      return { ok: false, attempts: 0, status: null, body: '', passiveReply: null }
    }
    const copies = Array.from({ length: options.times ?? 1 }, () => pushOnce(account, fields, options))
    const results = await Promise.all(copies)
    return results.find((r) => r.ok) ?? (results[0] as PushResult)
  }

  async function pushOnce(account: PushTarget, fields: Fields, options: PushOptions): Promise<PushResult> {
    let last: PushResult = { ok: false, attempts: 0, status: null, body: '', passiveReply: null }
    for (let attempt = 1; attempt <= 1 + settings.resends; attempt++) {
      if (attempt > 1) {
        // Where re-sends go at once, they belong to the moment before the silence.
        if (settings.resendAfterMs && isSilent(account.appId)) {
          countsOf(account.appId).lost += 1
          return last
        }
        countsOf(account.appId).resent += 1
      }
      const next = settings.resendAfterMs ? sleep(settings.resendAfterMs) : null
      const answer = await deliver(account, fields, options)
      const dropped = attempt <= (options.dropAnswers ?? 0)
      last = { ...answer, ok: answer.ok && !dropped, attempts: attempt }
      countFailure(account.appId, last.ok)
      if (last.ok) return last
      if (attempt <= settings.resends) await next
    }
    countsOf(account.appId).givenUp += 1
    return last
  }

  function countFailure(appId: string, ok: boolean): void {
    const inARow = ok ? 0 : (failures.get(appId) ?? 0) + 1
    failures.set(appId, inARow)
    if (!ok) countsOf(appId).failed += 1
    if (inARow >= settings.markFail.failures && !isSilent(appId)) {
      countsOf(appId).silences += 1
      silentUntil.set(appId, now() + settings.markFail.pauseMs)
      failures.set(appId, 0)
    }
  }

  async function deliver(account: PushTarget, fields: Fields, options: PushOptions): Promise<PushResult> {
    const { query, body, nonce } = envelope(account, fields, options.timestamp ?? Math.floor(now() / 1000))
    const base = { ok: false, attempts: 1, passiveReply: null }
    try {
      const { status, text } = await post(
        withQuery(account.callbackUrl ?? '', query),
        body,
        account.format === 'json' ? 'application/json' : 'text/xml',
        settings.answerWithinMs,
      )
      if (status !== 200) return { ...base, status, body: text }
      if (text === '' || text === 'success') return { ...base, ok: true, status: 200, body: text }
      const passiveReply = readReply(account, text, nonce, String(fields.FromUserName))
      return { ...base, ok: passiveReply !== null, status: 200, body: text, passiveReply }
    } catch (err) {
      return { ...base, status: null, body: err instanceof Error ? err.message : String(err) }
    }
  }

  return { push, counts: (appId: string): Readonly<PushCounts> => countsOf(appId) }
}

/** Query and body of one delivery. What concerns a platform itself has an `AppId` outside, not a `ToUserName`. */
export function envelope(
  account: PushTarget,
  fields: Fields,
  timestamp: number,
): { query: URLSearchParams; body: string; nonce: string } {
  const nonce = String(randomBytes(4).readUInt32BE())
  const stamp = String(timestamp)
  const query = new URLSearchParams({
    signature: wecom.getSignature(account.token, stamp, nonce, ''),
    timestamp: stamp,
    nonce,
    ...(fields.FromUserName === undefined ? {} : { openid: String(fields.FromUserName) }),
  })
  const plain = serialise(fields, account.format)
  if (account.mode === 'plain') return { query, body: plain, nonce }
  const Encrypt = wecom.encrypt(account.encodingAesKey ?? '', plain, account.sealId ?? account.appId)
  query.set('encrypt_type', 'aes')
  query.set('msg_signature', wecom.getSignature(account.token, stamp, nonce, Encrypt))
  const to: Fields = fields.InfoType ? { AppId: account.appId } : { ToUserName: account.originalId }
  const outer: Fields = account.mode === 'compatible' ? { ...fields, Encrypt } : { ...to, Encrypt }
  return { query, body: serialise(outer, account.format), nonce }
}

/** Reads an answer as WeChat would; null when WeChat would not take it. */
function readReply(account: PushTarget, text: string, nonce: string, openId: string): PassiveAnswer | null {
  const outer = parseAny(text)
  if (!outer) return null
  let fields: Record<string, unknown> | null = outer
  if (account.mode !== 'plain' && typeof outer.Encrypt === 'string') {
    const expected = wecom.getSignature(
      account.token,
      String(outer.TimeStamp),
      String(outer.Nonce),
      outer.Encrypt,
    )
    if (expected !== outer.MsgSignature || String(outer.Nonce) !== nonce) return null
    const opened = wecom.decrypt(account.encodingAesKey ?? '', outer.Encrypt)
    if (opened.id !== (account.sealId ?? account.appId)) return null
    fields = parseAny(opened.message)
  } else if (account.mode === 'security') return null
  if (!fields || fields.ToUserName !== openId || fields.FromUserName !== account.originalId) return null
  const { MsgType, ToUserName: _to, FromUserName: _from, CreateTime: _at, ...rest } = fields
  return typeof MsgType === 'string' ? { msgType: MsgType, fields: rest } : null
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function parseAny(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = text.startsWith('{') ? JSON.parse(text) : parser.parse(text).xml
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

function serialise(fields: Fields, format: 'xml' | 'json'): string {
  return format === 'json' ? JSON.stringify(fields) : `<xml>${xml(fields)}</xml>`
}

function xml(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      if (typeof value === 'number') return `<${name}>${value}</${name}>`
      if (typeof value === 'string')
        return `<${name}><![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`
      return [value]
        .flat()
        .map((v) => `<${name}>${xml(v)}</${name}>`)
        .join('')
    })
    .join('')
}

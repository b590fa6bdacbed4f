import { randomBytes } from 'node:crypto'
import * as wecom from '@wecom/crypto'
import type { SimAccountState } from '../state/model.ts'
import { withQuery } from './callback-url.ts'
import { type PassiveReply, readReply } from './passive-reply.ts'

/** How one push went. */
export interface PushResult {
  /** WeChat has a valid answer. */
  ok: boolean
  /** Deliveries, with the first one; 0 while WeChat does not push to this account, or the account has no server. */
  attempts: number
  status: number | null
  /** The answer's body as it came. */
  body: string
  passiveReply: PassiveReply | null
  /** Why WeChat does not take what the server answered; absent where it does, or where there was no 200 answer. */
  refused?: string
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
  pauses: number
  /** Callbacks that a silence cut off or swallowed whole: never sent again. */
  lost: number
  /** Callbacks that failed with every re-send: never sent again. */
  abandoned: number
}

export interface PushSettings {
  /** WeChat waits this long for an answer. */
  answerTimeoutMs: number
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
  timeoutMs: number,
) => Promise<{ status: number; text: string }>

async function postByFetch(url: string, body: string, contentType: string, timeoutMs: number) {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': contentType },
    // WeChat follows none: a redirect is an answer that fails.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  return { status: answer.status, text: await answer.text() }
}

/** Whom callbacks are for, where they go, and what signs and seals them. */
export type PushTarget = Pick<
  SimAccountState,
  'appId' | 'token' | 'encodingAesKey' | 'mode' | 'format' | 'callbackUrl' | 'originalId'
> & {
  /** The trailing id of a ciphertext: a platform's appId, where messages go through it. Absent: the account's. */
  encryptionId?: string
  /** Whether the account has such material. Absent: every id is taken. */
  hasMedia?(id: string, type: 'image' | 'voice' | 'video' | 'thumb'): boolean
}

export type Fields = { [name: string]: string | number | Fields | Fields[] }

/**
 * Fields that WeChat writes without CDATA in XML are numbers in its JSON, `MsgId` of 64 bits too: so where its page shows
 * both (https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html, and
 * `"CreateTime": 1714037059` in https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md).
 * Of the other fields here it shows only the XML, without CDATA; that they are numbers in JSON is inferred. `Location_X`
 * and `Scale` inside `SendLocationInfo` have CDATA.
 */
const NUMBERS = new Set([
  'CreateTime',
  'MsgId',
  'MsgID',
  'Idx',
  'Location_X',
  'Location_Y',
  'Scale',
  'Latitude',
  'Longitude',
  'Precision',
  'MenuId',
  'bizmsgmenuid',
  'Count',
  'TotalCount',
  'FilterCount',
  'SentCount',
  'ErrorCount',
  'AuthorizationCodeExpiredTime',
])
const TEXT_INSIDE = new Set(['SendLocationInfo'])
const NUMERAL = /^-?(0|[1-9]\d*)(\.\d+)?$/

/** Delivers callbacks as WeChat does: three modes, two formats, re-sends, and the minute of silence after failures. */
export function createPusher(settings: PushSettings, now: () => number) {
  const { post = postByFetch } = settings
  const failures = new Map<string, number>()
  const pausedUntil = new Map<string, number>()
  const counts = new Map<string, PushCounts>()
  const countsOf = (appId: string): PushCounts => {
    const known = counts.get(appId) ?? { failed: 0, resent: 0, pauses: 0, lost: 0, abandoned: 0 }
    counts.set(appId, known)
    return known
  }
  const isPaused = (appId: string) => (pausedUntil.get(appId) ?? 0) > now()

  async function push(account: PushTarget, fields: Fields, options: PushOptions = {}): Promise<PushResult> {
    if (account.callbackUrl === null)
      return { ok: true, attempts: 0, status: null, body: '', passiveReply: null }
    if (isPaused(account.appId)) {
      countsOf(account.appId).lost += 1
      return { ok: false, attempts: 0, status: null, body: '', passiveReply: null }
    }
    const copies = Array.from({ length: options.times ?? 1 }, () => pushOnce(account, fields, options))
    const results = await Promise.all(copies)
    return results.find((r) => r.ok) ?? (results[0] as PushResult)
  }

  /**
   * WeChat repeats what got no answer, or another status than 200, three times. An answer that it cannot use is an answer:
   * the follower is told of a fault at once. That it is not repeated is inferred from its page, where re-sending belongs
   * to the five seconds alone, and from its alarms, which tell 得到的回应不合法 apart from 5秒内没有返回.
   */
  async function pushOnce(account: PushTarget, fields: Fields, options: PushOptions): Promise<PushResult> {
    let last: PushResult = { ok: false, attempts: 0, status: null, body: '', passiveReply: null }
    for (let attempt = 1; attempt <= 1 + settings.resends; attempt++) {
      if (attempt > 1) {
        // Where re-sends go at once, they belong to the moment before the silence.
        if (settings.resendAfterMs && isPaused(account.appId)) {
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
      if (last.ok || last.refused !== undefined) return last
      if (attempt <= settings.resends) await next
    }
    countsOf(account.appId).abandoned += 1
    return last
  }

  function countFailure(appId: string, ok: boolean): void {
    const inARow = ok ? 0 : (failures.get(appId) ?? 0) + 1
    failures.set(appId, inARow)
    if (!ok) countsOf(appId).failed += 1
    if (inARow >= settings.markFail.failures && !isPaused(appId)) {
      countsOf(appId).pauses += 1
      pausedUntil.set(appId, now() + settings.markFail.pauseMs)
      failures.set(appId, 0)
    }
  }

  async function deliver(account: PushTarget, fields: Fields, options: PushOptions): Promise<PushResult> {
    const { query, body } = envelope(account, fields, options.timestamp ?? Math.floor(now() / 1000))
    const base = { ok: false, attempts: 1, passiveReply: null }
    try {
      const { status, text } = await post(
        withQuery(account.callbackUrl ?? '', query),
        body,
        account.format === 'json' ? 'application/json' : 'text/xml',
        settings.answerTimeoutMs,
      )
      if (status !== 200) return { ...base, status, body: text }
      const verdict = readReply(account, text, String(fields.FromUserName))
      if ('refused' in verdict) return { ...base, status, body: text, refused: verdict.refused }
      return { ...base, ok: true, status, body: text, passiveReply: verdict.reply }
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
  const Encrypt = wecom.encrypt(account.encodingAesKey ?? '', plain, account.encryptionId ?? account.appId)
  query.set('encrypt_type', 'aes')
  query.set('msg_signature', wecom.getSignature(account.token, stamp, nonce, Encrypt))
  const to: Fields = fields.InfoType ? { AppId: account.appId } : { ToUserName: account.originalId }
  const outer: Fields = account.mode === 'compatible' ? { ...fields, Encrypt } : { ...to, Encrypt }
  return { query, body: serialise(outer, account.format), nonce }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function serialise(fields: Fields, format: 'xml' | 'json'): string {
  return format === 'json' ? json(fields) : `<xml>${xml(fields)}</xml>`
}

/** The digits of a field that is a number to WeChat, or null. Ids of 64 bits stay text here: a double cannot hold them. */
function numeral(name: string, value: string | number, isText: boolean): string | null {
  if (typeof value === 'number') return String(value)
  return !isText && NUMBERS.has(name) && NUMERAL.test(value) ? value : null
}

function json(fields: Fields, isText = false): string {
  const entries = Object.entries(fields).map(([name, value]) => {
    const inner = isText || TEXT_INSIDE.has(name)
    const encoded = Array.isArray(value)
      ? `[${value.map((v) => json(v, inner)).join(',')}]`
      : typeof value === 'object'
        ? json(value, inner)
        : (numeral(name, value, isText) ?? JSON.stringify(value))
    return `${JSON.stringify(name)}:${encoded}`
  })
  return `{${entries.join(',')}}`
}

function xml(fields: Fields, isText = false): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      if (typeof value === 'object') {
        const inner = isText || TEXT_INSIDE.has(name)
        return [value]
          .flat()
          .map((v) => `<${name}>${xml(v, inner)}</${name}>`)
          .join('')
      }
      const bare = numeral(name, value, isText)
      if (bare !== null) return `<${name}>${bare}</${name}>`
      return `<${name}><![CDATA[${String(value).replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`
    })
    .join('')
}

import { setTimeout as sleep } from 'node:timers/promises'
import { withQuery } from './callback-url.ts'
import { envelope, type Fields, type PushTarget } from './envelope.ts'
import { type PassiveReply, readReply } from './passive-reply.ts'

/** The result of one push. */
export interface PushResult {
  /** WeChat has an accepted answer. */
  ok: boolean
  /** The number of deliveries; 0 while WeChat's pushes to the account are paused, and for an account without a server. */
  attempts: number
  status: number | null
  /** The raw body of the answer. */
  body: string
  passiveReply: PassiveReply | null
  /** Why WeChat rejects the server's answer. Absent when it accepts it, and without a 200 answer. */
  refused?: string
}

export interface PushOptions {
  /** Deliveries at the same time, as if WeChat pushed the callback twice. */
  times?: number
  /** The query's timestamp, s; absent: real time. */
  timestamp?: number
  /** The number of answers that WeChat loses, so that it sends the callback again. */
  dropAnswers?: number
}

/** An account's failed deliveries. */
export interface PushCounts {
  /** Deliveries without an accepted answer. */
  failed: number
  /** Deliveries after a failed one. */
  resent: number
  /** Pauses of WeChat's pushes (MarkFail). */
  pauses: number
  /** Callbacks lost in a pause, before the first delivery or before a re-send. */
  lost: number
  /** Callbacks that failed with every re-send. */
  abandoned: number
}

export interface PushSettings {
  /** How long WeChat waits for an answer. */
  answerTimeoutMs: number
  resends: number
  /** The time from the start of one delivery to the next. WeChat's is 5 s. Absent: no delay, which keeps tests short. */
  resendAfterMs?: number
  /** `fetch` by default. The load generator passes a faster client. */
  post?: Post
  /** After this many failed deliveries in a row WeChat stops pushing for `pauseMs`. Callbacks of that time are lost. */
  markFail: { failures: number; pauseMs: number }
}

/** One HTTP request of WeChat's. Rejects when there is no answer within `timeoutMs`. */
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
    // WeChat does not follow redirects: a redirect is a failed delivery.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  return { status: answer.status, text: await answer.text() }
}

/** The result without a delivery. */
const NOT_DELIVERED = { attempts: 0, status: null, body: '', passiveReply: null } as const

/** Delivers callbacks as WeChat does: three modes, two formats, re-sends, and a pause after repeated failures. */
export class Pusher {
  readonly #settings: PushSettings
  readonly #post: Post
  readonly #now: () => number
  readonly #failuresInARow = new Map<string, number>()
  readonly #pausedUntil = new Map<string, number>()
  readonly #counts = new Map<string, PushCounts>()

  /** @param now real time, epoch ms */
  constructor(settings: PushSettings, now: () => number) {
    this.#settings = settings
    this.#post = settings.post ?? postByFetch
    this.#now = now
  }

  counts(appId: string): Readonly<PushCounts> {
    return this.#countsOf(appId)
  }

  /** Delivers one callback, with re-sends. For an account without a server it does nothing and succeeds. */
  async push(account: PushTarget, fields: Fields, options: PushOptions = {}): Promise<PushResult> {
    if (account.callbackUrl === null) return { ok: true, ...NOT_DELIVERED }
    if (this.#isPaused(account.appId)) {
      this.#countsOf(account.appId).lost += 1
      return { ok: false, ...NOT_DELIVERED }
    }
    const copies = Array.from({ length: options.times ?? 1 }, () => this.#pushOnce(account, fields, options))
    const results = await Promise.all(copies)
    return results.find((r) => r.ok) ?? (results[0] as PushResult)
  }

  /**
   * WeChat re-sends a callback up to three times when it gets no answer, or another status than 200. An answer that it cannot
   * use is an answer: the phone shows the fault at once. That this is not re-sent is inferred. WeChat's page ties re-sending
   * to the five seconds alone, and its alerts distinguish 得到的回应不合法 from 5秒内没有返回.
   */
  async #pushOnce(account: PushTarget, fields: Fields, options: PushOptions): Promise<PushResult> {
    const { resends, resendAfterMs } = this.#settings
    const counts = this.#countsOf(account.appId)
    let last: PushResult = { ok: false, ...NOT_DELIVERED }
    for (let attempt = 1; attempt <= 1 + resends; attempt++) {
      if (attempt > 1) {
        // Without a delay, all re-sends precede the pause.
        if (resendAfterMs && this.#isPaused(account.appId)) {
          counts.lost += 1
          return last
        }
        counts.resent += 1
      }
      const nextResend = resendAfterMs ? sleep(resendAfterMs, undefined, { ref: false }) : null
      const answer = await this.#deliver(account, fields, options)
      const isDropped = attempt <= (options.dropAnswers ?? 0)
      last = { ...answer, ok: answer.ok && !isDropped, attempts: attempt }
      this.#countDelivery(account.appId, last.ok)
      if (last.ok || last.refused !== undefined) return last
      if (attempt <= resends) await nextResend
    }
    counts.abandoned += 1
    return last
  }

  async #deliver(account: PushTarget, fields: Fields, options: PushOptions): Promise<PushResult> {
    const { query, body } = envelope(account, fields, options.timestamp ?? Math.floor(this.#now() / 1000))
    const failed = { ok: false, attempts: 1, passiveReply: null }
    try {
      const { status, text } = await this.#post(
        withQuery(account.callbackUrl ?? '', query),
        body,
        account.format === 'json' ? 'application/json' : 'text/xml',
        this.#settings.answerTimeoutMs,
      )
      if (status !== 200) return { ...failed, status, body: text }
      const verdict = readReply(account, text, String(fields.FromUserName))
      if ('refused' in verdict) return { ...failed, status, body: text, refused: verdict.refused }
      return { ok: true, attempts: 1, status, body: text, passiveReply: verdict.reply }
    } catch (err) {
      return { ...failed, status: null, body: err instanceof Error ? err.message : String(err) }
    }
  }

  #countDelivery(appId: string, ok: boolean): void {
    const { markFail } = this.#settings
    const inARow = ok ? 0 : (this.#failuresInARow.get(appId) ?? 0) + 1
    this.#failuresInARow.set(appId, inARow)
    if (!ok) this.#countsOf(appId).failed += 1
    if (inARow < markFail.failures || this.#isPaused(appId)) return
    this.#countsOf(appId).pauses += 1
    this.#pausedUntil.set(appId, this.#now() + markFail.pauseMs)
    this.#failuresInARow.set(appId, 0)
  }

  #isPaused(appId: string): boolean {
    return (this.#pausedUntil.get(appId) ?? 0) > this.#now()
  }

  #countsOf(appId: string): PushCounts {
    const counts = this.#counts.get(appId) ?? { failed: 0, resent: 0, pauses: 0, lost: 0, abandoned: 0 }
    this.#counts.set(appId, counts)
    return counts
  }
}

import type { Context } from 'hono'
import { maskId } from '../shared/ids.ts'
import { createRateLimitedLog, type RateLimitedLog } from '../shared/rate-limited-log.ts'
import { truncateText } from '../shared/text.ts'
import type { NewInboxRow } from '../store/inbox/inbox-rows.ts'
import { UNAUTHORISED } from '../wechat/callback/envelope.ts'
import type { CallbackDeps } from './callback-deps.ts'
import { secondsSince } from './deadline.ts'

/** The body of an answer 500 that is given under overload. */
export const OVERLOADED = 'too many callbacks in progress'

/** Characters of a wrong path in the log. */
const MAX_LOGGED_PATH = 100

type Rejection =
  /** The request is invalid. `logKind` groups log lines; absent: grouped by status and reason. */
  | { kind: 'refused'; status: 400 | 401 | 404 | 413; reason: string; appId?: string; logKind?: string }
  /** Too many callbacks are in progress. */
  | { kind: 'overloaded'; appId: string }
  /** The body did not arrive, or the event was not stored, in time. */
  | { kind: 'not-stored'; reason: string; appId: string; row?: Pick<NewInboxRow, 'dedupeKey' | 'openId'> }

/** A step rejects the callback. {@link Rejections} logs, counts and answers it. */
export class RejectedCallbackError extends Error {
  override name = 'RejectedCallbackError'
  readonly rejection: Rejection
  constructor(rejection: Rejection) {
    super(rejection.kind)
    this.rejection = rejection
  }
}

/**
 * The refusal of a request that is no callback of an account. WeChat gets the reason as the body of the answer.
 * @param appId absent while no account is known
 */
export function refused(status: 404 | 413, reason: string, appId?: string): RejectedCallbackError {
  return new RejectedCallbackError({ kind: 'refused', status, reason, ...(appId ? { appId } : {}) })
}

/**
 * The refusal of an envelope that could not be opened. All problems behind a valid signature share one kind of log line. The first
 * line of a kind takes longer to write, and the time of an answer must not reveal the problem.
 */
export function refusedEnvelope(
  answer: { status: 400 | 401; reason: string; undecryptable?: true },
  appId: string,
): RejectedCallbackError {
  const { status, reason } = answer
  const logKind = answer.undecryptable ? { logKind: `undecryptable ${appId}` } : {}
  return new RejectedCallbackError({ kind: 'refused', status, reason, appId, ...logKind })
}

/** Answered with 500, so that WeChat sends the callback again ([contract](../../docs/contract.md#3-callbacks)). */
export function overloaded(appId: string): RejectedCallbackError {
  return new RejectedCallbackError({ kind: 'overloaded', appId })
}

/** Answered with 500, so that WeChat sends the callback again. @param row absent when the event was not read yet */
export function notStored(
  err: unknown,
  appId: string,
  row?: Pick<NewInboxRow, 'dedupeKey' | 'openId'>,
): RejectedCallbackError {
  const reason = err instanceof Error ? err.message : String(err)
  return new RejectedCallbackError({ kind: 'not-stored', reason, appId, ...(row ? { row } : {}) })
}

/** Logs, counts and answers callbacks that are not accepted. */
export class Rejections {
  readonly #deps: Pick<CallbackDeps, 'count' | 'onRefused' | 'onShed'>
  readonly #log: RateLimitedLog

  constructor(deps: Pick<CallbackDeps, 'log' | 'count' | 'onRefused' | 'onShed'>) {
    this.#deps = deps
    this.#log = createRateLimitedLog(deps.log, () => performance.now())
  }

  /** @throws the error when it is not a `RejectedCallbackError` */
  answer(err: unknown, startedAt: number): Response {
    if (!(err instanceof RejectedCallbackError)) throw err
    const { rejection } = err
    const seconds = secondsSince(startedAt)
    switch (rejection.kind) {
      case 'refused': {
        const { status, reason, appId, logKind = `${status} ${reason}` } = rejection
        this.#log('warn', logKind, { status, reason, appId }, 'callback refused')
        this.#deps.count('refused', seconds)
        if (status === 401 && appId !== undefined) this.#deps.onRefused?.(appId)
        return textResponse(status === 401 ? UNAUTHORISED : reason, status)
      }
      case 'overloaded':
        this.#log(
          'error',
          'overloaded',
          { appId: rejection.appId },
          'too many callbacks in progress: answered 500, WeChat will send them again',
        )
        this.#deps.count('failed', seconds)
        this.#deps.onShed?.()
        return textResponse(OVERLOADED, 500)
      case 'not-stored': {
        const { reason, appId, row } = rejection
        const fields = { reason, appId, key: row?.dedupeKey, follower: row && maskId(row.openId) }
        this.#log('error', 'not stored', fields, 'callback not stored: WeChat will send it again')
        this.#deps.count('failed', seconds)
        return textResponse('not stored', 500)
      }
      default:
        return rejection satisfies never
    }
  }

  /** Refuses a path that is not a callback. The operator who typed it at WeChat finds it in the log. */
  wrongAddress(c: Context, status: 404 | 405): Response {
    const reason =
      status === 404 ? 'not a callback address: use /wechat/APPID' : 'method not allowed: use GET or POST'
    const path = truncateText(c.req.path, MAX_LOGGED_PATH)
    this.#log(
      'warn',
      `${status} ${reason}`,
      { status, reason, method: c.req.method, path },
      'callback refused',
    )
    this.#deps.count('refused', 0)
    return c.text(reason, status, status === 405 ? { allow: 'GET, POST' } : {})
  }

  /** Logs a callback that was accepted although its body was malformed. */
  recovered(appId: string, kind: string): void {
    const message = 'malformed callback accepted: the text of a follower broke its XML'
    this.#log('warn', 'recovered', { appId, kind }, message)
  }
}

function textResponse(text: string, status: number): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}

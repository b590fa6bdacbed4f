import { setTimeout as sleep } from 'node:timers/promises'
import { ACCOUNT_STOPS, type AccountStop, classOf, textOf, type WechatCall } from '../rules/errcodes.ts'
import type { WechatAnswer } from './answer.ts'
import type { NoToken, RefreshMode, TokenAnswer, TokenProvider } from './tokens.ts'

export type { AccountStop } from '../rules/errcodes.ts'

/** The result of a call with an access token. */
export type CallResult<T> = { ok: true; data: T } | ({ ok: false } & CallProblem)

/** Why a call failed, and how to continue. `errcode`: WeChat's, or null when it gave none. */
export type CallProblem = { reason: string; errcode: number | null } & ProblemKind

type ProblemKind =
  /** WeChat is unreachable or busy, or gave no token. `unclear`: the call may have been executed. */
  | { is: 'transient'; unclear: boolean }
  /** WeChat's answer repeatedly did not match its documentation. Waiting does not help. */
  | { is: 'bad-answer' }
  /** 45011: not before the next minute. */
  | { is: 'rate-limited' }
  /** The account cannot be served until an operator acts, or until the next day. */
  | { is: 'account-stopped'; state: AccountStop; errcode: number }
  /** WeChat refuses this call permanently. */
  | { is: 'refused'; errcode: number }

/** Delays before the retries after an unreadable answer, ms. */
const BAD_ANSWER_RETRY_MS: readonly number[] = [1_000, 2_000, 4_000]

/** One request that needs an access token, and how to tell that WeChat refused the token. */
export interface TokenRequest<R> {
  /** Makes one request with this token. */
  request(accessToken: string): Promise<R>
  isTokenRefused(result: R): boolean
  /** Runs after a refusal, before the next token is fetched. */
  beforeRefresh?(result: R): Promise<void>
  /** How each further token is fetched. The request is made once with each. */
  refreshes?: readonly RefreshMode[]
  /** The retries after unreadable answers, shared with the token calls. */
  retries?: RetryBudget
}

/**
 * Makes a request with an account's access token. When WeChat refuses the token, it repeats the request with a token that
 * is fetched again, then with one from a forced refresh: docs/contract.md#4-sending. Every call that needs a token uses this.
 * @returns the last result, or why there is no token
 */
export async function requestWithToken<R>(
  tokens: TokenProvider,
  appId: string,
  {
    request,
    isTokenRefused,
    beforeRefresh,
    refreshes = ['normal', 'force'],
    retries = new RetryBudget(),
  }: TokenRequest<R>,
): Promise<{ ok: true; result: R } | NoToken> {
  const modes = [...refreshes]
  let token = await readableToken(retries, () => tokens.getToken(appId))
  while (token.ok) {
    const { accessToken } = token
    const result = await request(accessToken)
    const mode = isTokenRefused(result) ? modes.shift() : undefined
    if (!mode) return { ok: true, result }
    await beforeRefresh?.(result)
    token = await readableToken(retries, () => tokens.afterRefusal(appId, accessToken, mode))
  }
  return token
}

/**
 * Calls WeChat with an account's access token. Only for calls that may be repeated, because it retries after an unreadable
 * answer.
 * @param kind the kind of call, which decides the meaning of a few errcodes
 * @param retryMs delays of these retries, ms; shorter when an operator waits for the answer
 */
export async function withToken<T>(
  tokens: TokenProvider,
  appId: string,
  kind: WechatCall,
  call: (accessToken: string) => Promise<WechatAnswer<T>>,
  retryMs: readonly number[] = BAD_ANSWER_RETRY_MS,
): Promise<CallResult<T>> {
  const retries = new RetryBudget(retryMs)
  const called = await requestWithToken(tokens, appId, {
    request: (accessToken) => readableAnswer(retries, () => call(accessToken)),
    isTokenRefused: (answer) => isTokenRefused(answer, kind),
    retries,
  })
  if (!called.ok) return { ok: false, ...tokenProblem(called) }
  const { result: answer } = called
  return answer.kind === 'answered' && answer.errcode === 0 && answer.data !== null
    ? { ok: true, data: answer.data }
    : { ok: false, ...problemOf(answer, kind) }
}

/** True when another token may help. */
export function isTokenRefused(answer: WechatAnswer<unknown>, kind: WechatCall): boolean {
  return answer.kind === 'answered' && classOf(answer.errcode, kind) === 'token'
}

/** The problem that an answer other than a success means for this kind of call. */
function problemOf(answer: WechatAnswer<unknown>, kind: WechatCall): CallProblem {
  switch (answer.kind) {
    case 'failed':
      return { is: 'transient', unclear: false, reason: answer.reason, errcode: null }
    case 'unclear':
      return { is: 'transient', unclear: true, reason: answer.reason, errcode: null }
    case 'malformed':
      return { is: 'bad-answer', reason: answer.reason, errcode: null }
    case 'answered':
      return errcodeProblem(answer.errcode, answer.errmsg, kind)
    default:
      return answer satisfies never
  }
}

/** The problem of a call that got no token. */
export function tokenProblem(token: NoToken): CallProblem {
  const reason = `no access token: ${token.reason}`
  if (token.errcode === null) {
    return token.malformed
      ? { is: 'bad-answer', reason, errcode: null }
      : { is: 'transient', unclear: false, reason, errcode: null }
  }
  const problem = errcodeProblem(token.errcode, token.reason, 'token')
  // The call itself was not refused, and a later attempt may get a token.
  return problem.is === 'refused'
    ? { is: 'transient', unclear: false, reason, errcode: token.errcode }
    : { ...problem, reason }
}

function errcodeProblem(errcode: number, errmsg: string, kind: WechatCall): CallProblem {
  const reason = errmsg || textOf(errcode, kind)
  const errcodeClass = classOf(errcode, kind)
  switch (errcodeClass) {
    case 'retry':
    case 'token':
      return { is: 'transient', unclear: false, reason, errcode }
    case 'quota-minute':
      return { is: 'rate-limited', reason, errcode }
    case 'quota-day':
    case 'account-blocked':
    case 'account-paused':
    case 'needs-authorisation':
      return { is: 'account-stopped', state: ACCOUNT_STOPS[errcodeClass], reason, errcode }
    // These classes are about a follower or a message, and matter for sends only.
    case 'ok':
    case 'window-over':
    case 'quota-used':
    case 'unfollowed':
    case 'opted-out':
    case 'bad-follower':
    case 'media':
    case 'content':
      return { is: 'refused', reason, errcode }
    default:
      return errcodeClass satisfies never
  }
}

/** The retries that one call has left after unreadable answers, together with its token calls. */
export class RetryBudget {
  readonly #delaysMs: number[]

  constructor(delaysMs: readonly number[] = BAD_ANSWER_RETRY_MS) {
    this.#delaysMs = [...delaysMs]
  }

  /** Waits for the next retry. @returns false when none is left */
  async wait(): Promise<boolean> {
    const delayMs = this.#delaysMs.shift()
    if (delayMs === undefined) return false
    await sleep(delayMs)
    return true
  }
}

async function readableAnswer<T>(
  retries: RetryBudget,
  call: () => Promise<WechatAnswer<T>>,
): Promise<WechatAnswer<T>> {
  for (;;) {
    const answer = await call()
    if (answer.kind !== 'malformed' || !(await retries.wait())) return answer
  }
}

async function readableToken(retries: RetryBudget, get: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
  for (;;) {
    const token = await get()
    if (token.ok || !token.malformed || !(await retries.wait())) return token
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { classOf, textOf, type WechatCall } from '../rules/errcodes.ts'
import type { WechatAnswer } from './answer.ts'
import type { TokenAnswer, TokenProvider } from './tokens.ts'

/** The account states that an errcode can bring about. */
export type AccountStop = 'paused' | 'needs-authorisation' | 'blocked' | 'quota-exhausted'

/** What became of a call with an access token. */
export type CallResult<T> = { ok: true; data: T } | ({ ok: false } & CallProblem)

/** Why a call came to nothing, and what is to be done. `errcode`: WeChat's, or null when it gave none. */
export type CallProblem = {
  reason: string
  errcode: number | null
} /** It passes: WeChat is away or busy, or gives no token. `unclear`: it may have been done all the same. */ & (
  | { is: 'transient'; unclear: boolean }
  /** WeChat answers, but not as it documents: it was asked several times, and waiting is no good. */
  | { is: 'bad-answer' }
  /** 45011: not before the next minute. */
  | { is: 'rate-limited' }
  /** The account cannot be served until somebody has mended something, or until tomorrow. */
  | { is: 'account-stopped'; state: AccountStop; errcode: number }
  /** WeChat does not do this, now or later. */
  | { is: 'refused'; errcode: number }
)

/** How soon an answer that cannot be read is asked for again, ms; then it is taken for what it is. */
const BAD_ANSWER_RETRY_MS: readonly number[] = [1_000, 2_000, 4_000]

/**
 * The one way to call WeChat with an account's access token, for calls that may be asked again. A token that WeChat refuses
 * is fetched once more, then WeChat is made to issue a new one (contract, section 4). An answer that does not fit is asked
 * for again within seconds.
 * @param kind which call this is: the classes of a few codes depend on it
 * @param retryMs see BAD_ANSWER_AGAIN_MS; an operator who waits for the answer has less patience
 */
export async function withToken<T>(
  tokens: TokenProvider,
  appId: string,
  kind: WechatCall,
  call: (accessToken: string) => Promise<WechatAnswer<T>>,
  retryMs: readonly number[] = BAD_ANSWER_RETRY_MS,
): Promise<CallResult<T>> {
  const retries = createRetryBudget(retryMs)
  let token = await tokenWithin(retries, () => tokens.getToken(appId))
  const modes: ('normal' | 'force')[] = ['normal', 'force']
  for (;;) {
    if (!token.ok) return { ok: false, ...tokenProblem(token) }
    const { accessToken } = token
    const answer = await call(accessToken)
    if (answer.kind === 'malformed' && (await retries.next())) continue
    if (answer.kind === 'answered' && answer.errcode === 0 && answer.data !== null)
      return { ok: true, data: answer.data }
    const mode =
      answer.kind === 'answered' && classOf(answer.errcode, kind) === 'token' ? modes.shift() : undefined
    if (!mode) return { ok: false, ...problemOf(answer, kind) }
    token = await tokenWithin(retries, () => tokens.afterRefusal(appId, accessToken, mode))
  }
}

/** An account's token; an answer to the token call that cannot be read is asked for again within seconds. */
export function obtainToken(tokens: TokenProvider, appId: string): Promise<TokenAnswer> {
  return tokenWithin(createRetryBudget(BAD_ANSWER_RETRY_MS), () => tokens.getToken(appId))
}

/** What an answer other than a success means for a call of this kind. */
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

/** The same of a token that was not to be had. */
export function tokenProblem(token: Extract<TokenAnswer, { ok: false }>): CallProblem {
  const reason = `no access token: ${token.reason}`
  if (token.errcode === null) {
    return token.malformed
      ? { is: 'bad-answer', reason, errcode: null }
      : { is: 'transient', unclear: false, reason, errcode: null }
  }
  const problem = errcodeProblem(token.errcode, token.reason, 'token')
  // Without a token nothing is refused: whatever WeChat means by it, another try may bring one.
  return problem.is === 'refused'
    ? { is: 'transient', unclear: false, reason, errcode: token.errcode }
    : { ...problem, reason }
}

function errcodeProblem(errcode: number, errmsg: string, kind: WechatCall): CallProblem {
  const reason = errmsg || textOf(errcode, kind)
  const stopped = (state: AccountStop): CallProblem => ({ is: 'account-stopped', state, reason, errcode })
  const classed = classOf(errcode, kind)
  switch (classed) {
    case 'retry':
    case 'token':
      return { is: 'transient', unclear: false, reason, errcode }
    case 'quota-minute':
      return { is: 'rate-limited', reason, errcode }
    case 'quota-day':
      return stopped('quota-exhausted')
    case 'account-blocked':
      return stopped('blocked')
    case 'account-paused':
      return stopped('paused')
    case 'needs-authorisation':
      return stopped('needs-authorisation')
    // What these say of a follower's grants, they say to a send only.
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
      return classed satisfies never
  }
}

interface RetryBudget {
  /** Waits, and says whether there is another try. */
  next(): Promise<boolean>
}

function createRetryBudget(retryMs: readonly number[]): RetryBudget {
  const left = [...retryMs]
  return {
    async next() {
      const waitMs = left.shift()
      if (waitMs === undefined) return false
      await sleep(waitMs)
      return true
    },
  }
}

async function tokenWithin(retries: RetryBudget, get: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
  for (;;) {
    const token = await get()
    if (token.ok || !token.malformed || !(await retries.next())) return token
  }
}

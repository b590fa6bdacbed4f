import type { CallProblem } from '../../src/wechat/api/with-token.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { MINUTE_LIMIT_REASON, msUntilNextMinute } from '../throttle/account-throttle.ts'
import type { AttemptDeadline } from './attempt-deadline.ts'
import { backoff, retryAfter } from './retry-after.ts'

/** How soon a stopped account is checked again. A reactivated account wakes its runs earlier by a signal. */
const STOPPED_RETRY_MS = 60_000

/**
 * Throws for a retry when a later attempt may succeed. A transient problem is retried after 1 s, 2 s, 4 s … at most 30 s, and
 * a 45011 in the next minute. An account that WeChat stopped is stopped here too, and retried when it is active again.
 * @param attempt the activity's attempt, from 1
 * @param onDeadline gives the result when the step's time is over
 * @returns null when no retry can help
 */
export async function retryOnProblem<T>(
  deps: Pick<ActivityDeps, 'accounts' | 'now'>,
  { appId }: Pick<SendAccount, 'appId'>,
  problem: CallProblem,
  {
    deadline,
    attempt,
    onDeadline,
  }: { deadline: AttemptDeadline; attempt: number; onDeadline: () => Promise<T> },
): Promise<T | null> {
  const { reason } = problem
  switch (problem.is) {
    case 'transient':
      return retryAfter(deadline, 'WechatFailed', reason, backoff(attempt), onDeadline)
    case 'rate-limited': {
      const delayMs = msUntilNextMinute(deps.now(), Math.random)
      return retryAfter(deadline, 'RateLimited', MINUTE_LIMIT_REASON, delayMs, onDeadline)
    }
    case 'account-stopped': {
      const { state, errcode } = problem
      await deps.accounts.stop(appId, state, errcode)
      return retryAfter(
        deadline,
        'AccountStopped',
        `account ${state} (${errcode})`,
        STOPPED_RETRY_MS,
        onDeadline,
      )
    }
    case 'bad-answer':
    case 'refused':
      return null
    default:
      return problem satisfies never
  }
}

/** Throws for a retry when the account is stopped, or deleted (`account` is null). */
export function retryWhenAccountActive<T>(
  account: SendAccount | null,
  deadline: AttemptDeadline,
  onDeadline: (reason: string) => Promise<T>,
): Promise<T> {
  const reason = account?.stateReason ?? 'the account has been deleted'
  return retryAfter(deadline, 'AccountStopped', reason, STOPPED_RETRY_MS, () => onDeadline(reason))
}

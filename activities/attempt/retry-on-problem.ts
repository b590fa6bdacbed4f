import type { CallProblem } from '../../src/wechat/api/with-token.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { msUntilNextMinute } from '../throttle/send-throttle.ts'
import type { AttemptDeadline } from './attempt-deadline.ts'
import { backoff, retryAfter } from './retry-after.ts'

/** How soon a stopped account is looked at again; a released one wakes its runs earlier by signal. */
const STOPPED_RETRY_MS = 60_000

/**
 * Waits for what passes, as a send does: 1 s, 2 s, 4 s … at most 30 s apart, for the next minute (45011), or for the account,
 * which is stopped first. Null for what no waiting helps.
 * @param attempt the activity's, from 1
 * @param otherwise the result when the step's time is over
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
      return retryAfter(deadline, 'RateLimited', 'minute limit of the account (45011)', delayMs, onDeadline)
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

/** The same of an account that is stopped already, or gone. */
export function retryWhenAccountActive<T>(
  account: SendAccount | null,
  deadline: AttemptDeadline,
  onDeadline: (reason: string) => Promise<T>,
): Promise<T> {
  const reason = account?.stateReason ?? 'the account is gone'
  return retryAfter(deadline, 'AccountStopped', reason, STOPPED_RETRY_MS, () => onDeadline(reason))
}

import type { Trouble } from '../src/wechat/api/with-token.ts'
import type { AttemptClock } from './attempt-clock.ts'
import { untilNextMinute } from './gate.ts'
import { backoff, later } from './later.ts'
import type { ActivityDeps, SendAccount } from './ports.ts'

/** How soon a stopped account is looked at again; a released one wakes its runs earlier by signal. */
const STOPPED_AGAIN_MS = 60_000

/**
 * Waits for what passes, as a send does: 1 s, 2 s, 4 s … at most 30 s apart, for the next minute (45011), or for the account,
 * which is stopped first. Null for what no waiting helps.
 * @param attempt the activity's, from 1
 * @param otherwise the result when the step's time is over
 */
export async function waitOut<T>(
  deps: Pick<ActivityDeps, 'accounts' | 'now'>,
  { appId }: Pick<SendAccount, 'appId'>,
  trouble: Trouble,
  { clock, attempt, otherwise }: { clock: AttemptClock; attempt: number; otherwise: () => Promise<T> },
): Promise<T | null> {
  const { reason } = trouble
  switch (trouble.is) {
    case 'passing':
      return later(clock, 'WechatFailed', reason, backoff(attempt), otherwise)
    case 'too-fast': {
      const delayMs = untilNextMinute(deps.now(), Math.random)
      return later(clock, 'TooFast', 'minute limit of the account (45011)', delayMs, otherwise)
    }
    case 'account-stopped': {
      const { state, errcode } = trouble
      await deps.accounts.stop(appId, state, errcode)
      return later(clock, 'AccountStopped', `account ${state} (${errcode})`, STOPPED_AGAIN_MS, otherwise)
    }
    case 'bad-answer':
    case 'refused':
      return null
    default:
      return trouble satisfies never
  }
}

/** The same of an account that is stopped already, or gone. */
export function waitForAccount<T>(
  account: SendAccount | null,
  clock: AttemptClock,
  otherwise: (reason: string) => Promise<T>,
): Promise<T> {
  const reason = account?.stateReason ?? 'the account is gone'
  return later(clock, 'AccountStopped', reason, STOPPED_AGAIN_MS, () => otherwise(reason))
}

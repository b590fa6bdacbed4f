import pMap from 'p-map'
import type { Log } from '../shared/log.ts'
import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import { expiringTokens } from '../store/accounts/access-token-store.ts'
import type { Db } from '../store/db.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import { type PeriodicJob, ROUND_BUDGET_MS } from './periodic-jobs.ts'

/** The token provider fetches a new token in the last five minutes of the old one. When this job does it, no send waits. */
const REFRESH_AHEAD_MS = 5 * MINUTE_MS
/** Calls at the same time. An account that gives no answer holds one of them until its call times out. */
const CONCURRENCY = 10

/**
 * Fetches new access tokens for accounts in use before the old ones expire. It also fetches tokens of accounts that are blocked
 * because WeChat refused their AppSecret, as often as the backoff of the token call permits. Such an account sends nothing,
 * so only this call finds out that the secret is valid again. One account's failure, which is logged, does not affect the
 * others. A round that takes long ends early, and the next one begins with the accounts that it left.
 */
export function createAccessTokenRefresh(deps: {
  db: Db
  tokens: Pick<TokenProvider, 'getToken'>
  now: () => number
  blockedForSecret(): Promise<string[]>
  log: Pick<Log, 'warn'>
  /** Monotonic, ms. Default: the system's. */
  monotonic?: () => number
}): PeriodicJob {
  const { db, tokens, now, log, monotonic = () => performance.now() } = deps
  /** The accounts that the last round did not reach, in the order of their turns. */
  let left: ReadonlySet<string> = new Set()

  async function refresh(appId: string): Promise<void> {
    try {
      await tokens.getToken(appId)
    } catch (err) {
      log.warn({ err, appId }, 'access token not refreshed; its next send tries again')
    }
  }

  return {
    name: 'refresh-tokens',
    everyMs: 30 * SECOND_MS,
    leaseMs: MINUTE_MS,
    async run() {
      const until = monotonic() + ROUND_BUDGET_MS
      const expiring = await expiringTokens(db, now(), REFRESH_AHEAD_MS)
      const due = new Set([...(await deps.blockedForSecret()), ...expiring])
      const unreached = new Set([...left].filter((appId) => due.has(appId)))
      for (const appId of due) unreached.add(appId)
      const work = async (appId: string) => {
        if (monotonic() > until) return
        unreached.delete(appId)
        await refresh(appId)
      }
      await pMap([...unreached], work, { concurrency: CONCURRENCY })
      left = unreached
      return left.size === 0 ? 'finished' : 'unfinished'
    },
  }
}

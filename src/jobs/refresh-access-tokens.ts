import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import { expiringTokens } from '../store/accounts/access-token-store.ts'
import type { Db } from '../store/db.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

/** The token provider fetches a new token in the last five minutes of the old one. When this job does it, no send waits. */
const REFRESH_AHEAD_MS = 5 * MINUTE_MS

/**
 * Fetches new access tokens for accounts in use before the old ones expire. It also fetches tokens of accounts that are blocked
 * because WeChat refused their AppSecret, as often as the backoff of the token call permits. Such an account sends nothing,
 * so only this call finds out that the secret is valid again.
 */
export function createAccessTokenRefresh(deps: {
  db: Db
  tokens: TokenProvider
  now: () => number
  blockedForSecret(): Promise<string[]>
}): PeriodicJob {
  return {
    name: 'refresh-tokens',
    everyMs: 30 * SECOND_MS,
    leaseMs: MINUTE_MS,
    async run() {
      for (const appId of await expiringTokens(deps.db, deps.now(), REFRESH_AHEAD_MS))
        await deps.tokens.getToken(appId)
      for (const appId of await deps.blockedForSecret()) await deps.tokens.getToken(appId)
    },
  }
}

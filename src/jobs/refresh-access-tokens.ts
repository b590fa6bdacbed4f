import { expiringTokens } from '../store/accounts/access-token-store.ts'
import type { Db } from '../store/db.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

const EVERY_MS = 30_000
/** The token keeper fetches a new token in the last five minutes of the old one. Done here, no send waits for it. */
const REFRESH_AHEAD_MS = 5 * 60_000

/**
 * Tokens that are in use are fetched before they end. An account that is blocked for its AppSecret sends nothing that could
 * find out: it is asked for here, as often as the backoff of its token call lets it.
 */
export function createAccessTokenRefresh(deps: {
  db: Db
  tokens: TokenProvider
  now: () => number
  blockedForSecret(): Promise<string[]>
}): PeriodicJob {
  return {
    name: 'refresh-tokens',
    everyMs: EVERY_MS,
    leaseMs: 60_000,
    async run() {
      for (const appId of await expiringTokens(deps.db, deps.now(), REFRESH_AHEAD_MS))
        await deps.tokens.getToken(appId)
      for (const appId of await deps.blockedForSecret()) await deps.tokens.getToken(appId)
    },
  }
}

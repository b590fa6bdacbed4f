import type { Db } from '../store/db.ts'
import { expiringTokens } from '../store/tokens.ts'
import type { TokenKeeper } from '../wechat/tokens.ts'
import type { PeriodicJob } from './periodic.ts'

const EVERY_MS = 30_000
/** The keeper fetches a token anew in its last five minutes: so it is done here, before a send must wait for it. */
const AHEAD_MS = 5 * 60_000

/**
 * Tokens that are in use are fetched before they end. An account that is blocked for its AppSecret sends nothing that could
 * find out: it is asked for here, as often as the backoff of its token call lets it.
 */
export function createTokenRefresh(deps: {
  db: Db
  tokens: TokenKeeper
  now: () => number
  blockedForSecret(): Promise<string[]>
}): PeriodicJob {
  return {
    name: 'refresh-tokens',
    everyMs: EVERY_MS,
    leaseMs: 60_000,
    async run() {
      for (const appId of await expiringTokens(deps.db, deps.now(), AHEAD_MS))
        await deps.tokens.getToken(appId)
      for (const appId of await deps.blockedForSecret()) await deps.tokens.getToken(appId)
    },
  }
}

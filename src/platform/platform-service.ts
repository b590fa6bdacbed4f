import type { PlatformConfig } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Account } from '../store/accounts/account.ts'
import type { AccountStore } from '../store/accounts/account-store.ts'
import type { PlatformEvent, PlatformStore } from '../store/accounts/platform-store.ts'
import type { ComponentClient } from '../wechat/api/component-client.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import { AuthorisationLinks } from './authorisation-links.ts'
import { ComponentCalls } from './component-calls.ts'
import { PlatformError } from './platform-error.ts'
import { PlatformEvents } from './platform-events.ts'
import { PlatformTokens, TICKET_LIFETIME_MS } from './platform-tokens.ts'

export interface PlatformDeps {
  config: PlatformConfig
  store: PlatformStore
  accounts: AccountStore
  client: ComponentClient
  tokens: TokenProvider
  /** Base URL of the authorisation pages of a simulated WeChat; null: WeChat's own pages. */
  wechatPages: string | null
  now(): number
  /** Converts a time of this machine's clock to WeChat's clock, epoch ms. */
  toPlatformTime(at: number): number
  log: Log
  /** Reloads the accounts. The changes are live in this process when it resolves. */
  reloadAccounts(): Promise<void>
  /** Called when the account may send again: waiting sends are retried. */
  resumeSends(appId: string): void
  /** Ends every run of the account as `account-stopped`. Rejects while Temporal is unavailable. */
  stopRuns(appId: string, reason: string): Promise<void>
}

export type PlatformService = ReturnType<typeof createPlatformService>

/** The interface of the third-party platform (第三方平台) for the rest of the program. One for each process. */
export function createPlatformService(deps: PlatformDeps) {
  const { config, store, now } = deps
  const calls = new ComponentCalls({ ...deps, appId: config.appId })
  const tokens = new PlatformTokens({ ...deps, appId: config.appId, calls })
  const links = new AuthorisationLinks({ ...deps, calls })
  const events = new PlatformEvents({ ...deps, calls })
  return {
    config,
    fetchComponentToken: () => tokens.fetchComponentToken(),
    fetchAuthoriserToken: (account: Account) => tokens.fetchAuthoriserToken(account),
    /** Processes stored events. `ageMs`: only events that have waited for at least this long. */
    processEvents: (ageMs?: number) => events.process(ageMs),
    acceptEvent: (
      event: Pick<PlatformEvent, 'kind' | 'appId' | 'code' | 'createTime'> & { dedupeKey: string },
    ) => events.accept(event),
    readOutcome: store.outcome,
    /** `createTime`: of the push, epoch ms. */
    saveTicket: (ticket: string, createTime: number) =>
      store.saveTicket(config.appId, ticket, {
        createTime,
        receivedAt: now(),
        lifetimeMs: TICKET_LIFETIME_MS,
      }),
    /** The URL of WeChat's authorisation page for a computer or a phone. @throws PlatformError */
    startAuthorisation: (device: 'pc' | 'phone') => links.start(device),
    isOwnState: (state: string) => links.isOwnState(state),
    redeemState: (state: string, code: string) => links.redeem(state, code),
    asCallbackAccount: <A extends { appId: string }>(account: A) => asCallbackAccount(config, account),
    /** The access token of a code, for the release test. It is used once and not stored. @throws PlatformError */
    async accessTokenForCode(code: string): Promise<string> {
      const { authorizer_access_token: token } = await calls.queryAuth(code)
      if (!token) throw new PlatformError('WeChat returned no access token for the code', null)
      return token
    },
  }
}

/**
 * The account with the callback settings of the platform: token, keys, and the id at the end of ciphertexts. Settings from a time
 * when the account was served with its own secret are not used.
 */
function asCallbackAccount<A extends { appId: string }>(config: PlatformConfig, account: A) {
  const { appId: trailingId, token, aesKey: encodingAesKey, previousAesKey } = config
  const keys = { token, previousToken: null, encodingAesKey, previousAesKey }
  return { ...account, mode: 'security' as const, ...keys, trailingId }
}

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
  /** Where WeChat's authorisation pages are, when not at WeChat. */
  wechatPages: string | null
  now(): number
  /** A time of ours, epoch ms, by WeChat's clock. */
  toPlatformTime(at: number): number
  log: Log
  /** Accounts changed: live in this process when it resolves. */
  reloadAccounts(): Promise<void>
  /** The account is served (again): what waits may go. */
  resumeSends(appId: string): void
  /** Ends every run of the account as `account-stopped`; fails while Temporal is unavailable. */
  stopRuns(appId: string, reason: string): Promise<void>
}

export type PlatformService = ReturnType<typeof createPlatformService>

/** The third-party platform (第三方平台) as the rest of the program sees it. One for each process. */
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
    /** Carries out stored events; `ageMs`: only those that have waited for that long. */
    processEvents: (ageMs?: number) => events.process(ageMs),
    acceptEvent: (
      event: Pick<PlatformEvent, 'kind' | 'appId' | 'code' | 'createTime'> & { dedupeKey: string },
    ) => events.accept(event),
    readOutcome: store.outcome,
    /** `createTime` of its push, epoch ms. */
    saveTicket: (ticket: string, createTime: number) =>
      store.saveTicket(config.appId, ticket, {
        createTime,
        receivedAt: now(),
        lifetimeMs: TICKET_LIFETIME_MS,
      }),
    /** Where to send an owner: WeChat's page for a computer, or for a phone. @throws PlatformError */
    startAuthorisation: (device: 'pc' | 'phone') => links.start(device),
    isOwnState: (state: string) => links.isOwnState(state),
    redeemState: (state: string, code: string) => links.redeem(state, code),
    asCallbackAccount: <A extends { appId: string }>(account: A) => asCallbackAccount(config, account),
    /** For the release test: the code's own access token, used once and stored nowhere. @throws PlatformError */
    async accessTokenForCode(code: string): Promise<string> {
      const { authorizer_access_token: token } = await calls.queryAuth(code)
      if (!token) throw new PlatformError('the code gave no access token', null)
      return token
    },
  }
}

/**
 * An account's callback is the platform's: its token, its keys, its id at the end of ciphertexts. Nothing that the account
 * had when it was served by its own keys opens anything here.
 */
function asCallbackAccount<A extends { appId: string }>(config: PlatformConfig, account: A) {
  const { appId: trailingId, token, aesKey: encodingAesKey, previousAesKey } = config
  const keys = { token, previousToken: null, encodingAesKey, previousAesKey }
  return { ...account, mode: 'security' as const, ...keys, trailingId }
}

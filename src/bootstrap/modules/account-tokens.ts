import type { ActivityDeps } from '../../../activities/deps.ts'
import type { SendThrottle } from '../../../activities/throttle/send-throttle.ts'
import type { PlatformService } from '../../platform/platform-service.ts'
import { dayInBeijing } from '../../shared/beijing-time.ts'
import { createTokenStore } from '../../store/accounts/access-token-store.ts'
import { retryDeferredSteps } from '../../temporal/account-runs.ts'
import { createTokenProvider, type TokenProvider } from '../../wechat/api/tokens.ts'
import { createAppSecretBackoff, createPlatformSecretBackoff } from './app-secret-backoff.ts'
import type { ServiceContext } from './context.ts'

/**
 * Provides the access tokens of all accounts, fetched with the account's own AppSecret or through the third-party platform
 * that it authorised. The platform's component token is provided too.
 */
export function createAccountTokens(
  context: ServiceContext,
  ports: {
    throttle: SendThrottle
    stopAccount: ActivityDeps['accounts']['stop']
    platform(): PlatformService | null
    reloadConfig(): Promise<void>
  },
): TokenProvider {
  const { config, db, sealer, accounts, runs, metrics, ownerId, now, log, clientOf } = context
  const { throttle } = ports
  const withSecret = createAppSecretBackoff({
    now,
    log,
    block: (appId, errcode) => ports.stopAccount(appId, 'blocked', errcode),
    async unblock(appId) {
      if (!(await accounts.unblockAfterSecretChange(appId))) return
      log.info({ appId }, 'AppSecret accepted again: the account is active')
      await ports.reloadConfig()
      retryDeferredSteps({ db, runs, log }, { appId })
    },
  })
  const withPlatformSecret =
    config.platform && createPlatformSecretBackoff({ platform: config.platform, now, log })
  return createTokenProvider({
    store: createTokenStore(db, sealer),
    ownerId,
    now,
    dayOf: dayInBeijing,
    count: (result) => metrics.tokenRefreshes.inc({ result }),
    async fetchToken(appId, forceRefresh) {
      const platform = ports.platform()
      if (platform && withPlatformSecret && appId === platform.config.appId)
        return withPlatformSecret(() => platform.fetchComponentToken())
      const account = await accounts.find(appId)
      if (!account) return { kind: 'failed', reason: 'the account was removed' }
      if (account.kind === 'authorised') {
        return platform
          ? platform.fetchAuthoriserToken(account)
          : { kind: 'failed', reason: 'no third-party platform is configured: see COMPONENT_APP_ID' }
      }
      const client = throttle.observe(appId, clientOf(account))
      const { appSecret } = account
      return withSecret(account, () => client.stableToken({ appId, appSecret, forceRefresh }))
    },
  })
}

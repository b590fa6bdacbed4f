import type { CallbackDeps } from '../../callback/callback-deps.ts'
import { WECHAT_API } from '../../config/config.ts'
import { createCallbackAccounts } from '../../platform/callback-accounts.ts'
import { createPlatformService, type PlatformService } from '../../platform/platform-service.ts'
import { createPlatformStore } from '../../store/accounts/platform-store.ts'
import { retryDeferredSteps, stopAccountRuns } from '../../temporal/account-runs.ts'
import { createComponentClient } from '../../wechat/api/component-client.ts'
import type { TokenProvider } from '../../wechat/api/tokens.ts'
import type { Configuration } from './configuration.ts'
import type { ServiceContext } from './context.ts'

/** The third-party platform (第三方平台) of a process. */
export interface PlatformModule {
  service: PlatformService
  /** Finds accounts of callbacks: with the keys of the platform, and with WeChat's release-test accounts. */
  callbackAccounts: Pick<CallbackDeps, 'findAccount' | 'isCached' | 'releaseTestReply'>
}

/** Null when no platform is configured. */
export function createPlatformModule(
  context: ServiceContext,
  { tokens, configuration }: { tokens: TokenProvider; configuration: Configuration },
): PlatformModule | null {
  const { config, db, sealer, accounts, runs, now, log, clientOf, skewMonitor } = context
  if (!config.platform) return null
  const apiBase = config.platform.apiBase ?? null
  const service = createPlatformService({
    config: config.platform,
    store: createPlatformStore(db, sealer),
    accounts,
    client: createComponentClient(clientOf({ apiBase }).post, config.platform),
    tokens,
    wechatPages: apiBase ?? (config.wechatApiBase === WECHAT_API ? null : config.wechatApiBase),
    now,
    toPlatformTime: (at) => at - skewMonitor.aheadMs(apiBase),
    log,
    reloadAccounts: configuration.reload,
    resumeSends: (appId) => retryDeferredSteps({ db, runs, log }, { appId }),
    stopRuns: (appId, reason) => stopAccountRuns({ db, runs }, appId, reason),
  })
  const configCache = configuration.cache
  return {
    service,
    callbackAccounts: createCallbackAccounts({ platform: service, configCache, clientOf, log }),
  }
}

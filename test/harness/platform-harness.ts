import type { Hono } from 'hono'
import { pino } from 'pino'
import { createAdmissionControl } from '../../src/callback/admission/admission-control.ts'
import { createPlatformApp } from '../../src/platform/platform-app.ts'
import { createPlatformService, type PlatformService } from '../../src/platform/platform-service.ts'
import { type AccountStore, createAccountStore } from '../../src/store/accounts/account-store.ts'
import { createPlatformStore, type PlatformStore } from '../../src/store/accounts/platform-store.ts'
import type { Db } from '../../src/store/db.ts'
import { createSealer } from '../../src/store/encryption/sealer.ts'
import type { WechatAnswer } from '../../src/wechat/api/client.ts'
import type { ComponentClient } from '../../src/wechat/api/component-client.ts'
import { TEST_PLATFORM } from '../fixtures/test-account.ts'

/** The account that its owner authorises; see `authorization`. */
export const OWNER_APP_ID = 'wxowner000000001'

export interface PlatformHarness {
  /** Epoch ms. The test advances it. */
  clock: { now: number }
  accounts: AccountStore
  store: PlatformStore
  platform: PlatformService
  app: Hono
  /** Sets the address of the owner's browser. */
  setClientAddress(address: string): void
}

/** The third-party platform with a real store. `client` holds WeChat's answers; by default WeChat grants everything. */
export function createPlatformHarness(
  db: Db,
  options: {
    now: number
    client?: Partial<ComponentClient>
    clientAddress?: string | null
    stopRuns?: (appId: string) => Promise<void>
  },
): PlatformHarness {
  const clock = { now: options.now }
  const now = () => clock.now
  const log = pino({ level: 'silent' })
  const sealer = createSealer('test-encryption-key')
  const accounts = createAccountStore(db, sealer, now)
  const store = createPlatformStore(db, sealer)
  const platform = createPlatformService({
    config: { ...TEST_PLATFORM, publicUrl: 'http://platform.test' },
    store,
    accounts,
    client: { ...grantEverything, ...options.client },
    tokens: {
      currentToken: () => null,
      getToken: async () => ({ ok: true, accessToken: 'component' }),
      afterRefusal: async () => ({ ok: true, accessToken: 'component' }),
    },
    wechatPages: null,
    now,
    toPlatformTime: (at) => at,
    log,
    reloadAccounts: async () => {},
    resumeSends: () => {},
    stopRuns: options.stopRuns ?? (async () => {}),
  })
  let address = options.clientAddress ?? null
  const app = createPlatformApp({
    platform,
    now,
    maxAgeMs: 600_000,
    log,
    skewMonitor: { record: () => {} },
    admission: createAdmissionControl(),
    nameOf: async () => '店',
    phoneUrl: () => null,
    client: () => ({ address, https: false }),
  })
  const setClientAddress = (next: string) => {
    address = next
  }
  return { clock, accounts, store, platform, app, setClientAddress }
}

export function answered<T>(data: T): WechatAnswer<T> {
  return { kind: 'answered', errcode: 0, errmsg: 'ok', rid: null, data }
}

/** The answer of `api_query_auth`: the owner's account with this refresh token. */
export function authorization(refreshToken: string) {
  return answered({
    authorization_info: {
      authorizer_appid: OWNER_APP_ID,
      authorizer_access_token: 'access',
      authorizer_refresh_token: refreshToken,
      expires_in: 7_200,
      func_info: [{ funcscope_category: { id: 1 } }],
    },
  })
}

const grantEverything: ComponentClient = {
  startPushTicket: async () => answered({}),
  componentToken: async (ticket) => answered({ access_token: `token of ${ticket}`, expires_in: 7_200 }),
  preAuthCode: async () => answered({ pre_auth_code: 'pre', expires_in: 600 }),
  queryAuth: async (_, code) => authorization(`refresh of ${code}`),
  authoriserToken: async () =>
    answered({ authorizer_access_token: 'a', authorizer_refresh_token: 'r', expires_in: 1 }),
  authoriserInfo: async () => answered({ authorizer_info: { nick_name: '店' } }),
  authoriserList: async () => answered({ total_count: 0, list: [] }),
}

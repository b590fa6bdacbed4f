import { pino } from 'pino'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import type { Store } from '../../store/db.ts'
import { openStore } from '../../store/open-store.ts'
import type { NamespaceState } from '../../temporal/compare-namespace.ts'
import { connectTemporal } from '../../temporal/connection.ts'
import { createServices, type Services } from '../services.ts'
import { createHttpApp } from './http-app.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const ADMIN_TOKEN = 'test-token-of-the-admin'
let store: Store
let services: Services

beforeAll(async () => {
  store = await openStore({ dataDir: null })
  // Nothing listens on this port.
  const target = { namespace: 'default', connection: { address: '127.0.0.1:9' } }
  services = createServices({
    config: {
      wechatApiBase: 'http://127.0.0.1:9',
      callbackMaxAgeMs: 600_000,
      retentionDays: 30,
      runRetentionDays: 90,
    },
    db: store.db,
    temporal: connectTemporal(target, 'test'),
    encryptionKey: 'test-encryption-key-of-the-tests',
    log: pino({ level: 'silent' }),
  })
})
afterAll(async () => {
  await services.temporal.close()
  await store.close()
})

/** A page of the console while the namespace guard reports `state`. */
async function anyPage(state: NamespaceState): Promise<string> {
  const view = { state, namespace: 'default', namespaceId: 'a', expected: 'b' }
  const namespaceGuard = { ...services.namespaceGuard, latest: () => view }
  const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
  const app = createHttpApp({ ...services, namespaceGuard }, { adminToken: ADMIN_TOKEN, links: () => links })
  const signedIn = await app.request(`/signin?token=${ADMIN_TOKEN}`)
  const cookie = signedIn.headers
    .getSetCookie()
    .map((value) => value.split(';')[0])
    .join('; ')
  const page = await app.request('/accounts', { headers: { cookie } })
  expect(page.status).toBe(200)
  return page.text()
}

it.each([
  ['expected', false],
  ['unexpected', true],
] as const)('the console in a namespace that is %s: a warning is shown (%s)', async (state, isShown) => {
  expect((await anyPage(state)).includes('命名空间与已保存的培育不匹配')).toBe(isShown)
})

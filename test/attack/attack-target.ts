import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Hono } from 'hono'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { createWorkerHttpApp } from '../../src/bootstrap/http/worker-http-app.ts'
import type { Db } from '../../src/store/db.ts'
import { links } from '../../src/store/schema.ts'
import { testAccount } from '../fixtures/test-account.ts'
import { captureLog } from '../harness/captured-log.ts'
import { createOfflineServices, NOWHERE } from '../harness/offline-services.ts'
import { type Caller, createCallers } from './callers.ts'

/** The secrets of the attacked product. No response may contain one. */
export const SECRETS = {
  adminToken: 'test-attack-admin-token-4b1d77ab',
  encryptionKey: 'test-attack-encryption-key-3c9e01f2',
  appSecret: 'test-attack-app-secret-51d9',
  token: 'test_attack_token_8c1e',
  encodingAesKey: 'TestAttackKeyTestAttackKeyTestAttackKeyTest',
  platformSecret: 'test-attack-platform-secret-9d',
  platformToken: 'test_attack_platform_token',
  platformKey: 'TestPlatformKeyTestPlatformKeyTestPlatformK',
  hookSecret: 'test-attack-hook-secret-77c2',
  webhookSecret: 'test-attack-webhook-secret-1f08',
}
/** A hook and a short link that exist. */
export const HOOK = 'attacked'
const LINK_TOKEN = 'AttackAttackAttackAtta'
const LINK_URL = 'https://example.com/guide'
export const APP_ID = 'wxattack0000000001'
export const UI_ORIGIN = 'http://temporal.example:8233'

/** Tables that an attacker would like to change. */
const TABLES = [
  ...['users', 'accounts', 'campaigns', 'campaign_versions', 'inbox', 'followers', 'runs', 'media'],
  ...['webhook_endpoints', 'hooks', 'outbox'],
]

export interface AttackTarget {
  web: Hono
  worker: Hono
  callers: Caller[]
  /** The log lines since the last call. */
  logged(): string
  /** A digest of those tables: equal content has an equal digest. */
  content(): Promise<string>
  close(): Promise<void>
}

/** The web apps of the product and of a worker with a real store in memory. Neither Temporal nor WeChat answers. */
export async function startAttackTarget(): Promise<AttackTarget> {
  const { adminToken, encryptionKey, appSecret, token, encodingAesKey } = SECRETS
  const captured = captureLog()
  const { services, store } = await createOfflineServices({
    encryptionKey,
    log: captured.log,
    // A refused connection fails at once and is not retried.
    connection: { interceptors: [], connectTimeout: 20 },
    platform: {
      appId: 'wxattackplatform01',
      appSecret: SECRETS.platformSecret,
      token: SECRETS.platformToken,
      aesKey: SECRETS.platformKey,
      previousAesKey: null,
      publicUrl: `http://${NOWHERE}`,
    },
  })
  await services.accounts.add(testAccount({ appId: APP_ID, appSecret, token, encodingAesKey }))
  await services.reloadConfig()
  const settings = { accounts: [APP_ID], campaign: null, fields: { openId: 'openId' } }
  await services.hooks.add(HOOK, settings, SECRETS.hookSecret)
  await services.webhookEndpoints.add('attacked', 'https://example.com/', SECRETS.webhookSecret)
  const link = { runKey: 'run', stepId: 'step', name: 'guide', url: LINK_URL, createdAt: 1 }
  await store.db.insert(links).values({ ...link, token: LINK_TOKEN })
  const dataDir = mkdtempSync(join(tmpdir(), 'attack-'))
  const consoleLinks = { simulatorUrl: null, temporalUiUrl: UI_ORIGIN, namespace: 'default' }
  return {
    web: createHttpApp(services, { adminToken, links: () => consoleLinks, dataDir }),
    worker: createWorkerHttpApp({
      ...services,
      adminToken,
      isReady: async () => true,
      sdkMetrics: async () => '',
    }),
    callers: await createCallers(store.db, adminToken),
    logged: captured.take,
    content: () => contentDigest(store.db),
    async close() {
      await services.temporal.close()
      await store.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function contentDigest(db: Db): Promise<string> {
  const tables = TABLES.map((t) => `(SELECT string_agg(x::text, ',' ORDER BY x::text) FROM ${t} x)`)
  const apiTokens = `(SELECT string_agg(id || role, ',' ORDER BY id) FROM api_tokens)`
  const query = `SELECT md5(concat_ws('|', ${[...tables, apiTokens].join(', ')})) AS digest`
  // The driver types rows as unknown records.
  const { rows } = (await db.execute(sql.raw(query))) as unknown as { rows: { digest: string }[] }
  return rows[0]?.digest ?? ''
}

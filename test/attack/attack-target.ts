import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Hono } from 'hono'
import { pino } from 'pino'
import type { Role } from '../../src/auth/roles.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { createWorkerHttpApp } from '../../src/bootstrap/http/worker-http-app.ts'
import { createServices } from '../../src/bootstrap/services.ts'
import { openStore } from '../../src/store/db.ts'
import { createApiTokenStore } from '../../src/store/users/api-token-store.ts'
import { createSessionStore } from '../../src/store/users/session-store.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { digest, keyed } from './stored-hashes.ts'

/** What the attacked product is set up with. No answer may show one of these. */
export const SECRETS = {
  adminToken: 'test-attack-admin-token-4b1d77ab',
  encryptionKey: 'test-attack-encryption-key-3c9e01f2',
  appSecret: 'test-attack-app-secret-51d9',
  token: 'test_attack_token_8c1e',
  encodingAesKey: 'TestAttackKeyTestAttackKeyTestAttackKeyTest',
  platformSecret: 'test-attack-platform-secret-9d',
  platformToken: 'test_attack_platform_token',
  platformKey: 'TestPlatformKeyTestPlatformKeyTestPlatformK',
}
export const APP_ID = 'wxattack0000000001'
export const UI_ORIGIN = 'http://temporal.example:8233'
const DAY_MS = 86_400_000
/** Of no password: nobody signs in by one here. */
const PASSWORD_HASH = `$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** Somebody who asks: with a bearer token, with a console's cookie, or with nothing. */
export interface Caller {
  name: string
  headers: Record<string, string>
  /** What a token may do at the API, and what a session may do in the console; null: nothing. */
  api: Role | null
  console: Role | null
}

export interface AttackTarget {
  web: Hono
  worker: Hono
  callers: Caller[]
  /** All that was logged since it was last asked. */
  logged(): string
  /** A digest of what an attacker would like to change: the same text for the same content. */
  content(): Promise<string>
  close(): Promise<void>
}

/** The whole web app of the product and of a worker over a real store in memory. No engine and no WeChat answer. */
export async function startAttackTarget(): Promise<AttackTarget> {
  let lines = ''
  const write = (line: string) => {
    lines += line
  }
  const log = pino({ level: 'debug', base: undefined }, { write })
  const store = await openStore({ dataDir: null })
  // Nobody is there, and nobody waits for that: without tries again.
  const connection = { address: '127.0.0.1:9', interceptors: [], connectTimeout: 20 }
  const link = connectTemporal({ namespace: 'default', connection }, 'attack')
  const platform = {
    appId: 'wxattackplatform01',
    appSecret: SECRETS.platformSecret,
    token: SECRETS.platformToken,
    aesKey: SECRETS.platformKey,
    previousAesKey: null,
    publicUrl: 'http://127.0.0.1:9',
  }
  const config = {
    wechatApiBase: 'http://127.0.0.1:9',
    callbackMaxAgeMs: 600_000,
    retentionDays: 30,
    platform,
  }
  const { adminToken, encryptionKey, appSecret, token, encodingAesKey } = SECRETS
  const services = createServices({ config, db: store.db, link, encryptionKey, log })
  await services.accounts.add({
    ...{ appId: APP_ID, name: '测试账号', mode: 'security', appSecret, token, encodingAesKey },
    ...{
      rules: 'wechat-2023',
      onUnknown: 'retry',
      timezone: 'Asia/Shanghai',
      apiBase: null,
      humanAgents: false,
    },
  })
  await services.changed()
  const dataDir = mkdtempSync(join(tmpdir(), 'attack-'))
  const links = { simulatorUrl: null, temporalUiUrl: UI_ORIGIN, namespace: 'default' }
  const web = createHttpApp(services, { adminToken, links: () => links, dataDir })
  const worker = createWorkerHttpApp({
    ...services,
    adminToken,
    isReady: async () => true,
    sdkMetrics: async () => '',
  })
  return {
    web,
    worker,
    callers: await createCallers(store.db, adminToken),
    logged() {
      const logged = lines
      lines = ''
      return logged
    },
    async content() {
      const tables = [
        'users',
        'accounts',
        'campaigns',
        'campaign_versions',
        'inbox',
        'followers',
        'runs',
        'media',
      ]
      const parts = tables.map((t) => `(SELECT string_agg(x::text, ',' ORDER BY x::text) FROM ${t} x)`)
      const people = `(SELECT string_agg(id || role, ',' ORDER BY id) FROM api_tokens)`
      const query = `SELECT md5(concat_ws('|', ${[...parts, people].join(', ')})) AS digest`
      // The driver types rows as unknown records.
      const { rows } = (await store.db.execute(sql.raw(query))) as unknown as { rows: { digest: string }[] }
      return rows[0]?.digest ?? ''
    },
    async close() {
      await link.close()
      await store.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

type Db = Awaited<ReturnType<typeof openStore>>['db']

/** Everybody who may ask, as the store knows them: written there directly, so that no sign-in is needed. */
async function createCallers(db: Db, adminToken: string): Promise<Caller[]> {
  const tokens = createApiTokenStore(db, Date.now)
  const users = createUserStore(db, Date.now)
  const sessions = createSessionStore(db, Date.now)
  const callers: Caller[] = []
  const bearer = (name: string, secret: string, api: Role | null) =>
    callers.push({ name, headers: { authorization: `Bearer ${secret}` }, api, console: null })
  const browser = (name: string, cookie: string, role: Role | null) =>
    callers.push({ name, headers: { cookie: `nurture_session=${cookie}` }, api: null, console: role })
  const roles: Role[] = ['viewer', 'operator', 'admin']

  callers.push({ name: 'nobody', headers: {}, api: null, console: null })
  bearer('a wrong token', 'fnt_test-attack-made-up', null)
  bearer('the admin token cut short', adminToken.slice(0, -1), null)
  const basic = Buffer.from(`admin:${adminToken}`).toString('base64')
  callers.push({ name: 'Basic', headers: { authorization: `Basic ${basic}` }, api: null, console: null })
  bearer('the admin token', adminToken, 'admin')
  const addToken = async (id: string, role: Role, expiresAt: number | null) => {
    const secret = `fnt_test-attack-${id}`
    await tokens.add({ id: `tok_${id}`, name: id, role, hash: digest(secret), createdBy: 'test', expiresAt })
    return secret
  }
  for (const role of roles) bearer(`a token of a ${role}`, await addToken(role, role, null), role)
  bearer('an expired token of an admin', await addToken('expired', 'admin', Date.now() - 1_000), null)
  bearer('a removed token of an admin', await addToken('removed', 'admin', null), null)
  await tokens.remove('tok_removed')

  const newCookie = (mark = keyed) => {
    const random = randomBytes(32).toString('base64url')
    return `${random}.${mark(adminToken, `session ${random}`).slice(0, 32)}`
  }
  const begin = async (name: string, role: Role, lifeMs = DAY_MS) => {
    const cookie = newCookie()
    await users.add({ name, role, passwordHash: PASSWORD_HASH })
    await sessions.create(keyed(adminToken, cookie), name, lifeMs)
    return cookie
  }
  const cookieByRole = new Map<Role, string>()
  for (const role of roles) cookieByRole.set(role, await begin(`u-${role}`, role))
  for (const [role, cookie] of cookieByRole) browser(`a session of a ${role}`, cookie, role)
  const adminTokenSession = newCookie()
  await sessions.create(keyed(adminToken, adminTokenSession), 'admin-token', DAY_MS)
  browser('a session of the admin token', adminTokenSession, 'admin')
  browser('a made-up session', 'test-attack-session-made-up', null)
  browser('a made-up session with a good mark', newCookie(), null)
  const badMark = newCookie((_, text) => keyed('test-other-token', text))
  await sessions.create(keyed(adminToken, badMark), 'u-admin', DAY_MS)
  browser('a session with the mark of another token', badMark, null)
  browser('an empty session', '', null)
  browser('a session that is over', await begin('u-over', 'admin', -1_000), null)
  const ended = await begin('u-ended', 'admin')
  await sessions.end(keyed(adminToken, ended))
  browser('a session that was ended', ended, null)
  // What the store itself ends with the person is put back: a session must not outlive who it belongs to.
  for (const [name, invalidate] of [
    ['u-removed', () => users.remove('u-removed')],
    ['u-disabled', () => users.change('u-disabled', { disabled: true })],
  ] as const) {
    const cookie = await begin(name, 'admin')
    await invalidate()
    await sessions.create(keyed(adminToken, cookie), name, DAY_MS)
    browser(`a session of ${name}`, cookie, null)
  }
  const demoted = await begin('u-demoted', 'admin')
  await users.change('u-demoted', { role: 'viewer' })
  browser('a session of an admin who is a viewer now', demoted, 'viewer')
  browser('an API token as a session', 'fnt_test-attack-admin', null)
  browser('the admin token as a session', adminToken, null)
  bearer('a session as a token', cookieByRole.get('admin') ?? '', null)
  return callers
}

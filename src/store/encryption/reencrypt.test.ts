import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { createTokenStore } from '../accounts/access-token-store.ts'
import { createAccountStore } from '../accounts/account-store.ts'
import { createPlatformStore } from '../accounts/platform-store.ts'
import type { Store } from '../db.ts'
import { createHookStore } from '../hooks/hook-store.ts'
import { accounts, runs, settings, users } from '../schema.ts'
import { execute } from '../sql.ts'
import { createWebhookEndpointStore } from '../webhooks/webhook-endpoints.ts'
import { checkKeys } from './key-registry.ts'
import { historyKeyUse, reencryptStore } from './reencrypt.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { createSealer } from './sealer.ts'

const NOW = 1_790_000_000_000
const OLD = 'old-test-key'
const NEW = 'new-test-key'

/** Stores an encrypted text in every column for one. */
async function fill(store: Store, key: string) {
  const { db } = store
  const sealer = createSealer(key)
  const accountStore = createAccountStore(db, sealer, () => NOW)
  for (let i = 0; i < 120; i++) {
    await accountStore.add({
      appId: `wx${String(i).padStart(4, '0')}`,
      name: 'a',
      mode: 'security',
      appSecret: `secret-${i}`,
      token: `token-${i}`,
      encodingAesKey: `aes-${i}`,
      rules: 'wechat-2023',
      onUnknown: 'retry',
      timezone: 'Asia/Shanghai',
      apiBase: null,
      humanAgents: false,
      forward: {
        url: 'https://example.com',
        token: 't',
        encodingAesKey: null,
        mode: 'plain',
        useReply: false,
      },
    })
  }
  await accountStore.patch('wx0000', { token: 'token-after', encodingAesKey: 'aes-after' })
  await accountStore.authorise({
    appId: 'wx0001',
    name: 'a',
    refreshToken: 'refresh',
    permissions: [],
    verified: null,
    state: 'active',
    stateReason: null,
    authorisedAt: NOW,
    isNewest: false,
  })
  const tokens = createTokenStore(db, sealer)
  await tokens.claim('wx0002', 'owner', NOW, NOW + 1_000)
  await tokens.save('wx0002', 'owner', {
    accessToken: 'access',
    expiresAt: NOW,
    forcedAt: null,
    forcedDay: null,
    forcedCount: 0,
  })
  const platform = createPlatformStore(db, sealer)
  await platform.saveTicket('wxplatform', 'ticket', {
    createTime: NOW,
    receivedAt: NOW,
    lifetimeMs: 1,
  })
  await platform.accept({
    dedupeKey: 'k',
    kind: 'authorised',
    appId: null,
    code: 'code',
    receivedAt: NOW,
    createTime: null,
  })
  await db.insert(users).values({
    name: 'lin',
    role: 'admin',
    passwordHash: 'test',
    createdAt: NOW,
    updatedAt: NOW,
    totpSecretSealed: sealer.seal('totp'),
  })
  const endpoints = createWebhookEndpointStore(db, sealer, () => NOW)
  await endpoints.add('crm', 'https://example.com/', 'webhook-secret')
  await endpoints.changeSecret('crm', 'webhook-secret-after')
  const hooks = createHookStore(db, sealer, () => NOW)
  await hooks.add(
    'his',
    { accounts: ['wx0000'], campaign: null, fields: { openId: 'openId' } },
    'hook-secret',
  )
  await hooks.changeSecret('his', 'hook-secret-after')
}

describeOnBothStores('the keys of a store', (store) => {
  it('are used in every column of SEALED_COLUMNS, which lists all', async () => {
    const { rows } = await execute<{ table: string; column: string }>(
      store().db,
      sql`SELECT table_name AS table, column_name AS column FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name LIKE '%sealed%'`,
    )
    const listed = SEALED_COLUMNS.map((c) => `${c.table}.${c.column}`)
    expect(rows.map((r) => `${r.table}.${r.column}`).toSorted()).toEqual(listed.toSorted())
  })

  describe('at the start of a process', () => {
    const check = (key: string, ...previous: string[]) =>
      checkKeys(store().db, createSealer(key, previous), NOW)
    const isOk = async (...keys: [string, ...string[]]) => (await check(...keys)).ok

    it('the first key is registered, and others are refused', async () => {
      expect(await check(OLD)).toEqual({ ok: true, pending: [] })
      const before = await store().db.select().from(settings)
      expect(await check(NEW)).toEqual({ ok: false, missing: [createSealer(OLD).keyIds[0]] })
      expect(await store().db.select().from(settings)).toEqual(before)
      expect(await isOk(OLD)).toBe(true)
    })

    it('allow a rollout: processes with both keys start in any order, processes without a needed key do not', async () => {
      await check(OLD)
      // 1. All processes get the new key. None encrypts with it yet.
      expect(await isOk(OLD, NEW)).toBe(true)
      expect(await isOk(OLD)).toBe(true)
      // 2. The first process switches. A process with only the old key could no longer decrypt everything.
      expect(await isOk(NEW, OLD)).toBe(true)
      expect(await isOk(OLD)).toBe(false)
      expect(await isOk(OLD, NEW)).toBe(true)
      // Too early for step 4: the old key is still needed.
      expect(await isOk(NEW)).toBe(false)
      // 3. Everything is encrypted again.
      await reencryptStore(store().db, createSealer(NEW, [OLD]), NOW)
      expect(await isOk(NEW)).toBe(true)
      expect(await isOk(OLD)).toBe(false)
    })

    it('refuse one of two first processes with different keys', async () => {
      const both = await Promise.all([check(OLD), check(NEW)])
      expect(both.filter((a) => a.ok)).toHaveLength(1)
    })

    it('are checked against the encrypted texts when none is registered', async () => {
      await fill(store(), OLD)
      expect(await check(NEW)).toEqual({ ok: false, missing: ['?'] })
      expect(await store().db.select().from(settings)).toEqual([])
      expect(await isOk(NEW, OLD)).toBe(true)
      // The old key is needed until everything is encrypted again.
      expect(await isOk(NEW)).toBe(false)
    })
  })

  describe('a rotation', () => {
    beforeEach(async () => {
      await fill(store(), OLD)
      await checkKeys(store().db, createSealer(OLD), NOW)
      await checkKeys(store().db, createSealer(NEW, [OLD]), NOW)
    })
    const total = (resealed: Record<string, number>) => Object.values(resealed).reduce((a, b) => a + b, 0)

    it('encrypts everything with the new key, once', async () => {
      const both = createSealer(NEW, [OLD])
      const first = await reencryptStore(store().db, both, NOW)
      expect(first).toMatchObject({ unreadable: 0, keyId: createSealer(NEW).keyIds[0] })
      expect(Object.values(first.reencrypted).every((n) => n > 0)).toBe(true)
      expect(first.reencrypted['accounts.app_secret_sealed']).toBe(120)
      expect(total((await reencryptStore(store().db, both, NOW)).reencrypted)).toBe(0)

      const alone = createSealer(NEW)
      const account = await createAccountStore(store().db, alone, () => NOW).find('wx0001')
      expect(account).toMatchObject({
        appSecret: 'secret-1',
        encodingAesKey: 'aes-1',
        refreshToken: 'refresh',
      })
      expect(account?.forward?.url).toBe('https://example.com')
      expect((await createTokenStore(store().db, alone).read('wx0002'))?.accessToken).toBe('access')
      const platform = createPlatformStore(store().db, alone)
      expect((await platform.readTicket('wxplatform'))?.ticket).toBe('ticket')
      expect((await platform.pending(5, NOW))[0]?.code).toBe('code')
      const endpoints = await createWebhookEndpointStore(store().db, alone, () => NOW).open(['crm'])
      expect(endpoints.get('crm')?.secrets).toEqual(['webhook-secret-after', 'webhook-secret'])
      const [hook] = await createHookStore(store().db, alone, () => NOW).openAll()
      expect(hook?.secrets).toEqual(['hook-secret-after', 'hook-secret'])
    })

    it('can be interrupted anywhere; the next one continues', async () => {
      const both = createSealer(NEW, [OLD])
      let seals = 0
      const dying = { ...both, seal: (text: string) => (seals++ < 150 ? both.seal(text) : die()) }
      const die = (): never => {
        throw new Error('killed')
      }
      const half = await reencryptStore(store().db, dying, NOW)
      expect(half.unreadable).toBeGreaterThan(0)
      const rest = await reencryptStore(store().db, both, NOW)
      expect(total(half.reencrypted) + total(rest.reencrypted)).toBe(
        total(half.reencrypted) + half.unreadable,
      )
      expect((await checkKeys(store().db, createSealer(NEW), NOW)).ok).toBe(true)
    })

    it('reports texts that no key decrypts, and keeps the old key in use', async () => {
      await store()
        .db.update(accounts)
        .set({ tokenSealed: 'v2.elsewhere.a.b.c' })
        .where(sql`app_id = 'wx0003'`)
      const { unreadable } = await reencryptStore(store().db, createSealer(NEW, [OLD]), NOW)
      expect(unreadable).toBe(1)
      expect((await checkKeys(store().db, createSealer(NEW), NOW)).ok).toBe(false)
    })

    it('reports until when histories may need the old key', async () => {
      const run = (key: string, createdAt: number, closesAt: number, endedAt: number | null) => ({
        runKey: key,
        appId: 'wx0001',
        openId: key,
        campaign: 'c',
        version: 1,
        status: endedAt === null ? ('active' as const) : ('ended' as const),
        // Only the fields that the query reads.
        entry: {} as never,
        plan: {} as never,
        state: { closesAt } as never,
        revision: 1,
        startedAt: createdAt,
        createdAt,
        updatedAt: createdAt,
        endedAt,
      })
      await store()
        .db.insert(runs)
        .values([run('before', NOW - 10, NOW + 100, null), run('after', NOW + 10, NOW + 900, null)])
      expect(await historyKeyUse(store().db)).toEqual([])
      await reencryptStore(store().db, createSealer(NEW, [OLD]), NOW)
      const [keyId] = createSealer(OLD).keyIds
      expect(await historyKeyUse(store().db)).toEqual([{ keyId, openRuns: 1, lastClosesAt: NOW + 100 }])
      await store()
        .db.update(runs)
        .set({ status: 'ended', endedAt: NOW + 70 })
        .where(sql`run_key = 'before'`)
      expect(await historyKeyUse(store().db)).toEqual([{ keyId, openRuns: 0, lastClosesAt: NOW + 70 }])
    })
  })
})

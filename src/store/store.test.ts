import { sql } from 'drizzle-orm'
import { describe, expect, inject, it } from 'vitest'
import { describeOnBothStores, freshDatabase } from '../../test/harness/stores.ts'
import { checkCampaign } from '../campaign/check.ts'
import { createTokenProvider } from '../wechat/api/tokens.ts'
import { createTokenStore, expiringTokens } from './accounts/access-token-store.ts'
import { canSend, type NewAccount } from './accounts/account.ts'
import { createAccountStore } from './accounts/account-store.ts'
import { createCampaignStore } from './campaigns/campaign-store.ts'
import { saveMedium } from './campaigns/media-store.ts'
import type { Store } from './db.ts'
import { createSealer } from './encryption/sealer.ts'
import journal from './migrations/meta/_journal.json' with { type: 'json' }
import { openStore } from './open-store.ts'
import { readConfigRevision } from './settings/config-revision.ts'
import { claimJob, releaseJob } from './settings/job-leases.ts'
import { execute } from './sql.ts'

const NOW = 1_800_000_000_000
const account: NewAccount = {
  appId: 'wxA',
  name: '小鹿',
  mode: 'security',
  appSecret: 'test-app-secret',
  token: 'test-token',
  encodingAesKey: 'test-key',
  rules: 'wechat-2023',
  onUnknown: 'retry',
  timezone: 'Asia/Shanghai',
  apiBase: null,
  humanAgents: false,
}
const yaml = (text: string) =>
  `id: welcome\nname: W\nentry: {event: subscribe}\nsteps: [{id: hi, after: 0s, send: {text: ${text}}}]\n`

describeOnBothStores('the store', (store) => {
  const sealer = createSealer('test-encryption-key')
  const accountStore = () => createAccountStore(store().db, sealer, () => NOW)
  const publish = async (text: string, options?: { runningBodies?: boolean }) => {
    const { campaign } = checkCampaign(yaml(text))
    if (!campaign) throw new Error('not a campaign')
    return createCampaignStore(store().db, () => NOW).publish(yaml(text), campaign, [], options)
  }

  it('encrypts secrets, and decrypts them with the right key only', async () => {
    await accountStore().add(account)
    const { rows } = (await store().db.execute('SELECT accounts::text AS row FROM accounts')) as unknown as {
      rows: { row: string }[]
    }
    expect(rows[0]?.row).not.toContain('test-app-secret')
    expect(await accountStore().find('wxA')).toMatchObject({ appSecret: 'test-app-secret' })
    const other = createAccountStore(store().db, createSealer('another key'), () => NOW)
    await expect(other.find('wxA')).rejects.toThrow('ENCRYPTION_KEY')
  })

  it('registers an account once, and blocks it after three different unknown followers in a row', async () => {
    const accounts = accountStore()
    expect(await accounts.add(account)).toBe(true)
    expect(await accounts.add(account)).toBe(false)
    expect(await accounts.recordInvalidRecipient('wxA', 'o1')).toBe(false)
    expect(await accounts.recordInvalidRecipient('wxA', 'o1')).toBe(false)
    expect(await accounts.recordInvalidRecipient('wxA', 'o2')).toBe(false)
    await accounts.recordValidRecipient('wxA')
    for (const [id, blocked] of [
      ['o3', false],
      ['o4', false],
      ['o5', true],
    ] as const) {
      expect(await accounts.recordInvalidRecipient('wxA', id)).toBe(blocked)
    }
  })

  it('lets an account send again when its stop ends by itself', async () => {
    await accountStore().add(account)
    await accountStore().setState('wxA', 'quota-exhausted', '45009', NOW + 100)
    const found = await accountStore().find('wxA')
    if (!found) throw new Error('no such account')
    expect([canSend(found, NOW), canSend(found, NOW + 100)]).toEqual([false, true])
  })

  it('publishes a version for each change, but not for the same file', async () => {
    expect(await publish('a')).toEqual({ version: 1, isNew: true, isUnchanged: false })
    expect(await publish('a')).toEqual({ version: 1, isNew: false, isUnchanged: true })
    expect(await publish('b')).toEqual({ version: 2, isNew: false, isUnchanged: false })
    const campaigns = createCampaignStore(store().db, () => NOW)
    await campaigns.setState('welcome', 'deleted')
    expect(await publish('b')).toEqual({ version: 3, isNew: true, isUnchanged: false })
    expect(await campaigns.versions('welcome')).toHaveLength(3)
  })

  it('publishes the same file again when an earlier release parsed it differently', async () => {
    await publish('a')
    const campaigns = createCampaignStore(store().db, () => NOW)
    const { campaign } = checkCampaign(yaml('a'))
    if (!campaign) throw new Error('not a campaign')
    const before = { ...campaign, entry: { event: 'message' as const, keywords: ['7'] } }
    expect(await campaigns.publish(yaml('a'), before, [])).toMatchObject({ version: 2 })
    expect(await publish('a')).toEqual({ version: 3, isNew: false, isUnchanged: false })
    expect(await publish('a')).toEqual({ version: 3, isNew: false, isUnchanged: true })
  })

  it('keeps the message bodies of a run, unless a newer version was published for running bodies', async () => {
    await publish('a')
    await publish('b')
    const campaigns = createCampaignStore(store().db, () => NOW)
    expect(await campaigns.messageOf('welcome', 1, 'hi')).toEqual({ text: 'a' })
    await publish('c', { runningBodies: true })
    expect(await campaigns.messageOf('welcome', 1, 'hi')).toEqual({ text: 'c' })
    expect(await campaigns.messageOf('welcome', 1, 'nothing')).toBeNull()
  })

  it('leases a token refresh to one process at a time', async () => {
    const tokens = createTokenStore(store().db, sealer)
    const claims = await Promise.all(
      ['a', 'b', 'c'].map((ownerId) => tokens.claim('wxA', ownerId, NOW, NOW + 1_000)),
    )
    expect(claims.filter(Boolean)).toHaveLength(1)
    expect(await tokens.claim('wxA', 'd', NOW + 1_001, NOW + 2_000)).toBe(true)
    const token = {
      accessToken: 'test-access',
      expiresAt: NOW + 60_000,
      forcedAt: null,
      forcedDay: null,
      forcedCount: 0,
    }
    await tokens.save('wxA', 'a', token)
    expect(await tokens.read('wxA')).toBeNull()
    await tokens.save('wxA', 'd', token)
    expect(await tokens.read('wxA')).toEqual(token)
    expect(await expiringTokens(store().db, NOW, 300_000)).toEqual(['wxA'])
    expect(await expiringTokens(store().db, NOW, 1_000)).toEqual([])
  })

  it('makes one call for two hundred senders in eight processes whose token was refused', async () => {
    let calls = 0
    const providers = Array.from({ length: 8 }, (_, i) =>
      createTokenProvider({
        store: createTokenStore(store().db, sealer),
        ownerId: `process-${i}`,
        now: () => NOW,
        dayOf: () => '2027-01-15',
        async fetchToken() {
          calls += 1
          await new Promise((resolve) => setTimeout(resolve, 20))
          const data = { access_token: `test-token-${calls}`, expires_in: 7200 }
          return { kind: 'answered', errcode: 0, errmsg: 'ok', rid: null, data }
        },
      }),
    )
    const first = await Promise.all(Array.from({ length: 200 }, (_, i) => providers[i % 8]?.getToken('wxA')))
    expect(calls).toBe(1)
    expect(new Set(first.map((t) => t?.ok && t.accessToken))).toEqual(new Set(['test-token-1']))
    const second = await Promise.all(
      Array.from({ length: 200 }, (_, i) => providers[i % 8]?.afterRefusal('wxA', 'test-token-1', 'normal')),
    )
    expect(calls).toBe(2)
    expect(new Set(second.map((t) => t?.ok && t.accessToken))).toEqual(new Set(['test-token-2']))
  })

  it('lets one process at a time run a periodic job, and only when it is due', async () => {
    const job = { name: 'j', now: NOW, everyMs: 60_000, leaseMs: 10_000 }
    const claim = (ownerId: string, now = NOW) => claimJob(store().db, { ...job, ownerId, now })
    expect(await claim('a')).toEqual({ lastRunAt: null })
    expect(await claim('b')).toBeNull()
    expect(await claim('b', NOW + 10_001)).not.toBeNull()
    await releaseJob(store().db, 'j', 'b', NOW + 10_001)
    expect(await claim('a', NOW + 60_000)).toBeNull()
    expect(await claim('a', NOW + 70_001)).toEqual({ lastRunAt: NOW + 10_001 })
  })

  it('runs a periodic job in spite of a lease of a clock that was an hour ahead', async () => {
    const job = { name: 'j', now: NOW, everyMs: 60_000, leaseMs: 10_000 }
    const claim = (ownerId: string, now = NOW) => claimJob(store().db, { ...job, ownerId, now })
    const hour = 3_600_000
    await claim('died with it', NOW + hour)
    expect(await claim('a')).not.toBeNull()
    expect(await claim('b')).toBeNull()
    await releaseJob(store().db, 'j', 'a', NOW + hour)
    expect(await claim('b')).toEqual({ lastRunAt: NOW + hour })
    await releaseJob(store().db, 'j', 'b', NOW)
    expect(await claim('c')).toBeNull()
  })

  it('refreshes a token in spite of a lease of a clock that was an hour ahead', async () => {
    const tokens = createTokenStore(store().db, sealer)
    const hour = 3_600_000
    expect(await tokens.claim('wxA', 'died', NOW + hour, NOW + hour + 15_000)).toBe(true)
    expect(await tokens.claim('wxA', 'a', NOW, NOW + 15_000)).toBe(true)
    expect(await tokens.claim('wxA', 'b', NOW, NOW + 15_000)).toBe(false)
  })

  it('stores the same medium once, whatever its filename', async () => {
    const medium = {
      type: 'image' as const,
      contentType: 'image/png',
      filename: 'a.png',
      content: Buffer.from('x'),
      createdAt: NOW,
    }
    const [a, b] = [
      await saveMedium(store().db, medium),
      await saveMedium(store().db, { ...medium, filename: 'b.png' }),
    ]
    expect(a.id).toMatch(/^sha256-[0-9a-f]{64}$/)
    expect(b.id).toBe(a.id)
    expect((await execute(store().db, sql`SELECT id FROM media`)).rows).toEqual([{ id: a.id }])
  })

  it('changes its revision with every account and campaign', async () => {
    const fingerprints = [(await readConfigRevision(store().db)).fingerprint]
    await accountStore().add(account)
    fingerprints.push((await readConfigRevision(store().db)).fingerprint)
    await publish('a')
    fingerprints.push((await readConfigRevision(store().db)).fingerprint)
    expect(new Set(fingerprints).size).toBe(3)
  })
})

describe('the embedded store under load', () => {
  it('yields to timers and sockets between its queries', async () => {
    const store = await openStore({ dataDir: null })
    let turns = 0
    let busy = true
    const count = () => {
      turns += 1
      if (busy) setImmediate(count)
    }
    setImmediate(count)
    for (let i = 0; i < 50; i++) await store.db.execute('SELECT 1')
    busy = false
    expect(turns).toBeGreaterThanOrEqual(50)
    await store.close()
  })
})

describe.skipIf(!inject('postgresUrl'))('several processes that open a new PostgreSQL at once', () => {
  it('apply each migration once, and can all use the tables', async () => {
    const databaseUrl = await freshDatabase(inject('postgresUrl'))
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore({ databaseUrl, dataDir: null })))
    await Promise.all(stores.map((s) => s.db.execute('SELECT count(*) FROM inbox')))
    const applied = sql`SELECT hash FROM drizzle.__drizzle_migrations`
    const { rows } = await execute<{ hash: string }>((stores[0] as Store).db, applied)
    const hashes = rows.map(({ hash }) => hash)
    expect(hashes).toHaveLength(journal.entries.length)
    expect(new Set(hashes).size).toBe(hashes.length)
    await Promise.all(stores.map((s) => s.close()))
  })
})

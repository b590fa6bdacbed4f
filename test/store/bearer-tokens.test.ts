import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createAuthenticate } from '../../src/auth/bearer-auth.ts'
import { createKnownCredentials } from '../../src/auth/known-credentials.ts'
import { hashSecret, newSecret } from '../../src/auth/secrets/secret-hash.ts'
import type { Store } from '../../src/store/db.ts'
import { createApiTokenStore } from '../../src/store/users/api-token-store.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const ADMIN_TOKEN = 'test-admin-token'
const MINUTE = 60_000
const clock = { at: 1_800_000_000_000 }
const now = () => clock.at
const knownCredentials = createKnownCredentials(ADMIN_TOKEN)

function setUp(store: Store) {
  const tokens = createApiTokenStore(store.db, now)
  const read = createAuthenticate({
    adminToken: ADMIN_TOKEN,
    tokens,
    knownCredentials,
    now,
    log: pino({ level: 'silent' }),
  })
  const bear = (token: string, address: string | null = null) => read(`Bearer ${token}`, address)
  const make = async (id: string, lifeMs: number | null = null) => {
    const token = newSecret('fnt_')
    const expiresAt = lifeMs === null ? null : now() + lifeMs
    await tokens.add({
      id,
      name: id,
      role: 'operator',
      hash: hashSecret(token),
      createdBy: 'test',
      expiresAt,
    })
    return token
  }
  return { tokens, read, bear, make }
}

describeOnBothStores('bearer tokens', (store) => {
  describe('a bearer token', () => {
    it('authenticates the holder of the admin token, or an API token', async () => {
      const { bear, make } = setUp(store())
      expect(await bear(ADMIN_TOKEN)).toEqual({
        kind: 'authenticated',
        principal: { actor: 'admin-token', role: 'admin' },
      })
      const token = await make('tok_one')
      expect(await bear(token)).toEqual({
        kind: 'authenticated',
        principal: { actor: 'tok_one', role: 'operator' },
      })
    })

    it('authenticates nobody when it is missing, unknown, or the stored hash of a token', async () => {
      const { read, bear, make } = setUp(store())
      const token = await make('tok_two')
      expect(await read(undefined, null)).toEqual({ kind: 'none' })
      expect(await read(`Basic ${ADMIN_TOKEN}`, null)).toEqual({ kind: 'none' })
      for (const wrong of ['x', `${token}x`, token.slice(0, -1), hashSecret(token), 'fnt_'])
        expect([wrong, await bear(wrong)]).toEqual([wrong, { kind: 'wrong' }])
    })

    it('expires, or is revoked', async () => {
      const { tokens, bear, make } = setUp(store())
      const brief = await make('tok_brief', MINUTE)
      expect(await bear(brief)).toMatchObject({ kind: 'authenticated' })
      clock.at += MINUTE
      expect(await bear(brief)).toEqual({ kind: 'expired' })
      const revoked = await make('tok_revoked')
      expect(await tokens.remove('tok_revoked')).toMatchObject({ id: 'tok_revoked' })
      expect(await bear(revoked)).toEqual({ kind: 'wrong' })
      expect(await tokens.remove('tok_revoked')).toBeNull()
    })

    it('has its last use recorded, once a minute at most', async () => {
      const { tokens, bear, make } = setUp(store())
      const token = await make('tok_used')
      const lastUse = async () => (await tokens.find(hashSecret(token)))?.lastUsedAt
      expect(await lastUse()).toBeNull()
      const first = clock.at
      await bear(token)
      clock.at += MINUTE - 1
      await bear(token)
      expect(await lastUse()).toBe(first)
      clock.at += 1
      await bear(token)
      expect(await lastUse()).toBe(first + MINUTE)
    })

    it('works when its use cannot be recorded', async () => {
      const { tokens, make } = setUp(store())
      const token = await make('tok_unnoted')
      const log = pino({ level: 'silent' })
      const broken = { find: tokens.find, noteUse: () => Promise.reject(new Error('test')) }
      const read = createAuthenticate({ adminToken: ADMIN_TOKEN, tokens: broken, knownCredentials, now, log })
      expect(await read(`Bearer ${token}`, null)).toMatchObject({ kind: 'authenticated' })
    })
  })

  describe('an address that sends wrong tokens', () => {
    it('must wait after a hundred, even with a valid token, which is accepted after the wait', async () => {
      const { bear, make } = setUp(store())
      const right = await make('tok_right')
      for (let i = 0; i < 100; i++)
        expect(await bear(`wrong-${i}`, '198.51.100.1')).toEqual({ kind: 'wrong' })
      expect(await bear('wrong', '198.51.100.1')).toEqual({ kind: 'wait', ms: 1_000 })
      expect(await bear(right, '198.51.100.1')).toEqual({ kind: 'wait', ms: 1_000 })
      expect(await bear(right, '198.51.100.2')).toMatchObject({ kind: 'authenticated' })
      clock.at += 1_000
      expect(await bear(right, '198.51.100.1')).toMatchObject({ kind: 'authenticated' })
    })

    it('never locks out the holder of the admin token at the same address', async () => {
      const { bear } = setUp(store())
      for (let i = 0; i < 200; i++) await bear(`wrong-${i}`, '198.51.100.4')
      expect(await bear('wrong', '198.51.100.4')).toMatchObject({ kind: 'wait' })
      expect(await bear(ADMIN_TOKEN, '198.51.100.4')).toMatchObject({ kind: 'authenticated' })
      for (const near of ['', 'x', `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1), ADMIN_TOKEN.toUpperCase()])
        expect([near, (await bear(near, '198.51.100.5')).kind]).not.toEqual([near, 'authenticated'])
    })

    it('is a whole /48 in IPv6, with three times the attempts', async () => {
      const { bear } = setUp(store())
      const from = (i: number) => `2001:db8:7:${i.toString(16)}::/64`
      for (let i = 0; i < 300; i++) expect((await bear(`wrong-${i}`, from(i))).kind).toBe('wrong')
      expect(await bear('wrong', from(999))).toMatchObject({ kind: 'wait' })
      expect((await bear('wrong', '2001:db8:8:1::/64')).kind).toBe('wrong')
    })

    it('is not one that sends expired tokens or none', async () => {
      const { read, bear, make } = setUp(store())
      const old = await make('tok_old', 1)
      clock.at += 1
      for (let i = 0; i < 150; i++) await bear(old, '198.51.100.3')
      for (let i = 0; i < 150; i++) await read(undefined, '198.51.100.3')
      expect(await bear(ADMIN_TOKEN, '198.51.100.3')).toMatchObject({ kind: 'authenticated' })
    })
  })
})

import { describe, expect, it } from 'vitest'
import { createPasswords, type Passwords } from '../../src/auth/passwords/password-hash.ts'
import { createKnownLocations } from '../../src/auth/sign-in/known-locations.ts'
import { SignIn } from '../../src/auth/sign-in/sign-in.ts'
import type { Store } from '../../src/store/db.ts'
import { sessions as sessionRows, signInLocations, users as userRows } from '../../src/store/schema.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const ADMIN_TOKEN = 'test-admin-token'
const PASSWORD = 'test-lins-password'
const HOUR = 3_600_000
const clock = { at: 1_800_000_000_000 }
const now = () => clock.at
const refused: string[] = []

async function setUp(
  store: Store,
  { adminToken = ADMIN_TOKEN, cheap = createPasswords({ ln: 4, r: 1, p: 1 }), isNew = true } = {},
) {
  const users = createUserStore(store.db, now)
  const verified: (string | null)[] = []
  const passwords: Passwords = {
    hash: cheap.hash,
    verify(password, hash, asker) {
      verified.push(hash)
      return cheap.verify(password, hash, asker)
    },
  }
  if (isNew)
    await users.add({ name: 'lin', role: 'operator', passwordHash: await cheap.hash(PASSWORD, 'lin') })
  const signIn = new SignIn({
    db: store.db,
    adminToken,
    passwords,
    knownLocations: createKnownLocations({ db: store.db, adminToken, now, monotonic: now }),
    requireSecondFactor: false,
    now,
    refusals: { record: ({ where, reason }) => refused.push(`${where} ${reason}`) },
  })
  const enter = (given: { name?: string; password?: string; address?: string } = {}) =>
    signIn.withPassword({ name: 'lin', password: PASSWORD, address: '203.0.113.7', ...given })
  /** Signs in and returns the session cookie. */
  const cookieOf = async () => {
    const found = await enter()
    if (found.kind !== 'in') throw new Error(found.kind)
    return found.cookie
  }
  return { users, signIn, enter, cookieOf, verified, hash: cheap.hash }
}

describeOnBothStores('signing in', (store) => {
  describe('a user who signs in', () => {
    it('with name and password has a session for 12 hours', async () => {
      const { signIn, enter } = await setUp(store())
      const found = await enter({ name: ' LIN ' })
      expect(found).toMatchObject({ kind: 'in', principal: { actor: 'lin', role: 'operator' } })
      const cookie = found.kind === 'in' ? found.cookie : ''
      expect(cookie).toMatch(/^[\w-]{43}\.[0-9a-f]{32}$/)
      clock.at += 12 * HOUR - 1
      expect(await signIn.principalOf(cookie)).toMatchObject({ actor: 'lin', role: 'operator' })
      clock.at += 1
      expect(await signIn.principalOf(cookie)).toBeNull()
    })

    it('leaves neither the cookie nor the password in the store', async () => {
      const { cookieOf } = await setUp(store())
      const cookie = await cookieOf()
      const rows = JSON.stringify([
        await store().db.select().from(sessionRows),
        await store().db.select().from(userRows),
      ])
      expect(rows).not.toContain(cookie)
      expect(rows).not.toContain(PASSWORD)
    })

    it('with the admin token is an admin until the token changes', async () => {
      const { signIn } = await setUp(store())
      const found = await signIn.withToken({ token: ADMIN_TOKEN, address: null })
      const cookie = found.kind === 'in' ? found.cookie : ''
      expect(await signIn.principalOf(cookie)).toEqual({ actor: 'admin-token', role: 'admin' })
      await store().db.delete(userRows)
      const later = await setUp(store(), { adminToken: 'test-another-token' })
      expect(await later.signIn.principalOf(cookie)).toBeNull()
      for (const token of ['', 'wrong', `${ADMIN_TOKEN}x`])
        expect(await signIn.withToken({ token, address: null })).toEqual({ kind: 'wrong' })
    })

    it('is rejected with a wrong password, and an unknown name costs the same work', async () => {
      const { enter, users, verified, hash } = await setUp(store())
      await users.add({ name: 'gone', role: 'admin', passwordHash: await hash(PASSWORD, 'lin') })
      await users.change('gone', { disabled: true })
      expect(await enter({ password: `${PASSWORD}x` })).toEqual({ kind: 'wrong' })
      expect(await enter({ name: 'nobody' })).toEqual({ kind: 'wrong' })
      expect(await enter({ name: 'gone' })).toEqual({ kind: 'wrong' })
      expect(await enter({ name: 'admin-token', password: ADMIN_TOKEN })).toEqual({ kind: 'wrong' })
      expect(verified).toEqual([expect.stringContaining('$scrypt$'), null, null, null])
    })
  })

  describe('a session', () => {
    it('ends on the server when the user signs out, but other sessions do not', async () => {
      const { signIn, cookieOf } = await setUp(store())
      const [first, second] = [await cookieOf(), await cookieOf()]
      await signIn.signOut(first)
      expect(await signIn.principalOf(first)).toBeNull()
      expect(await signIn.principalOf(second)).not.toBeNull()
    })

    it('ends when the user is disabled, and stays ended when the user is enabled again', async () => {
      const { signIn, users, cookieOf } = await setUp(store())
      const cookie = await cookieOf()
      await users.change('lin', { disabled: true })
      expect(await signIn.principalOf(cookie)).toBeNull()
      await users.change('lin', { disabled: false })
      expect(await signIn.principalOf(cookie)).toBeNull()
      expect(await signIn.principalOf(await cookieOf())).not.toBeNull()
    })

    it('ends when the password changes, and when the user is removed', async () => {
      const { signIn, users, cookieOf, hash } = await setUp(store())
      const first = await cookieOf()
      await users.change('lin', { passwordHash: await hash(PASSWORD, 'lin') })
      expect(await signIn.principalOf(first)).toBeNull()
      const second = await cookieOf()
      await users.remove('lin')
      await users.add({ name: 'lin', role: 'admin', passwordHash: await hash(PASSWORD, 'lin') })
      expect(await signIn.principalOf(second)).toBeNull()
    })

    it('does not begin with a password that changed during its check', async () => {
      const cheap = createPasswords({ ln: 4, r: 1, p: 1 })
      const changing: { users?: Awaited<ReturnType<typeof setUp>>['users'] } = {}
      const slow: Passwords = {
        hash: cheap.hash,
        async verify(password, hash) {
          const right = await cheap.verify(password, hash)
          await changing.users?.change('lin', {
            passwordHash: await cheap.hash('test-another-password', 'lin'),
          })
          return right
        },
      }
      const { users, enter } = await setUp(store(), { cheap: slow })
      changing.users = users
      expect(await enter()).toEqual({ kind: 'wrong' })
      expect(await store().db.select().from(sessionRows)).toEqual([])
    })

    it('gets a changed role at once', async () => {
      const { signIn, users, cookieOf } = await setUp(store())
      const cookie = await cookieOf()
      await users.change('lin', { role: 'viewer' })
      expect(await signIn.principalOf(cookie)).toMatchObject({ actor: 'lin', role: 'viewer' })
    })

    it.each([undefined, '', 'made-up', 'x'.repeat(5_000)])(
      'does not exist for an invalid cookie (%#)',
      async (cookie) => {
        const { signIn } = await setUp(store())
        expect(await signIn.principalOf(cookie)).toBeNull()
      },
    )
  })

  describe('a client that guesses passwords', () => {
    const guess = (enter: Awaited<ReturnType<typeof setUp>>['enter'], address: string, name = 'lin') =>
      enter({ name, password: 'wrong', address })

    it('must wait after ten attempts, even with the right password, which is accepted after the wait', async () => {
      const { enter } = await setUp(store())
      for (let i = 0; i < 10; i++) expect((await guess(enter, '198.51.100.1')).kind).toBe('wrong')
      expect(await guess(enter, '198.51.100.1')).toEqual({ kind: 'wait', ms: 10_000 })
      expect(await enter({ address: '198.51.100.1' })).toEqual({ kind: 'wait', ms: 10_000 })
      expect((await enter({ address: '203.0.113.7' })).kind).toBe('in')
      clock.at += 10_000
      expect((await enter({ address: '198.51.100.1' })).kind).toBe('in')
    })

    it('has its simultaneous attempts counted', async () => {
      const { enter } = await setUp(store())
      const all = await Promise.all(Array.from({ length: 25 }, () => guess(enter, '198.51.100.2')))
      expect(all.filter((a) => a.kind === 'wrong')).toHaveLength(10)
    })

    it('must wait for a name that it tries from many addresses, but not for other names', async () => {
      const { enter, users, hash } = await setUp(store())
      await users.add({ name: 'mei', role: 'viewer', passwordHash: await hash(PASSWORD, 'lin') })
      for (let i = 0; i < 40; i++) expect((await guess(enter, `192.0.2.${i}`)).kind).toBe('wrong')
      expect(await guess(enter, '192.0.2.99')).toEqual({ kind: 'wait', ms: 30_000 })
      expect((await enter({ name: 'mei', address: '192.0.2.99' })).kind).toBe('in')
      clock.at += 30_000
      expect((await enter({ address: '192.0.2.99' })).kind).toBe('in')
    })

    it('must wait after wrong admin tokens, but the right token is accepted', async () => {
      const { signIn } = await setUp(store())
      const address = '198.51.100.3'
      for (let i = 0; i < 10; i++) await signIn.withToken({ token: `wrong-${i}`, address })
      expect(await signIn.withToken({ token: 'wrong', address })).toMatchObject({ kind: 'wait' })
      expect((await signIn.withToken({ token: ADMIN_TOKEN, address })).kind).toBe('in')
      clock.at += 10_000
      expect((await signIn.withToken({ token: 'wrong', address })).kind).toBe('wrong')
    })

    it('must wait in a whole IPv6 /48, whatever its /64', async () => {
      const { enter, users, hash } = await setUp(store())
      for (let i = 0; i < 8; i++)
        await users.add({ name: `user-${i}`, role: 'viewer', passwordHash: await hash(PASSWORD, 'x') })
      const from = (i: number) => `2001:db8:7:${i.toString(16)}::/64`
      const tries = await Promise.all(
        Array.from({ length: 60 }, (_, i) => guess(enter, from(i), `user-${i % 8}`)),
      )
      expect(tries.filter((t) => t.kind === 'wrong')).toHaveLength(30)
    })

    it.each([
      ['one network', 1],
      ['two networks', 2],
    ])('in %s never locks the user out at another address', async (_, networks) => {
      const { enter } = await setUp(store())
      const from = (i: number) => `2001:db8:${7 + (i % networks)}:${(i % 4_096).toString(16)}::/64`
      for (let i = 0; i < 2_000; i++) {
        await guess(enter, from(i))
        clock.at += 5_000
        if (i % 100 === 0) expect([i, (await enter({ address: '192.0.2.50' })).kind]).toEqual([i, 'in'])
      }
    })

    it('in two networks at full speed leaves attempts for the user, but not in three networks', async () => {
      const { enter } = await setUp(store())
      const use = async (network: number) => {
        for (let i = 0; i < 20; i++) await guess(enter, `2001:db8:${network}:${i.toString(16)}::/64`)
      }
      await use(1)
      await use(2)
      expect((await enter({ address: '192.0.2.50' })).kind).toBe('in')
      await use(3)
      expect(await enter({ address: '192.0.2.51' })).toMatchObject({ kind: 'wait' })
    })

    it('at many addresses locks the user out only where that name has never signed in', async () => {
      const { enter } = await setUp(store())
      expect((await enter({ address: '203.0.113.9' })).kind).toBe('in')
      for (let i = 0; i < 60; i++) await guess(enter, `192.0.2.${i}`)
      expect((await enter({ address: '198.51.100.77' })).kind).toBe('wait')
      expect((await enter({ address: '203.0.113.9' })).kind).toBe('in')
      // The same holds after a restart, and after another name has used up the attempts of the address.
      const restarted = await setUp(store(), { isNew: false })
      for (let i = 0; i < 60; i++) await guess(restarted.enter, `192.0.2.${i}`)
      for (let i = 0; i < 10; i++) await guess(restarted.enter, '203.0.113.9', 'somebody-else')
      expect((await restarted.enter({ name: 'else', address: '203.0.113.9' })).kind).toBe('wait')
      expect((await restarted.enter({ address: '203.0.113.9' })).kind).toBe('in')
      const stored = JSON.stringify(await store().db.select().from(signInLocations))
      expect(stored).not.toContain('203.0.113.9')
      // Guesses at that address are limited too, and then lock the user out there.
      for (let i = 0; i < 10; i++) expect((await guess(restarted.enter, '203.0.113.9')).kind).toBe('wrong')
      expect((await guess(restarted.enter, '203.0.113.9')).kind).toBe('wait')
    })

    it('with many requests delays neither known addresses nor, from one network, other networks', async () => {
      // Each check takes some 10 ms, so the queue is full when the other requests arrive.
      const slow = createPasswords({ ln: 12, r: 8, p: 1 })
      const { enter, users, hash } = await setUp(store(), { cheap: slow })
      await users.add({ name: 'mei', role: 'viewer', passwordHash: await hash(PASSWORD, 'mei') })
      expect((await enter({ address: '203.0.113.9' })).kind).toBe('in')
      const oneNetwork = Array.from({ length: 20 }, (_, i) =>
        guess(enter, `2001:db8:8:${i.toString(16)}::/64`, `nobody-${i}`),
      )
      expect((await enter({ name: 'mei', address: '198.51.100.20' })).kind).toBe('in')
      const everywhere = Array.from({ length: 40 }, (_, i) =>
        guess(enter, `2001:db8:${(i + 256).toString(16)}:1::/64`, `nobody-${i}`),
      )
      const lin = enter({ address: '203.0.113.9' })
      expect((await lin).kind).toBe('in')
      const kinds = (await Promise.all([...oneNetwork, ...everywhere])).map((a) => a.kind)
      expect(kinds).toContain('wait')
    })
  })
})

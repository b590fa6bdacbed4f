import { eq } from 'drizzle-orm'
import { beforeEach, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords/password-hash.ts'
import { createKnownLocations } from '../../src/auth/sign-in/known-locations.ts'
import { SecondFactor } from '../../src/auth/sign-in/second-factor.ts'
import { SignIn } from '../../src/auth/sign-in/sign-in.ts'
import { totpCode } from '../../src/auth/sign-in/totp.ts'
import { createSealer } from '../../src/store/encryption/sealer.ts'
import { recoveryCodes, sessions, users as userRows } from '../../src/store/schema.ts'
import { listAudit } from '../../src/store/users/audit-log.ts'
import { disableSecondFactor } from '../../src/store/users/second-factors.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const PASSWORD = 'test-lins-password'
const HOME = '203.0.113.7'
const STEP = 30_000
const clock = { at: 1_800_000_000_000 }
const now = () => clock.at
const passwords = createPasswords({ ln: 4, r: 1, p: 1 })

describeOnBothStores('the second factor', (store) => {
  const refused: string[] = []
  const setUp = ({ requireSecondFactor = false, beforeLocations = async (): Promise<void> => {} } = {}) => {
    const { db } = store()
    const locations = createKnownLocations({ db, adminToken: 'test-admin-token', now, monotonic: now })
    const deps = {
      db,
      adminToken: 'test-admin-token',
      passwords,
      knownLocations: {
        ...locations,
        has: async (name: string, address: string | null) => {
          await beforeLocations()
          return locations.has(name, address)
        },
      },
      requireSecondFactor,
      now,
      refusals: {
        record: ({ where, reason }: { where: string; reason: string }) =>
          void refused.push(`${where} ${reason}`),
      },
    }
    const signIn = new SignIn(deps)
    const step = new SecondFactor({ ...deps, sealer: createSealer('test-key') })
    const enter = (address = HOME) => signIn.withPassword({ name: 'lin', password: PASSWORD, address })
    /** The cookie of a browser whose second factor is pending. */
    const owing = async (address = HOME) => {
      const found = await enter(address)
      if (found.kind !== 'second-factor') throw new Error(found.kind)
      return found.cookie
    }
    const enrol = async () => {
      const { secret, sealed } = step.enrolments.create('lin')
      const given = { sealed, code: totpCode(secret, now()), session: '', address: HOME }
      const done = await step.enable('lin', given)
      if (done.kind !== 'set') throw new Error(done.kind)
      clock.at += STEP
      return { secret, recovery: done.recoveryCodes }
    }
    return { db, signIn, step, enter, owing, enrol, users: createUserStore(db, now) }
  }
  beforeEach(async () => {
    // Limits are of a process, and each test has its own; time goes on.
    clock.at += 86_400_000
    refused.length = 0
    await createUserStore(store().db, now).add({
      name: 'lin',
      role: 'operator',
      passwordHash: await passwords.hash(PASSWORD, 'lin'),
    })
  })

  it('is not asked for until it is set up; then the password alone opens nothing', async () => {
    const { enter, enrol, owing, signIn, step } = setUp()
    expect((await enter()).kind).toBe('in')
    const { secret } = await enrol()
    const cookie = await owing()
    expect(await signIn.principalOf(cookie)).toBeNull()
    const found = await step.withCode({ cookie, code: totpCode(secret, now()), address: HOME })
    expect(found).toMatchObject({
      kind: 'in',
      principal: { actor: 'lin', role: 'operator' },
      recoveryCodes: null,
    })
    const session = found.kind === 'in' ? found.cookie : ''
    expect(await signIn.principalOf(session)).toMatchObject({ actor: 'lin', role: 'operator' })
    expect(await step.withCode({ cookie, code: totpCode(secret, now()), address: HOME })).toEqual({
      kind: 'over',
    })
  })

  it('is kept sealed, and recovery codes as hashes', async () => {
    const { enrol, db } = setUp()
    const { secret, recovery } = await enrol()
    expect(new Set(recovery).size).toBe(10)
    const stored = JSON.stringify([await db.select().from(userRows), await db.select().from(recoveryCodes)])
    for (const shown of [secret, ...recovery, ...recovery.map((r) => r.replace(/-/g, ''))])
      expect(stored).not.toContain(shown)
  })

  it('takes a code once, also where two browsers show it at the same time, and none from before it', async () => {
    const { enrol, owing, step } = setUp()
    const { secret } = await enrol()
    const cookies = [await owing(), await owing(), await owing()]
    const code = totpCode(secret, now())
    const shown = await Promise.all(cookies.map((cookie) => step.withCode({ cookie, code, address: HOME })))
    expect(shown.filter((s) => s.kind === 'in')).toHaveLength(1)
    const before = totpCode(secret, now() - STEP)
    expect((await step.withCode({ cookie: await owing(), code: before, address: HOME })).kind).toBe('wrong')
    clock.at += STEP
    const next = totpCode(secret, now())
    expect((await step.withCode({ cookie: await owing(), code: next, address: HOME })).kind).toBe('in')
  })

  it('signs in once where a form is sent twice: the second is over, and no try is lost', async () => {
    const { enrol, owing, step } = setUp()
    const { secret } = await enrol()
    // More than there are tries: none of the second clicks may cost one.
    for (let i = 0; i < 7; i++) {
      const shown = { cookie: await owing(), code: totpCode(secret, now()), address: HOME }
      const kinds = await Promise.all([step.withCode(shown), step.withCode(shown)])
      expect([i, kinds.map((k) => k.kind).sort()]).toEqual([i, ['in', 'over']])
      clock.at += STEP
    }
    expect(refused).toEqual([])
  })

  it('is over, and costs no try, where the first click is answered while the second is on its way', async () => {
    let meanwhile: (() => Promise<void>) | null = null
    const { enrol, owing, step } = setUp({
      beforeLocations: async () => {
        const first = meanwhile
        meanwhile = null
        await first?.()
      },
    })
    const { secret } = await enrol()
    for (let i = 0; i < 7; i++) {
      const shown = { cookie: await owing(), code: totpCode(secret, now()), address: HOME }
      const kinds: string[] = []
      // The second click has found its challenge; then the first is answered.
      meanwhile = async () => void kinds.push((await step.withCode(shown)).kind)
      kinds.push((await step.withCode(shown)).kind)
      expect([i, kinds]).toEqual([i, ['in', 'over']])
      clock.at += STEP
    }
    expect(refused).toEqual([])
  })

  it('is set up once where the form is sent twice', async () => {
    const { step } = setUp()
    const { secret, sealed } = step.enrolments.create('lin')
    const given = { sealed, code: totpCode(secret, now()), session: '', address: HOME }
    const kinds = await Promise.all([step.enable('lin', given), step.enable('lin', given)])
    expect(kinds.map((k) => k.kind).sort()).toEqual(['is-set', 'set'])
    expect(refused).toEqual([])
  })

  it('takes the code of a clock that is a step off, and of no more', async () => {
    const { enrol, owing, step } = setUp()
    const { secret } = await enrol()
    clock.at += 10 * STEP
    for (const [off, kind] of [
      [-2, 'wrong'],
      [2, 'wrong'],
      [-1, 'in'],
      [1, 'in'],
    ] as const) {
      const code = totpCode(secret, now() + off * STEP)
      const found = await step.withCode({ cookie: await owing(), code, address: HOME })
      expect([off, found.kind]).toEqual([off, kind])
    }
  })

  it('takes each recovery code once, however it is typed', async () => {
    const { enrol, owing, step, db } = setUp()
    const { recovery } = await enrol()
    const [first = ''] = recovery
    for (const [typed, kind] of [
      [first.toLowerCase().replace(/-/g, ' '), 'in'],
      [first, 'wrong'],
      ['0000-0000-0000-0000', 'wrong'],
    ] as const)
      expect((await step.withCode({ cookie: await owing(), code: typed, address: HOME })).kind).toBe(kind)
    const entries = await listAudit(db, { after: null, limit: 50 })
    expect(entries.find((e) => e.action === 'session.begin')).toMatchObject({
      details: { secondFactor: 'recovery-code', left: 9 },
    })
  })

  it('is not guessed: five codes, then the password again, and one code in two minutes', async () => {
    const { enrol, owing, step } = setUp()
    const { secret } = await enrol()
    const cookie = await owing('198.51.100.1')
    const kinds = await Promise.all(
      Array.from({ length: 20 }, () => step.withCode({ cookie, code: '000000', address: '198.51.100.1' })),
    )
    expect(kinds.filter((k) => k.kind === 'wrong').length).toBeLessThanOrEqual(5)
    expect(refused).toContain('second-factor wrong')
    expect(refused).toContain('second-factor wait')
    const newCookie = await owing('198.51.100.2')
    const right = () => totpCode(secret, now())
    expect(await step.withCode({ cookie: newCookie, code: right(), address: '198.51.100.2' })).toMatchObject({
      kind: 'wait',
    })
    // The person is not kept out where the person has signed in.
    expect((await step.withCode({ cookie: await owing(), code: right(), address: HOME })).kind).toBe('wait')
    clock.at += 120_000
    const later = await owing('198.51.100.2')
    expect((await step.withCode({ cookie: later, code: right(), address: '198.51.100.2' })).kind).toBe('in')
    for (let i = 0; i < 20; i++)
      await step.withCode({ cookie: await owing('198.51.100.9'), code: '000000', address: '198.51.100.9' })
    clock.at += STEP
    const known = await owing('198.51.100.2')
    expect((await step.withCode({ cookie: known, code: right(), address: '198.51.100.2' })).kind).toBe('in')
  })

  it('is set up before anything opens where everybody needs one, and the codes for its loss are shown', async () => {
    const { owing, step, signIn, db } = setUp({ requireSecondFactor: true })
    const cookie = await owing()
    expect(await step.pendingChallenge(cookie)).toMatchObject({ needs: 'enrolment' })
    expect(await signIn.principalOf(cookie)).toBeNull()
    const { secret, sealed, uri } = step.enrolments.create('lin')
    expect(uri).toMatch(/^otpauth:\/\/totp\/FollowerNurture:lin\?.*secret=/)
    const address = HOME
    expect((await step.withEnrolment({ cookie, sealed, code: '000000', address })).kind).toBe('wrong')
    expect(await db.select().from(sessions)).toEqual([])
    const code = totpCode(secret, now())
    const found = await step.withEnrolment({ cookie, sealed, code, address })
    expect(found).toMatchObject({ kind: 'in', recoveryCodes: expect.any(Array) })
    expect(await step.pendingChallenge(await owing())).toMatchObject({ needs: 'code' })
    // The code that confirmed it was used.
    expect((await step.withCode({ cookie: await owing(), code, address })).kind).toBe('wrong')
  })

  it('is not set up with what another page, person or hour has shown', async () => {
    const { owing, step } = setUp({ requireSecondFactor: true })
    const cookie = await owing()
    const otherEnrolment = step.enrolments.create('mei')
    const address = HOME
    for (const sealed of [otherEnrolment.sealed, '', 'v2.made.up.by.somebody', `${otherEnrolment.sealed}x`]) {
      const code = totpCode(otherEnrolment.secret, now())
      expect((await step.withEnrolment({ cookie, sealed, code, address })).kind).not.toBe('in')
    }
    const own = step.enrolments.create('lin')
    clock.at += 11 * 60_000
    const late = { cookie: await owing(), sealed: own.sealed, code: totpCode(own.secret, now()), address }
    expect((await step.withEnrolment(late)).kind).toBe('wrong')
  })

  it('is removed by its owner with a code, or by an admin, which ends the sessions', async () => {
    const { enrol, owing, enter, step, signIn, db } = setUp()
    const { secret } = await enrol()
    const found = await step.withCode({ cookie: await owing(), code: totpCode(secret, now()), address: HOME })
    const session = found.kind === 'in' ? found.cookie : ''
    clock.at += STEP
    expect(await step.disable('lin', { code: '000000', address: HOME })).toEqual({ kind: 'wrong' })
    expect(await step.disable('lin', { code: totpCode(secret, now()), address: HOME })).toEqual({
      kind: 'removed',
    })
    expect(await signIn.principalOf(session)).not.toBeNull()
    expect((await enter()).kind).toBe('in')
    await enrol()
    const waiting = await owing()
    expect(await db.transaction((tx) => disableSecondFactor(tx, 'lin', now(), { endSessions: true }))).toBe(
      true,
    )
    expect(await signIn.principalOf(session)).toBeNull()
    expect(await step.pendingChallenge(waiting)).toBeNull()
    expect(await db.select().from(recoveryCodes)).toEqual([])
    expect((await enter()).kind).toBe('in')
  })

  it('is no longer pending after a new password, or when the user is disabled', async () => {
    const { enrol, owing, step, users, db } = setUp()
    const { secret } = await enrol()
    const cookie = await owing()
    await users.change('lin', { passwordHash: await passwords.hash(PASSWORD, 'lin') })
    const code = () => totpCode(secret, now())
    expect((await step.withCode({ cookie, code: code(), address: HOME })).kind).toBe('over')
    const second = await owing()
    await users.change('lin', { disabled: true })
    expect((await step.withCode({ cookie: second, code: code(), address: HOME })).kind).toBe('over')
    expect(await db.select().from(sessions).where(eq(sessions.userName, 'lin'))).toEqual([])
  })
})

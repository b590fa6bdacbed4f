import { describe, expect, it } from 'vitest'
import { createPasswords, PasswordRefusedError } from './password-hash.ts'
import { BusyError } from './round-robin-queue.ts'

/** Cheap costs: these tests do not depend on them. */
const passwords = createPasswords({ ln: 4, r: 1, p: 1 })
const PASSWORD = 'test-correct-horse-1'

describe('a password', () => {
  it('is stored as a hash with its costs and its own salt', async () => {
    const [one, two] = await Promise.all([passwords.hash(PASSWORD, 'lin'), passwords.hash(PASSWORD, 'lin')])
    expect(one).toMatch(/^\$scrypt\$ln=4,r=1,p=1\$[\w-]{22}\$[\w-]{43}$/)
    expect(one).not.toBe(two)
    expect(await createPasswords().hash(PASSWORD, 'lin')).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/)
  })

  it('matches its hash, and other texts do not', async () => {
    const hash = await passwords.hash(PASSWORD, 'lin')
    expect(await passwords.verify(PASSWORD, hash)).toBe(true)
    for (const wrong of ['', `${PASSWORD} `, PASSWORD.toUpperCase(), hash])
      expect(await passwords.verify(wrong, hash)).toBe(false)
  })

  it('matches a hash with earlier costs', async () => {
    const hash = await passwords.hash(PASSWORD, 'lin')
    expect(await createPasswords({ ln: 5, r: 2, p: 1 }).verify(PASSWORD, hash)).toBe(true)
  })

  it('matches in full-width and composed spellings', async () => {
    expect(
      await passwords.verify('１２３-密码-ﬁre-horse', await passwords.hash('123-密码-fire-horse', 'lin')),
    ).toBe(true)
  })

  it('of an unknown user is refused after the same work', async () => {
    expect(await passwords.verify(PASSWORD, null)).toBe(false)
  })

  it('is refused when too many checks are queued', async () => {
    const tries = Array.from({ length: 50 }, () => passwords.verify(PASSWORD, null))
    const ends = await Promise.allSettled(tries)
    const refused = ends.filter((e) => e.status === 'rejected')
    expect(refused).toHaveLength(50 - 1 - 30)
    expect(refused.every((e) => e.reason instanceof BusyError)).toBe(true)
  })

  it('is checked and hashed while anonymous clients fill their own queue', async () => {
    const hash = await passwords.hash(PASSWORD, 'lin')
    const network = (n: number) => ({ isKnown: false, queueKey: `2001:db8:${n}::/48` })
    const anonymous = Array.from({ length: 50 }, (_, n) => passwords.verify(PASSWORD, null, network(n)))
    const ends = Promise.allSettled(anonymous)
    expect(await passwords.verify(PASSWORD, hash, { isKnown: true, queueKey: 'lin' })).toBe(true)
    await Promise.all(Array.from({ length: 20 }, () => passwords.hash(PASSWORD, 'mei')))
    expect((await ends).filter((e) => e.status === 'rejected')).toHaveLength(50 - 1 - 30)
  })

  it('that breaks a rule gets no hash, so it cannot be stored', async () => {
    await expect(passwords.hash('password1234', 'lin')).rejects.toBeInstanceOf(PasswordRefusedError)
    await expect(passwords.hash('Lin.Xiaoyu-Ops', 'lin.xiaoyu-ops')).rejects.toThrow('must not be the name')
  })
})

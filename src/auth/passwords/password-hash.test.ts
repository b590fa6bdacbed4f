import { describe, expect, it } from 'vitest'
import { BusyError } from './fair-queue.ts'
import { createPasswords, PasswordRefusedError } from './password-hash.ts'

/** Cheap ones: what is asked here does not hang on the costs. */
const passwords = createPasswords({ ln: 4, r: 1, p: 1 })
const PASSWORD = 'test-correct-horse-1'

describe('a password', () => {
  it('is kept as a hash with its costs and a salt of its own', async () => {
    const [one, two] = await Promise.all([passwords.hash(PASSWORD, 'lin'), passwords.hash(PASSWORD, 'lin')])
    expect(one).toMatch(/^\$scrypt\$ln=4,r=1,p=1\$[\w-]{22}\$[\w-]{43}$/)
    expect(one).not.toBe(two)
    expect(await createPasswords().hash(PASSWORD, 'lin')).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/)
  })

  it('opens, and nothing else does', async () => {
    const hash = await passwords.hash(PASSWORD, 'lin')
    expect(await passwords.verify(PASSWORD, hash)).toBe(true)
    for (const wrong of ['', `${PASSWORD} `, PASSWORD.toUpperCase(), hash])
      expect(await passwords.verify(wrong, hash)).toBe(false)
  })

  it('opens with the costs that it was hashed with, when the costs have changed since', async () => {
    const hash = await passwords.hash(PASSWORD, 'lin')
    expect(await createPasswords({ ln: 5, r: 2, p: 1 }).verify(PASSWORD, hash)).toBe(true)
  })

  it('is the same however its characters were typed', async () => {
    expect(
      await passwords.verify('１２３-密码-ﬁre-horse', await passwords.hash('123-密码-fire-horse', 'lin')),
    ).toBe(true)
  })

  it('of nobody is refused after the same work', async () => {
    expect(await passwords.verify(PASSWORD, null)).toBe(false)
  })

  it('is not tried by more at once than the process can bear', async () => {
    const tries = Array.from({ length: 50 }, () => passwords.verify(PASSWORD, null))
    const ends = await Promise.allSettled(tries)
    const turnedAway = ends.filter((e) => e.status === 'rejected')
    expect(turnedAway).toHaveLength(50 - 1 - 30)
    expect(turnedAway.every((e) => e.reason instanceof BusyError)).toBe(true)
  })

  it('is looked at, and made, while strangers fill their own queue', async () => {
    const hash = await passwords.hash(PASSWORD, 'lin')
    const network = (n: number) => ({ isKnown: false, fairnessKey: `2001:db8:${n}::/48` })
    const strangers = Array.from({ length: 50 }, (_, n) => passwords.verify(PASSWORD, null, network(n)))
    const ends = Promise.allSettled(strangers)
    expect(await passwords.verify(PASSWORD, hash, { isKnown: true, fairnessKey: 'lin' })).toBe(true)
    await Promise.all(Array.from({ length: 20 }, () => passwords.hash(PASSWORD, 'mei')))
    expect((await ends).filter((e) => e.status === 'rejected')).toHaveLength(50 - 1 - 30)
  })

  it('that the rules do not allow has no hash: nobody can store it', async () => {
    await expect(passwords.hash('password1234', 'lin')).rejects.toBeInstanceOf(PasswordRefusedError)
    await expect(passwords.hash('Lin.Xiaoyu-Ops', 'lin.xiaoyu-ops')).rejects.toThrow('must not be the name')
  })
})

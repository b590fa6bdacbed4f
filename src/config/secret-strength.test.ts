import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, requireProduction } from './config.ts'
import { MIN_SECRET_LENGTH, weakness } from './secret-strength.ts'

const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-strength-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const GOOD = {
  DATABASE_URL: 'postgres://test@127.0.0.1:9/test',
  ADMIN_TOKEN: 'test-admin-token',
  ENCRYPTION_KEY: 'test-encryption-key-of-the-tests',
}
const production = (env: Record<string, string | undefined>) =>
  requireProduction(loadConfig({ ...GOOD, ...env }))

describe('a secret of a production role that can be guessed', () => {
  it.each([
    ['ENCRYPTION_KEY', 'a'],
    ['ENCRYPTION_KEY', 'test-encryption-key-31-chars-te'],
    ['ENCRYPTION_KEY', '密钥密钥'],
    ['ENCRYPTION_KEY', `${' '.repeat(40)}short`],
    ['ENCRYPTION_KEY', 'x'.repeat(64)],
    ['ENCRYPTION_KEY', 'abab'.repeat(16)],
    ['ENCRYPTION_KEY', '0123456789abcdef0123456789abcdef'],
    ['ENCRYPTION_KEY', 'changeme'.repeat(4)],
    ['ENCRYPTION_KEY', 'Password'.repeat(5)],
    ['ENCRYPTION_KEY', 'changeme1changeme2changeme3changeme4'],
    ['ENCRYPTION_KEY', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['ENCRYPTION_KEY', '0123456789abcdefghijklmnopqrstuv'],
    ['ENCRYPTION_KEY', 'zyxwvutsrqponmlkjihgfedcba9876543210'],
    ['ENCRYPTION_KEY', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
    ['ENCRYPTION_KEY', '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,'],
    ['ADMIN_TOKEN', 'password'.repeat(2)],
    ['ADMIN_TOKEN', 'abc123'.repeat(3)],
    ['ADMIN_TOKEN', '0123456789abcdef'],
    ['ADMIN_TOKEN', 'admin'],
    ['ADMIN_TOKEN', 'test-token-of-15'.slice(0, 15)],
    ['ADMIN_TOKEN', '1'.repeat(40)],
  ])('%s=%s is refused with advice, and is not shown', (name, value) => {
    expect(() => production({ [name]: value })).toThrow(ConfigError)
    expect(() => production({ [name]: value })).toThrow(`${name} `)
    expect(() => production({ [name]: value })).toThrow('openssl rand -base64 32')
    if (value.length > 4) expect(() => production({ [name]: value })).not.toThrow(value)
    const file = join(folder, name)
    writeFileSync(file, `${value}\n`)
    expect(() => production({ [name]: undefined, [`${name}_FILE`]: file })).toThrow('openssl rand -base64 32')
  })

  it('is refused when both secrets are equal', () => {
    const both = randomBytes(32).toString('base64')
    expect(() => production({ ENCRYPTION_KEY: both, ADMIN_TOKEN: both })).toThrow(
      'ENCRYPTION_KEY and ADMIN_TOKEN are the same',
    )
    expect(() => production({ ENCRYPTION_KEY: both, ADMIN_TOKEN: ` ${both}` })).toThrow(ConfigError)
    expect(() => production({ ENCRYPTION_KEY: both, ADMIN_TOKEN: both })).not.toThrow(both)
    expect(production({ ENCRYPTION_KEY: both, ADMIN_TOKEN: `${both}2` }).encryptionKey).toBe(both)
  })

  it('is reported together with the others', () => {
    expect(() => production({ ENCRYPTION_KEY: 'a', ADMIN_TOKEN: 'b' })).toThrow(
      /ENCRYPTION_KEY has 1 characters[\s\S]*ADMIN_TOKEN has 1 characters/,
    )
  })

  it('is accepted in ENCRYPTION_KEY_PREVIOUS, so that a store can be reencrypted', () => {
    expect(production({ ENCRYPTION_KEY_PREVIOUS: 'a, b' }).encryptionKey).toBe(GOOD.ENCRYPTION_KEY)
  })
})

describe('a generated secret', () => {
  it('is accepted', () => {
    const generated = fc
      .constantFrom('base64', 'base64url', 'hex')
      .map((as) => randomBytes(32).toString(as as 'hex'))
    fc.assert(
      fc.property(generated, (secret) => {
        expect(weakness('ENCRYPTION_KEY', secret)).toBeNull()
        expect(weakness('ADMIN_TOKEN', secret)).toBeNull()
      }),
    )
    // 16 bytes as hexadecimal digits are the fewest that are accepted.
    const refused = Array.from({ length: 5_000 }, () => randomBytes(16).toString('hex')).filter(
      (secret) => weakness('ENCRYPTION_KEY', secret) !== null,
    )
    expect(refused).toEqual([])
    // As `npm start` generates it.
    expect(weakness('ENCRYPTION_KEY', randomBytes(24).toString('base64url'))).toBeNull()
    expect(MIN_SECRET_LENGTH.ENCRYPTION_KEY).toBe(32)
  })
})

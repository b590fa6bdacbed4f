import { createCipheriv, hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSealer } from './sealer.ts'

/** As the first versions wrote it. */
function sealedV1(plain: string, encryptionKey: string): string {
  const key = Buffer.from(hkdfSync('sha256', encryptionKey, 'follower-nurture', 'secrets', 32))
  const iv = Buffer.alloc(12, 7)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const text = Buffer.concat([cipher.update(plain), cipher.final()])
  return `v1.${[iv, cipher.getAuthTag(), text].map((p) => p.toString('base64url')).join('.')}`
}

describe('a sealed secret', () => {
  it('opens under its key and shows nothing without it', () => {
    const sealer = createSealer('test-key')
    const sealed = sealer.seal('秘密 secret')
    expect(sealed).not.toContain('secret')
    expect(sealed.startsWith(sealer.currentPrefix)).toBe(true)
    expect(sealer.open(sealed)).toBe('秘密 secret')
    expect(() => createSealer('another key').open(sealed)).toThrow(/ENCRYPTION_KEY_PREVIOUS/)
  })

  it('opens under a previous key too, with its id and without', () => {
    const both = createSealer('new-test-key', ['older-test-key', 'old-test-key'])
    expect(both.open(createSealer('old-test-key').seal('a'))).toBe('a')
    expect(both.open(sealedV1('b', 'older-test-key'))).toBe('b')
    expect(both.open(sealedV1('c', 'new-test-key'))).toBe('c')
    expect(both.seal('d').startsWith(createSealer('new-test-key').currentPrefix)).toBe(true)
  })

  it.each(['', 'v1', 'v2.x', 'v3.a.b.c', 'v2....'])('refuses %j', (text) => {
    expect(() => createSealer('test-key').open(text)).toThrow(/cannot be opened/)
  })
})

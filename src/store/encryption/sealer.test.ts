import { describe, expect, it } from 'vitest'
import { createSealer } from './sealer.ts'

describe('a sealed secret', () => {
  it('is decrypted with its key only', () => {
    const sealer = createSealer('test-key')
    const sealed = sealer.seal('秘密 secret')
    expect(sealed).not.toContain('secret')
    expect(sealed.startsWith(sealer.currentPrefix)).toBe(true)
    expect(sealer.open(sealed)).toBe('秘密 secret')
    expect(() => createSealer('another key').open(sealed)).toThrow(/ENCRYPTION_KEY_PREVIOUS/)
  })

  it('is decrypted with a previous key too', () => {
    const both = createSealer('new-test-key', ['older-test-key', 'old-test-key'])
    expect(both.open(createSealer('old-test-key').seal('a'))).toBe('a')
    expect(both.open(createSealer('older-test-key').seal('b'))).toBe('b')
    expect(both.open(createSealer('new-test-key').seal('c'))).toBe('c')
    expect(both.seal('d').startsWith(createSealer('new-test-key').currentPrefix)).toBe(true)
  })

  it.each(['', 'v1', 'v1.a.b.c', 'v2.x', 'v3.a.b.c', 'v2....'])('refuses %j', (text) => {
    expect(() => createSealer('test-key').open(text)).toThrow(/cannot be decrypted/)
  })
})

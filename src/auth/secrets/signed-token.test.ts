import { describe, expect, it } from 'vitest'
import { createSignedTokens } from './signed-token.ts'

const tokens = createSignedTokens('test-key', 'session')

describe('a signed token', () => {
  it('is genuine, and different each time', () => {
    const made = Array.from({ length: 50 }, () => tokens.issue())
    expect(new Set(made).size).toBe(50)
    expect(made.every((secret) => tokens.isGenuine(secret))).toBe(true)
    expect(createSignedTokens('test-key', 'session').isGenuine(made[0] ?? '')).toBe(true)
  })

  it('needs no encoding in a cookie or a URL', () => {
    const secret = tokens.issue()
    expect(encodeURIComponent(secret)).toBe(secret)
  })

  it('is not genuine for another key or purpose', () => {
    const secret = tokens.issue()
    expect(createSignedTokens('test-key-2', 'session').isGenuine(secret)).toBe(false)
    expect(createSignedTokens('test-key', 'challenge').isGenuine(secret)).toBe(false)
  })

  it('is not genuine if a character is changed, missing or added', () => {
    const secret = tokens.issue()
    for (let at = 0; at < secret.length; at++) {
      const other = secret[at] === '0' ? '1' : '0'
      expect(tokens.isGenuine(secret.slice(0, at) + other + secret.slice(at + 1))).toBe(false)
      expect(tokens.isGenuine(secret.slice(0, at) + secret.slice(at + 1))).toBe(false)
    }
    for (const invalid of [`${secret}0`, ` ${secret}`, `${secret}\n`, '', '.', secret.toUpperCase()])
      expect(tokens.isGenuine(invalid)).toBe(false)
  })
})

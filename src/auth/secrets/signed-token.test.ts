import { describe, expect, it } from 'vitest'
import { createSignedTokens } from './signed-token.ts'

const secrets = createSignedTokens('test-key', 'session')

describe('a marked secret', () => {
  it('is its maker’s own, and another one each time', () => {
    const made = Array.from({ length: 50 }, () => secrets.issue())
    expect(new Set(made).size).toBe(50)
    expect(made.every((secret) => secrets.isGenuine(secret))).toBe(true)
    expect(createSignedTokens('test-key', 'session').isGenuine(made[0] ?? '')).toBe(true)
  })

  it('fits into a cookie and an address as it is', () => {
    const secret = secrets.issue()
    expect(encodeURIComponent(secret)).toBe(secret)
  })

  it('is none of another key or purpose', () => {
    const secret = secrets.issue()
    expect(createSignedTokens('test-key-2', 'session').isGenuine(secret)).toBe(false)
    expect(createSignedTokens('test-key', 'challenge').isGenuine(secret)).toBe(false)
  })

  it('is none when any character is changed, missing or added', () => {
    const secret = secrets.issue()
    for (let at = 0; at < secret.length; at++) {
      const other = secret[at] === '0' ? '1' : '0'
      expect(secrets.isGenuine(secret.slice(0, at) + other + secret.slice(at + 1))).toBe(false)
      expect(secrets.isGenuine(secret.slice(0, at) + secret.slice(at + 1))).toBe(false)
    }
    for (const more of [`${secret}0`, ` ${secret}`, `${secret}\n`, '', '.', secret.toUpperCase()])
      expect(secrets.isGenuine(more)).toBe(false)
  })
})

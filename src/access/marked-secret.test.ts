import { describe, expect, it } from 'vitest'
import { createMarkedSecrets } from './marked-secret.ts'

const secrets = createMarkedSecrets('test-key', 'session')

describe('a marked secret', () => {
  it('is its maker’s own, and another one each time', () => {
    const made = Array.from({ length: 50 }, () => secrets.make())
    expect(new Set(made).size).toBe(50)
    expect(made.every((secret) => secrets.isOwn(secret))).toBe(true)
    expect(createMarkedSecrets('test-key', 'session').isOwn(made[0] ?? '')).toBe(true)
  })

  it('fits into a cookie and an address as it is', () => {
    const secret = secrets.make()
    expect(encodeURIComponent(secret)).toBe(secret)
  })

  it('is none of another key or purpose', () => {
    const secret = secrets.make()
    expect(createMarkedSecrets('test-key-2', 'session').isOwn(secret)).toBe(false)
    expect(createMarkedSecrets('test-key', 'challenge').isOwn(secret)).toBe(false)
  })

  it('is none when any character is changed, missing or added', () => {
    const secret = secrets.make()
    for (let at = 0; at < secret.length; at++) {
      const other = secret[at] === '0' ? '1' : '0'
      expect(secrets.isOwn(secret.slice(0, at) + other + secret.slice(at + 1))).toBe(false)
      expect(secrets.isOwn(secret.slice(0, at) + secret.slice(at + 1))).toBe(false)
    }
    for (const more of [`${secret}0`, ` ${secret}`, `${secret}\n`, '', '.', secret.toUpperCase()])
      expect(secrets.isOwn(more)).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { SimTokens } from './tokens.ts'

const T0 = Date.parse('2026-11-23T08:00:00Z')
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Requests a stable token and expects one. */
function get(tokens: SimTokens, now: number, force = false) {
  const answer = tokens.stableToken(now, force)
  if ('errcode' in answer) throw new Error(`refused with ${answer.errcode}`)
  return answer
}

describe('a stable token', () => {
  it('is the same for every caller during its lifetime', () => {
    const tokens = new SimTokens()
    const first = get(tokens, T0)
    expect(first.expires_in).toBe(7_200)
    const later = get(tokens, T0 + HOUR)
    expect(later).toEqual({ access_token: first.access_token, expires_in: 3_600 })
    expect(tokens.requestCounts).toEqual({ normal: 2, force: 0, plain: 0 })
  })

  it('is replaced in its last five minutes, and both tokens are valid until the old one expires', () => {
    const tokens = new SimTokens()
    const first = get(tokens, T0).access_token
    expect(get(tokens, T0 + 115 * MINUTE - 1).access_token).toBe(first)
    const second = get(tokens, T0 + 115 * MINUTE)
    expect(second.access_token).not.toBe(first)
    expect(second.expires_in).toBe(7_200)
    const check = (value: string, minutes: number) => tokens.check(value, T0 + minutes * MINUTE)
    expect([check(first, 119), check(second.access_token, 119)]).toEqual([0, 0])
    expect([check(first, 120), check(second.access_token, 120)]).toEqual([42001, 0])
  })

  it('is valid for at least five minutes when it is issued', () => {
    const tokens = new SimTokens()
    for (let minutes = 0; minutes < 600; minutes++) {
      expect(get(tokens, T0 + minutes * MINUTE).expires_in).toBeGreaterThanOrEqual(300)
    }
  })

  it('expires after two hours without a refresh', () => {
    const tokens = new SimTokens()
    const { access_token: token } = get(tokens, T0)
    expect(tokens.check(token, T0 + 2 * HOUR - 1)).toBe(0)
    expect(tokens.check(token, T0 + 2 * HOUR)).toBe(42001)
  })
})

describe('a forced refresh', () => {
  it('invalidates the previous token at once', () => {
    const tokens = new SimTokens()
    const first = get(tokens, T0).access_token
    const second = get(tokens, T0 + MINUTE, true).access_token
    expect(second).not.toBe(first)
    expect(tokens.check(first, T0 + MINUTE)).toBe(40001)
    expect(tokens.check(second, T0 + MINUTE)).toBe(0)
    expect(get(tokens, T0 + MINUTE).access_token).toBe(second)
  })

  it('is rejected within 30 s of the last one, and the token stays valid', () => {
    const tokens = new SimTokens()
    const first = get(tokens, T0, true).access_token
    expect(tokens.stableToken(T0 + 30 * SECOND - 1, true)).toEqual({ errcode: 45011 })
    expect(tokens.check(first, T0 + 30 * SECOND)).toBe(0)
    expect(get(tokens, T0 + 30 * SECOND, true).access_token).not.toBe(first)
  })

  it('is allowed 20 times a day', () => {
    const tokens = new SimTokens()
    for (let i = 0; i < 20; i++) get(tokens, T0 + i * MINUTE, true)
    expect(tokens.stableToken(T0 + 20 * MINUTE, true)).toEqual({ errcode: 45009 })
    expect(tokens.stableToken(T0 + 24 * HOUR - 1, true)).toEqual({ errcode: 45009 })
    expect(tokens.stableToken(T0 + 24 * HOUR, true)).toHaveProperty('access_token')
    expect(tokens.requestCounts.force).toBe(23)
  })
})

describe('an invalidated token', () => {
  it('is replaced by the next normal request', () => {
    const tokens = new SimTokens()
    const first = get(tokens, T0).access_token
    tokens.invalidate()
    expect(tokens.check(first, T0)).toBe(40001)
    const second = get(tokens, T0).access_token
    expect(second).not.toBe(first)
    expect(tokens.check(second, T0)).toBe(0)
  })

  it('is returned again by a normal request when it is sticky, until a forced refresh', () => {
    const tokens = new SimTokens()
    const first = get(tokens, T0).access_token
    tokens.invalidate(true)
    expect(get(tokens, T0).access_token).toBe(first)
    expect(tokens.check(first, T0)).toBe(40001)
    expect(tokens.check(get(tokens, T0, true).access_token, T0)).toBe(0)
  })

  it('does not have to exist', () => {
    const tokens = new SimTokens()
    tokens.invalidate()
    expect(tokens.check(get(tokens, T0).access_token, T0)).toBe(0)
  })
})

describe('a token of the old kind', () => {
  it('limits the previous one to five minutes and does not affect stable tokens', () => {
    const tokens = new SimTokens()
    const stable = get(tokens, T0).access_token
    const first = tokens.plainToken(T0).access_token
    const second = tokens.plainToken(T0 + MINUTE).access_token
    const check = (value: string, minutes: number) => tokens.check(value, T0 + minutes * MINUTE)
    expect([check(first, 5), check(second, 5)]).toEqual([0, 0])
    expect([check(first, 6), check(second, 6), check(stable, 6)]).toEqual([42001, 0, 0])
    get(tokens, T0 + 7 * MINUTE, true)
    expect(check(second, 7)).toBe(0)
    expect(tokens.requestCounts).toEqual({ normal: 1, force: 1, plain: 2 })
  })

  it('does not become valid again after it has expired', () => {
    const tokens = new SimTokens()
    const first = tokens.plainToken(T0).access_token
    tokens.plainToken(T0 + 3 * HOUR)
    expect(tokens.check(first, T0 + 3 * HOUR)).toBe(42001)
  })
})

describe('a value that is not a token of this account', () => {
  it('is rejected and not owned', () => {
    const tokens = new SimTokens()
    const ownToken = get(tokens, T0).access_token
    expect(tokens.check('test_other', T0)).toBe(40001)
    expect(tokens.check('', T0)).toBe(40014)
    expect([tokens.owns(ownToken), tokens.owns('test_other')]).toEqual([true, false])
    get(tokens, T0, true)
    expect(tokens.owns(ownToken)).toBe(true)
  })
})

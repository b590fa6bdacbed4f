import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { ApiError } from '../api-error.ts'
import { checkJsonLimits, type JsonLimits } from './json-limits.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const isRefused = (text: string, bounds: Partial<JsonLimits>) => {
  try {
    checkJsonLimits(Buffer.from(text), {
      values: Number.POSITIVE_INFINITY,
      depth: Number.POSITIVE_INFINITY,
      ...bounds,
    })
    return false
  } catch (err) {
    if (!(err instanceof ApiError) || err.status !== 422) throw err
    return true
  }
}
/** A slow reference. An empty array or object counts as two values. */
function measured(value: unknown): { values: number; depth: number } {
  if (typeof value !== 'object' || value === null) return { values: 1, depth: 0 }
  const inner = Object.values(value).map(measured)
  return {
    values: inner.reduce((sum, one) => sum + one.values, inner.length === 0 ? 2 : 1),
    depth: 1 + Math.max(0, ...inner.map((one) => one.depth)),
  }
}

describe('the limits of a JSON body', () => {
  it('find the depth of any JSON, and ignore brackets in strings', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const { depth } = measured(value)
        expect(isRefused(JSON.stringify(value, null, 1), { depth })).toBe(false)
        expect(isRefused(JSON.stringify(value), { depth: depth - 1 })).toBe(true)
      }),
    )
  })

  it('count each value once, and an empty array or object twice', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { values } = measured(value)
        expect(isRefused(JSON.stringify(value), { values })).toBe(false)
        expect(isRefused(JSON.stringify(value), { values: values - 1 })).toBe(true)
      }),
    )
  })

  it.each([
    ['escaped quotes in a string', '{"a":"\\"[[[[[,,,,,"}', false],
    ['a backslash at the end of a string', '{"a":"\\\\","b":[[]]}', true],
    ['a string without an end', '"[[[[', false],
    ['closing brackets first', ']]]][[[[[[[', true],
  ])('read %s', (_, text, refusedAtTwo) => {
    expect(isRefused(text, { depth: 2 })).toBe(refusedAtTwo)
  })
})

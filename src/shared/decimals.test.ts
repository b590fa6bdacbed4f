import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sumDecimals } from './decimals.ts'

it('adds decimal numbers exactly', () => {
  expect(sumDecimals([])).toBe(0)
  expect(sumDecimals(['0.1', '0.2'])).toBe(0.3)
  expect(sumDecimals(['12.50', '-0.5', '3'])).toBe(15)
  expect(sumDecimals(['-0.01', '-1'])).toBe(-1.01)
  expect(sumDecimals(['9007199254740993', '-9007199254740992'])).toBe(1)
})

it('finds the sum of any cents', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(10 ** 9), max: 10 ** 9 })), (cents) => {
      const texts = cents.map((n) => (n / 100).toFixed(2))
      expect(sumDecimals(texts)).toBeCloseTo(cents.reduce((sum, n) => sum + n, 0) / 100, 10)
    }),
  )
})

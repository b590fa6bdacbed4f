import { expect, it } from 'vitest'
import { numberOf } from './number-of.ts'

it.each(['1', '12', '999999999'])('%j is a number', (text) => {
  expect(numberOf(text)).toBe(Number(text))
})
it.each([undefined, '', '0', '-1', '+1', '01', ' 1', '1.0', '1e3', '0x10', '１', '1000000000'])(
  '%j is none',
  (text) => {
    expect(numberOf(text)).toBeNull()
  },
)
it('may be larger where a larger one is allowed', () => {
  expect([numberOf('4294967296', 2 ** 40), numberOf('9'.repeat(16), Number.MAX_SAFE_INTEGER)]).toEqual([
    4_294_967_296,
    null,
  ])
})

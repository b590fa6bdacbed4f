import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { printable, printableLine } from './printable.ts'
import { table } from './table.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS })

describe('a text from outside, in a terminal', () => {
  it.each([
    ['a title and a cleared screen', 'x\x1b]0;owned\x07\x1b[2Jy', 'x\ufffd]0;owned\ufffd\ufffd[2Jy'],
    ['an 8-bit control sequence', 'a\x9b31mb', 'a\ufffd31mb'],
    ['a carriage return that overwrites the line', 'safe\rgone', 'safe\ufffdgone'],
    ['backspaces', 'ab\b\bc', 'ab\ufffd\ufffdc'],
    ['a reversed text direction', 'a\u202egpj.exe', 'a\ufffdgpj.exe'],
    ['an isolate', '\u2067x\u2069', '\ufffdx\ufffd'],
  ])('has no control characters: %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('is unchanged without control characters', () => {
    const text = '小鹿 👩‍👩‍👧 é\tx\nnext'
    expect(printable(text)).toBe(text)
    expect(printable('a\r\nb')).toBe('a\nb')
  })

  it('never breaks a row of a table', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(table(['name', 'n'], [[name, 1]]).split(/[\r\n\v\f\u0085]/)).toHaveLength(2)
        expect(printableLine(name)).not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})

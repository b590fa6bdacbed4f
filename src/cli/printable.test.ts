import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, printableLine } from './printable.ts'
import { table } from './table.ts'

describe('somebody else’s text in a terminal', () => {
  it.each([
    ['a title and a cleared screen', 'x\x1b]0;owned\x07\x1b[2Jy', 'x\ufffd]0;owned\ufffd\ufffd[2Jy'],
    ['an 8-bit control sequence', 'a\x9b31mb', 'a\ufffd31mb'],
    ['a carriage return over what stands there', 'safe\rgone', 'safe\ufffdgone'],
    ['backspaces', 'ab\b\bc', 'ab\ufffd\ufffdc'],
    ['an order that is turned round', 'a\u202egpj.exe', 'a\ufffdgpj.exe'],
    ['an isolate', '\u2067x\u2069', '\ufffdx\ufffd'],
  ])('is shown and not obeyed: %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('stays as it is where it is a text', () => {
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

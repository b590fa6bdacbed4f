import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  inOneLine,
  isStorable,
  storable,
  storableJson,
  storableText,
  truncateStart,
  truncateText,
  unstorablePaths,
  withoutControlCharacters,
  withoutLoneSurrogates,
} from './text.ts'

const HALF = '\ud83d'
/** Whole characters of one UTF-16 unit, of two, and of several code points. */
const wholeText = fc
  .array(fc.constantFrom('a', '字', '😀', '👩‍👩‍👧', '🇨🇳', 'e\u0301', '𠮷', '\n', ' '), { maxLength: 40 })
  .map((parts) => parts.join(''))
/** Any text, lone surrogates and U+0000 included. */
const anyText = fc
  .array(fc.constantFrom('a', '字', '😀', HALF, '\ude00', '\0', '\\ud83d', '\\'), { maxLength: 30 })
  .map((parts) => parts.join(''))

describe('a text that is truncated', () => {
  it.each([
    [`${'字'.repeat(499)}😀谢谢`, 500, `${'字'.repeat(499)}😀`],
    [`${'字'.repeat(500)}😀`, 500, '字'.repeat(500)],
    ['😀😀😀', 2, '😀😀'],
    ['😀😀😀', 3, '😀😀😀'],
    ['abc', 0, ''],
    ['', 5, ''],
  ])('%j to %i characters', (text, max, cut) => {
    expect(truncateText(text, max)).toBe(cut)
  })

  it('is a prefix of whole characters, and no longer than the maximum', () => {
    fc.assert(
      fc.property(wholeText, fc.nat(45), (text, max) => {
        const cut = truncateText(text, max)
        expect(text.startsWith(cut)).toBe(true)
        expect(isStorable(cut)).toBe(true)
        expect([...cut]).toHaveLength(Math.min(max, [...text].length))
      }),
    )
  })

  it('is a suffix of whole characters when its start is cut off', () => {
    fc.assert(
      fc.property(wholeText, fc.nat(45), (text, max) => {
        const cut = truncateStart(text, max)
        expect(text.endsWith(cut)).toBe(true)
        expect(isStorable(cut)).toBe(true)
        expect([...cut]).toHaveLength(Math.min(max, [...text].length))
      }),
    )
  })
})

describe('a text that cannot be stored', () => {
  it.each([
    [`a${HALF}`, 'a\uFFFD'],
    ['\ude00b', '\uFFFDb'],
    ['a\0b', 'a\uFFFDb'],
    ['😀', '😀'],
  ])('%j becomes %j', (text, made) => {
    expect(storableText(text)).toBe(made)
  })

  it('loses its lone surrogates and nothing else', () => {
    expect(withoutLoneSurrogates(`${HALF}谢😀${HALF}`)).toBe('谢😀')
  })

  it('is fixed anywhere in plain data, and the rest stays unchanged', () => {
    expect(storable({ a: [`x${HALF}`, 1, null], 'k\0': true })).toEqual({
      a: ['x\uFFFD', 1, null],
      'k\uFFFD': true,
    })
    const whole = { a: ['😀', { b: 'ud83d' }] }
    expect(storable(whole)).toBe(whole)
    expect(storable(undefined)).toBe(undefined)
  })

  it('is found by its path', () => {
    expect(unstorablePaths({ reason: HALF, deep: [{ ok: 'a', no: '\0' }], '\0': 1 })).toEqual([
      'reason',
      'deep.0.no',
      '\uFFFD',
    ])
    expect(unstorablePaths('😀')).toEqual([])
  })

  it('never reaches JSON, and the rest of the JSON is the same', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ said: anyText, also: fc.dictionary(anyText, anyText) })), (value) => {
        const read: unknown = JSON.parse(storableJson(value))
        expect(unstorablePaths(read)).toEqual([])
        expect(read).toEqual(storable(value))
      }),
    )
  })
})

describe('a text that a person typed', () => {
  it.each([
    ['one\r\ntwo\tthree\u2028four', 'one two three four'],
    [' 太打扰\u0007\u001b[31m ', '太打扰[31m'],
    ['a\u202egnp.exe', 'agnp.exe'],
    ['👩\u200d👩\u200d👧 两  格', '👩\u200d👩\u200d👧 两  格'],
    ['\u0000\u009f\n', ''],
  ])('is one line without control characters: %j', (text, line) => {
    expect(inOneLine(text)).toBe(line)
  })
  it('keeps its lines where it may have several', () => {
    expect(withoutControlCharacters('a\r\nb\rc\n\td\u0007')).toBe('a\nb\nc\n\td')
  })
})

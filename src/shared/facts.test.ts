import { describe, expect, it } from 'vitest'
import { factOfText, mergeFacts, parseFacts } from './facts.ts'

const issuesOf = (value: unknown) => parseFacts(value).issues.map((i) => i.path)

describe('facts', () => {
  it('are texts, numbers and truth values', () => {
    const value = { visitAt: '2026-11-24T15:00:00+08:00', amount: 12.5, paid: true, note: '', _: 1 }
    const { _: _bad, ...facts } = value
    expect(parseFacts(facts)).toEqual({ facts, issues: [] })
    expect(issuesOf(value)).toEqual(['_'])
  })

  it.each([
    ['a name with a digit first', { '1st': 1 }, ['1st']],
    ['a name with a dash', { 'a-b': 1 }, ['a-b']],
    ['a name of 33 letters', { ['a'.repeat(33)]: 1 }, ['a'.repeat(33)]],
    ['null', { a: null }, ['a']],
    ['a list', { a: [1] }, ['a']],
    ['an object', { a: {} }, ['a']],
    ['201 characters', { a: '好'.repeat(201) }, ['a']],
    ['half an emoji', { a: '\ud83d' }, ['a']],
    ['a NUL', { a: 'x\0' }, ['a']],
    ['two at once', { a: null, b: 1, 'c d': 1 }, ['a', 'c d']],
    ['no object', [1], ['']],
    ['nothing', null, ['']],
  ])('are refused: %s', (_, value, paths) => {
    expect(issuesOf(value)).toEqual(paths)
    expect(parseFacts(value).facts).toEqual({})
  })

  it('count characters and not UTF-16 units', () => {
    expect(issuesOf({ a: '😀'.repeat(200), [`a${'b'.repeat(31)}`]: 1 })).toEqual([])
  })

  it('are bounded', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, i]))
    expect(issuesOf(many)).toEqual([])
    expect(issuesOf({ ...many, more: 1 })).toEqual([''])
    expect(mergeFacts(many, { f1: 'newer' })).toMatchObject({ f1: 'newer', f2: 2 })
    expect(mergeFacts(many, { more: 1 })).toBeNull()
  })

  it('named like a method of objects are ordinary facts', () => {
    const { facts, issues } = parseFacts(JSON.parse('{"constructor": 1, "toString": "x"}'))
    expect([issues, Object.entries(facts)]).toEqual([
      [],
      [
        ['constructor', 1],
        ['toString', 'x'],
      ],
    ])
    expect(issuesOf(JSON.parse('{"__proto__": 1}'))).toEqual(['__proto__'])
  })
})

describe('a fact written as a text', () => {
  it.each([
    ['true', true],
    ['false', false],
    ['0', 0],
    ['-1', -1],
    ['12.5', 12.5],
    ['20261201', 20261201],
  ])('is %s', (text, value) => {
    expect(factOfText(text)).toBe(value)
  })

  it.each([
    '007',
    '1.50',
    '+86',
    '1e3',
    '.5',
    '-0',
    '0x10',
    '1_000',
    '13800138000138000138',
    'NaN',
    'Infinity',
    '-Infinity',
    'True',
    'null',
    ' 1',
    '1 ',
    '',
  ])('stays the text "%s"', (text) => {
    expect(factOfText(text)).toBe(text)
  })
})

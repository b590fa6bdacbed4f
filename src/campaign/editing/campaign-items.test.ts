import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { cardsOf, duplicateItem, freeId, readFile, renameItem } from './campaign-items.ts'
import { newItem } from './new-items.ts'
import { tokenBefore, tokenChoices, withLiquid, withTokens } from './text-tokens.ts'

const FILE = `id: a
steps:
  - id: ask
    wait: 1h
    branches:
      - name: yes
        on: { keywords: [007] }
        steps:
          - { id: gift, tag: [x] }
          - { id: more, after: 1h, since: gift, tag: [y] }
    else: [end]
  - { id: last, since: gift, tag: [z] }
`
const fields = readFile(FILE).fields ?? {}

it('lists the cards of a file from the top', () => {
  expect(cardsOf(fields).map(({ kind, path, number }) => `${number} ${kind} ${path.join('.')}`)).toEqual([
    '1 fork steps.0',
    '1 branch steps.0.branches.0',
    '2 step steps.0.branches.0.steps.0',
    '3 step steps.0.branches.0.steps.1',
    '3 end steps.0.else.0',
    '4 step steps.1',
  ])
})
it('reads a number with another spelling as a text', () => {
  expect(JSON.stringify(fields)).toContain('"007"')
})
it('says why a text has no cards', () => {
  expect(readFile('a: [')).toMatchObject({ fields: null, problem: expect.any(String) })
  expect(readFile('- a').problem).not.toBeNull()
  expect(readFile('').fields).toEqual({})
})
it('renames an item where it is named, too', () => {
  const steps = parse(renameItem(FILE, ['steps', 0, 'branches', 0, 'steps', 0], 'present')).steps
  expect(steps[0].branches[0].steps.map((s: { id: string }) => s.id)).toEqual(['present', 'more'])
  expect([steps[0].branches[0].steps[1].since, steps[1].since]).toEqual(['present', 'present'])
})
it('copies a fork with new ids, whose steps name each other', () => {
  const [, copy, last] = parse(duplicateItem(FILE, ['steps', 0])).steps
  expect(copy.id).toBe('ask-2')
  expect(copy.branches[0].steps).toEqual([
    { id: 'gift-2', tag: ['x'] },
    { id: 'more-2', after: '1h', since: 'gift-2', tag: ['y'] },
  ])
  expect(last.since).toBe('gift')
})
it('finds an id that is free', () => {
  expect([freeId(fields, 'gift'), freeId(fields, 'gift-7'), freeId(fields, 'new')]).toEqual([
    'gift-2',
    'gift-2',
    'new',
  ])
})
it('gives a new step an id of its own', () => {
  const texts = { yes: 'yes', other: 'other' }
  expect(newItem(fields, 'ask', texts, '10m')).toMatchObject({ id: 'ask-2', wait: '24h' })
  expect(newItem(fields, 'end', texts, '10m')).toBe('end')
})

describe('a variable of a text', () => {
  it('is a token for people, and Liquid in the file', () => {
    const text = '你好，{{ account.name }}：{{fact.visitAt}} {{ account.shop }}'
    expect(withTokens(text, 'zh')).toBe('你好，【公众号名称】：【事实：visitAt】 【变量：shop】')
    expect(withLiquid(withTokens(text, 'zh'))).toBe(
      '你好，{{ account.name }}：{{ fact.visitAt }} {{ account.shop }}',
    )
    expect(withLiquid(withTokens(text, 'en'))).toBe(withLiquid(withTokens(text, 'zh')))
  })
  it('leaves other brackets and other Liquid as they are', () => {
    const text = "【重要】{{ 'https://example.com' | track: 'l' }} {% if fact.paid %}x{% endif %}"
    expect(withLiquid(withTokens(text, 'zh'))).toBe(text)
  })
  it('is removed as one', () => {
    expect(tokenBefore('a【公众号名称】', 8)).toBe(1)
    expect(tokenBefore('a【重要】', 5)).toBe(-1)
  })
  it('can be chosen with those of the account and of facts', () => {
    expect(tokenChoices('zh', { variables: ['shop'], facts: ['paid'] })).toEqual(
      expect.arrayContaining(['【公众号名称】', '【变量：shop】', '【事实：paid】']),
    )
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { headText } from '../edit-head.ts'
import { readFile } from './campaign-items.ts'
import { CannotEdit } from './plain-values.ts'
import { copyItem, insertItem, moveItem, type Path, removeItem, setField } from './yaml-edit.ts'

// Every field of every example is changed, which parses each file some hundred times.
vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS })

const FILE = `# Welcome
id: welcome # the id
entry: { event: subscribe }
steps:
  # the first one
  - id: hello # greets
    after: 5s   # soon
    send:
      text: |
        Hello
        there

  # the second one
  - { id: tip, after: 10m, send: { text: "a\\nb" } } # short
  - id: ask
    wait: 2h
    branches:
      - name: yes
        on: { keywords: [1, 'ok'] }
        steps:
          # inside
          - id: gift
            send: { text: Here it is }
      # the last branch is missing
    else: [end]
# at the end
exit: { keywords: [TD] }
`
const lines = (text: string) => text.split('\n')
/** The lines of the first text that the second lacks, and the other way round. */
function changed(before: string, after: string) {
  const [a, b] = [lines(before), lines(after)]
  return { gone: a.filter((line) => !b.includes(line)), added: b.filter((line) => !a.includes(line)) }
}
const comments = (text: string) => [...text.matchAll(/# [a-z ]+/gi)].map(([c]) => c.trim()).sort()

describe('a field', () => {
  it('changes in its line only, and its comment stays', () => {
    expect(changed(FILE, setField(FILE, ['steps', 0, 'after'], '20s'))).toEqual({
      gone: ['    after: 5s   # soon'],
      added: ['    after: 20s   # soon'],
    })
  })
  it('of a map in one line is written in that line', () => {
    expect(changed(FILE, setField(FILE, ['steps', 1, 'after'], '15m')).added).toEqual([
      '  - { id: tip, after: 15m, send: { text: "a\\nb" } } # short',
    ])
  })
  it('that is new stands where it belongs', () => {
    expect(changed(FILE, setField(FILE, ['steps', 0, 'ifLate'], 'skip'))).toEqual({
      gone: [],
      added: ['    ifLate: skip'],
    })
    const text = setField(FILE, ['steps', 0, 'ifLate'], 'skip')
    expect(Object.keys(parse(text).steps[0])).toEqual(['id', 'after', 'ifLate', 'send'])
  })
  it('is removed with its line, and others keep their comments', () => {
    expect(changed(FILE, setField(FILE, ['steps', 0, 'send'], undefined)).added).toEqual([])
    expect(comments(setField(FILE, ['entry'], undefined))).toEqual(comments(FILE))
  })
  it('of several lines becomes a block, and back', () => {
    const longer = setField(FILE, ['steps', 2, 'branches', 0, 'name'], 'a\nb')
    expect(parse(longer).steps[2].branches[0].name).toBe('a\nb')
    const shorter = setField(FILE, ['steps', 0, 'send', 'text'], 'Hi')
    expect(parse(shorter).steps[0].send.text).toBe('Hi')
    expect(comments(shorter)).toEqual(comments(FILE))
  })
  it('keeps the comment of its line, above it, when it becomes longer', () => {
    const text = setField(FILE, ['steps', 0, 'after'], { a: 'x'.repeat(60), b: 'y'.repeat(60) })
    expect(comments(text)).toEqual(comments(FILE))
  })
  it('of a map that is missing makes the map', () => {
    expect(parse(setField(FILE, ['goal', 'on', 'event'], 'click')).goal).toEqual({ on: { event: 'click' } })
  })
  it('keeps the quotes of a text', () => {
    expect(setField("id: 'a'\n", ['id'], 'b')).toBe("id: 'b'\n")
  })
  it('is written as a text where a number would be read', () => {
    expect(setField('id: a\n', ['id'], '007')).toBe('id: "007"\n')
  })
})

describe('a list', () => {
  it('gets an item between two others', () => {
    const text = insertItem(FILE, ['steps'], 1, { id: 'new', after: '1m', send: { text: 'New' } })
    expect(changed(FILE, text)).toMatchObject({ gone: [] })
    expect(parse(text).steps.map((s: { id: string }) => s.id)).toEqual(['hello', 'new', 'tip', 'ask'])
    expect(text.indexOf('# the second one')).toBeGreaterThan(text.indexOf('id: new'))
  })
  it('in one line gets lines of its own for an item', () => {
    const text = insertItem(FILE, ['steps', 2, 'else'], 0, { id: 'bye', send: { text: 'Bye' } })
    expect(parse(text).steps[2].else).toEqual([{ id: 'bye', send: { text: 'Bye' } }, 'end'])
    expect(comments(text)).toEqual(comments(FILE))
  })
  it('that is missing is made', () => {
    const text = insertItem(FILE, ['steps', 2, 'meanwhile'], 0, { id: 'hint', after: '20s', tag: ['x'] })
    expect(parse(text).steps[2].meanwhile).toHaveLength(1)
    expect(changed(FILE, text).gone).toEqual([])
  })
  it('loses an item with the comment above it, and no other line', () => {
    expect(changed(FILE, removeItem(FILE, ['steps', 0]))).toEqual({
      gone: [
        '  # the first one',
        '  - id: hello # greets',
        '    after: 5s   # soon',
        '    send:',
        '      text: |',
        '        Hello',
        '        there',
      ],
      added: [],
    })
  })
  it('that loses its last item is removed', () => {
    expect(parse(removeItem(FILE, ['steps', 2, 'else', 0])).steps[2]).not.toHaveProperty('else')
    expect(parse(removeItem('steps: [a]\n', ['steps', 0], true))).toEqual({ steps: [] })
  })
  it('has an item twice after copying it', () => {
    const text = copyItem(FILE, ['steps', 0])
    expect(parse(text).steps[1]).toEqual(parse(FILE).steps[0])
  })
})

describe('moving an item', () => {
  const ids = (text: string) => parse(text).steps.map((s: { id: string }) => s.id)
  it('takes its comments along', () => {
    const text = moveItem(FILE, ['steps', 0], ['steps'], 2)
    expect(ids(text)).toEqual(['tip', 'hello', 'ask'])
    expect(comments(text)).toEqual(comments(FILE))
    expect(lines(text).toSorted()).toEqual(lines(FILE).toSorted())
    expect(ids(moveItem(FILE, ['steps', 2], ['steps'], 0))).toEqual(['ask', 'hello', 'tip'])
  })
  it('into a branch indents it', () => {
    const text = moveItem(FILE, ['steps', 0], ['steps', 2, 'branches', 0, 'steps'], 1)
    expect(parse(text).steps[1].branches[0].steps.map((s: { id: string }) => s.id)).toEqual(['gift', 'hello'])
    expect(parse(text).steps[1].branches[0].steps[1]).toEqual(parse(FILE).steps[0])
    expect(comments(text)).toEqual(comments(FILE))
  })
  it('out of a branch removes the list that it leaves empty', () => {
    const text = moveItem(FILE, ['steps', 2, 'branches', 0, 'steps', 0], ['steps'], 0)
    expect(ids(text)).toEqual(['gift', 'hello', 'tip', 'ask'])
    expect(parse(text).steps[3].branches[0]).not.toHaveProperty('steps')
    expect(comments(text)).toEqual(comments(FILE))
  })
  it('into a list that is missing, or in one line, makes it', () => {
    for (const list of ['meanwhile', 'else'])
      expect(parse(moveItem(FILE, ['steps', 1], ['steps', 2, list], 0)).steps[1][list][0]).toEqual(
        parse(FILE).steps[1],
      )
  })
  it('into itself is refused', () => {
    const inside: Path = ['steps', 2, 'branches', 0, 'steps']
    expect(() => moveItem(FILE, ['steps', 2], inside, 0)).toThrow(CannotEdit)
  })
})

it('refuses a text that is no YAML, and a reference', () => {
  expect(() => setField('a: [', ['a'], 1)).toThrow(CannotEdit)
  expect(() => setField('a: &x { b: 1 }\nc: *x\n', ['c', 'b'], 1)).toThrow(CannotEdit)
})

const folder = new URL('../../../campaigns/', import.meta.url)
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

/** The paths of all lists of items in a campaign. */
function listsOf(items: unknown, path: Path): Path[] {
  if (!Array.isArray(items)) return []
  const inside = items.flatMap((item, i) =>
    typeof item !== 'object'
      ? []
      : [
          ...(item.branches ?? []).flatMap((b: { steps?: unknown }, n: number) =>
            listsOf(b.steps, [...path, i, 'branches', n, 'steps']),
          ),
          ...listsOf(item.else, [...path, i, 'else']),
          ...listsOf(item.meanwhile, [...path, i, 'meanwhile']),
        ],
  )
  return [path, ...inside]
}
const at = (value: unknown, path: Path) =>
  path.reduce<unknown>((v, key) => (v as Record<string | number, unknown>)?.[key], value)

describe.each(examples)('in %s', (name) => {
  const source = readFileSync(new URL(name, folder), 'utf8')
  const file = parse(source)
  const lists = listsOf(file.steps, ['steps'])

  it('every item can be removed, copied and moved as in a plain list', () => {
    for (const list of lists) {
      const items = at(file, list) as unknown[]
      for (const [i, item] of items.entries()) {
        const without = items.filter((_, n) => n !== i)
        expect(at(parse(removeItem(source, [...list, i], true)), list)).toEqual(without)
        const twice = items.toSpliced(i, 0, item)
        expect(at(parse(copyItem(source, [...list, i])), list)).toEqual(twice)
        const last = moveItem(source, [...list, i], list, items.length)
        expect(at(parse(last), list)).toEqual([...without, item])
        expect(comments(last)).toEqual(comments(source))
        const first = moveItem(source, [...list, i], list, 0)
        expect(at(parse(first), list)).toEqual([item, ...without])
      }
    }
  })
  it('a step can be written into every list, and removed again', () => {
    const step = { id: 'new-one', after: '10m', send: { text: 'One\nTwo: "three"' } }
    for (const list of lists)
      for (let i = 0; i <= (at(file, list) as unknown[]).length; i++) {
        const text = insertItem(source, list, i, step)
        expect(at(parse(text), [...list, i])).toEqual(step)
        const wasEmpty = (at(file, list) as unknown[]).length === 0
        expect(parse(removeItem(text, [...list, i], wasEmpty))).toEqual(file)
        expect(comments(text)).toEqual(comments(source))
      }
  })
  it('every field of every item can be changed, with all others as they were', () => {
    for (const list of lists)
      for (const [i, item] of (at(file, list) as object[]).entries())
        for (const key of typeof item === 'object' ? Object.keys(item) : []) {
          const path = [...list, i, key]
          const text = setField(source, path, 'x: #y')
          expect(at(parse(text), path)).toBe('x: #y')
          expect(parse(setField(text, path, at(file, path)))).toEqual(file)
          expect(at(parse(setField(source, path, undefined)), path)).toBeUndefined()
        }
  })
})

describe('a text that is made to be expensive', () => {
  const nested = (levels: number) =>
    Array.from({ length: levels }, (_, i) => `k${i}: &k${i} [${`*k${i - 1}, `.repeat(9)}]`).slice(1)
  it.each([
    ['references that multiply', ['k0: &k0 [x]', ...nested(12)].join('\n')],
    ['a reference to itself', 'a: &a [*a]'],
    ['maps as keys', `${'{'.repeat(25)}a${': 1}'.repeat(25)}`],
    ['deep lists', '['.repeat(100_000)],
    ['deep blocks', Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['thousands of errors', '!!binary '.repeat(20_000)],
    ['too many words', 'a\n- '.repeat(100_000)],
  ])('is not read: %s', (_, source) => {
    const begun = performance.now()
    expect(readFile(source)).toEqual({ fields: null, problem: expect.any(String) })
    expect(headText(source, 'name')).toBeNull()
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  it('is not changed when a key is there twice', () => {
    expect(() => setField('a: 1\na: 2\n', ['a'], 3)).toThrow(CannotEdit)
  })
})

describe('a text whose lines end as on Windows', () => {
  const source =
    'id: a # c\nsteps:\n  # one\n  - { id: a, tag: [x] }\n  - id: f\n    branches: [{ share: 50, steps: [{ id: b, tag: [x] }] }]\n'
  const changes: readonly (readonly [string, (text: string) => string])[] = [
    ['a field', (text) => setField(text, ['exit'], { keywords: ['TD'], reply: { text: 'one\ntwo' } })],
    ['no field', (text) => setField(text, ['id'], undefined)],
    ['a new item', (text) => insertItem(text, ['steps'], 1, { id: 'n', send: { text: 'hi' } })],
    ['no item', (text) => removeItem(text, ['steps', 0])],
    ['a move', (text) => moveItem(text, ['steps', 0], ['steps', 1, 'branches', 0, 'steps'], 1)],
    ['a copy', (text) => copyItem(text, ['steps', 1])],
  ]
  it.each(changes)('has no other lines after %s', (_, change) => {
    const crlf = change(source.replaceAll('\n', '\r\n'))
    expect(crlf).toBe(change(source).replaceAll('\n', '\r\n'))
    expect(crlf).not.toMatch(/(?<!\r)\n/)
  })
})

describe('a text without fields', () => {
  it.each(['', '\n', '\t', '# nothing yet\n', '{}', '{}\n', '---\n'])('gets its first one: %j', (source) => {
    expect(parse(setField(source, ['name'], 'A'))).toEqual({ name: 'A' })
    expect(parse(setField(source, ['quiet', 'from'], '22:00'))).toEqual({ quiet: { from: '22:00' } })
    expect(parse(insertItem(source, ['steps'], 0, { id: 'a' }))).toEqual({ steps: [{ id: 'a' }] })
    expect(parse(setField(source, ['name'], undefined)) ?? {}).toEqual({})
    expect(() => moveItem(source, ['steps', 0], ['steps'], 1)).toThrow(CannotEdit)
  })
})

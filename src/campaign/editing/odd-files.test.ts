import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PROPERTY_RUNS, PROPERTY_TIMEOUT_MS, propertyRuns } from '../../../test/harness/property-runs.ts'
import { isSame } from '../../shared/same-value.ts'
import { checkCampaign } from '../check.ts'
import { withHead } from '../edit-head.ts'
import { issueText } from '../texts/issue-text.ts'
import { applyEdits } from './apply-edits.ts'
import { duplicateItem, readFile, renameItem, valueAt } from './campaign-items.ts'
import { CannotEdit, plainValue } from './plain-values.ts'
import { divideStep } from './variants.ts'
import { copyItem, insertItem, lineOf, moveItem, type Path, removeItem, setField } from './yaml-edit.ts'

/** Values that YAML has and campaigns have not, ordinary ones, and some that are no YAML. */
const SET = ['!!set {a, b}', '!!set\n  ? a\n  ? b', '!!set []']
const TAGGED = ['!!omap [a: 1, b: 2]', '!!omap\n  - a: 1', '!!pairs [a: 1]', '!!binary aGk=', '!!str 1']
const MORE_TAGGED = ['!!int "x"', '!custom {a: 1}', '!custom x', '!!timestamp 2001-12-14', '!!null x', '! x']
const REFERENCES = ['&k {a: 1}', '&k x', '&k [a]', '*k', '*none', '{<<: *k, b: 1}', '{<<: {a: 1}}']
const ODD_KEYS = ['{? {a: 1} : 2}', '{*k : 2}', '? a\n  : b', '{? &k a : 2}', '{<<: *none}', '{"a b": 1}']
const ORDINARY = [
  'x',
  '',
  '~',
  '-',
  '- a',
  '[a]',
  '[]',
  '{}',
  '"x"',
  "'x'",
  '|\n  x\n  y',
  '007',
  '1.0',
  '0x10',
]
const STEPS = [
  '{ id: a, send: { text: x } }',
  '{ id: b, after: 1m, tag: [x, y] }',
  'id: c\n  send:\n    text: x',
]
const BROKEN = ['{', '[', '"', '{a', '[a: {b: c}, d]', '"\\q"', '[,]', '@x', '%', '\t']
const VALUES = [...SET, ...TAGGED, ...MORE_TAGGED, ...REFERENCES, ...ODD_KEYS, ...ORDINARY, ...STEPS]
const KEYS = [
  'id',
  'name',
  'entry',
  'goal',
  'exit',
  'quiet',
  '<<',
  '"window"',
  '!!str spread',
  '&k spacing',
  '__proto__',
]

const indented = (text: string, by: number) => text.replaceAll('\n', `\n${' '.repeat(by)}`)
const value = fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...VALUES) }, fc.constantFrom(...BROKEN))
const field = fc.tuple(fc.constantFrom(...KEYS), value).map(([key, text]) => `${key}: ${text}`)
const fieldsOf = (most: number) =>
  fc.uniqueArray(field, { maxLength: most, selector: (text) => text.replace(/:[\s\S]*/, '') })
const item = fc.oneof(
  value.map((text) => `  - ${indented(text, 4)}`),
  fieldsOf(3).map((fields) => `  - ${fields.length === 0 ? 'end' : indented(fields.join('\n'), 4)}`),
)
const steps = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => `steps:\n${items.join('\n')}`)
const file = fc
  .record({
    head: fc.constantFrom(
      '',
      '',
      '',
      '# c\n',
      '---\n',
      '%YAML 1.1\n---\n',
      '--- !!set\n',
      '--- !!map\n',
      '\ufeff',
    ),
    before: fieldsOf(2),
    steps: fc.oneof(
      steps,
      value.map((text) => `steps: ${text}`),
      fc.constant(''),
    ),
    tail: fc.constantFrom('', '\n', '\n', '\n# end', '\n...\n', '\n---\nid: b\n', '\n\u0020\u0020'),
    lineEnd: fc.constantFrom('\n', '\n', '\n', '\r\n'),
  })
  .map(({ head, before, steps: list, tail, lineEnd }) =>
    (head + [...before, ...(list === '' ? [] : [list])].join('\n') + tail).replaceAll('\n', lineEnd),
  )

const PATHS: readonly Path[] = [
  ['steps'],
  ['steps', 0],
  ['steps', 1],
  ['steps', 0, 'id'],
  ['steps', 0, 'send', 'text'],
  ['steps', 0, 'tag', 0],
  ['steps', 1, 'branches', 0, 'steps'],
  ['id'],
  ['name'],
  ['name', 'a'],
  ['entry', 'a', 'b'],
  ['goal'],
  [0],
  ['__proto__'],
  ['toString'],
]
const path = fc.constantFrom(...PATHS)
const written = fc.constantFrom<unknown>('v', 'a\nb', '007', 1, true, null, { a: 'x' }, ['q'], [], {}, '')

/** Every change that the editor makes, with what it must have done. */
interface Edit {
  name: string
  make: (source: string) => string
  /** @param values before and after the change */
  isDone?: (before: unknown, after: unknown) => boolean
}
const set: fc.Arbitrary<Edit> = fc.record({ at: path, value: written }).map(({ at, value: to }) => ({
  name: `set ${at.join('.')}`,
  make: (source) => setField(source, at, to),
  isDone: (_, after) => JSON.stringify(valueAt(after, at)) === JSON.stringify(to),
}))
const clear: fc.Arbitrary<Edit> = path.map((at) => ({
  name: `clear ${at.join('.')}`,
  make: (source) => setField(source, at, undefined),
}))
const lengthOf = (values: unknown, at: Path) => {
  const list = valueAt(values, at)
  return Array.isArray(list) ? list.length : 0
}
const insert: fc.Arbitrary<Edit> = fc
  .record({ list: path, index: fc.nat(3), value: written })
  .map(({ list, index, value: to }) => ({
    name: `insert into ${list.join('.')}`,
    make: (source) => insertItem(source, list, index, to),
    isDone: (before, after) => lengthOf(after, list) === lengthOf(before, list) + 1,
  }))
const remove: fc.Arbitrary<Edit> = fc.record({ at: path, keeps: fc.boolean() }).map(({ at, keeps }) => ({
  name: `remove ${at.join('.')}`,
  make: (source) => removeItem(source, at, keeps),
  isDone: (before, after) => lengthOf(after, at.slice(0, -1)) === lengthOf(before, at.slice(0, -1)) - 1,
}))
const move: fc.Arbitrary<Edit> = fc
  .record({ at: path, list: path, to: fc.nat(3) })
  .map(({ at, list, to }) => ({ name: `move ${at.join('.')}`, make: (s) => moveItem(s, at, list, to) }))
const others: fc.Arbitrary<Edit> = path.chain((at) =>
  fc.constantFrom<Edit>(
    { name: 'copy', make: (source) => copyItem(source, at) },
    { name: 'duplicate', make: (source) => duplicateItem(source, at) },
    { name: 'rename', make: (source) => renameItem(source, at, 'renamed') },
    { name: 'divide', make: (source) => divideStep(source, at) },
    {
      name: 'fixes',
      make: (source) =>
        applyEdits(source, [
          { do: 'remove', path: at },
          { do: 'clear', path: at },
        ]),
    },
  ),
)
const edit = fc.oneof(set, clear, insert, remove, move, others)

/** What a change makes of a text; null: it is refused. Any other error breaks the test. */
function attempt(make: (source: string) => string, source: string): string | null {
  try {
    return make(source)
  } catch (err) {
    if (err instanceof CannotEdit) return null
    throw err
  }
}

describe('a file with what YAML has and campaigns have not', () => {
  it(
    'is changed as asked, or the change is refused',
    () => {
      let [done, refused] = [0, 0]
      fc.assert(
        fc.property(file, edit, (source, { make, isDone }) => {
          expect(readFile(source)).toBeDefined()
          expect(lineOf(source, ['steps', '0', 'id'])).toBeGreaterThan(0)
          const text = attempt(make, source)
          if (text === null) return void refused++
          done++
          expect(text).not.toMatch(source.includes('\r\n') && !/(?<!\r)\n/.test(source) ? /(?<!\r)\n/ : /\r/)
          if (isDone) expect(isDone(plainValue(source), plainValue(text))).toBe(true)
          else plainValue(text)
        }),
        { numRuns: PROPERTY_RUNS },
      )
      expect([done > PROPERTY_RUNS / 20, refused > PROPERTY_RUNS / 20]).toEqual([true, true])
    },
    PROPERTY_TIMEOUT_MS,
  )

  it(
    'gets another head as asked, or none',
    () => {
      const accounts = fc.constantFrom(undefined, null, ['wx1', 'wx2'])
      fc.assert(
        fc.property(file, accounts, (source, list) => {
          const text = withHead(source, {
            id: 'other',
            name: '名 称',
            ...(list === undefined ? {} : { accounts: list }),
          })
          // A file that cannot be read is copied as it is.
          if (text === null || readFile(source).problem !== null) return
          const { accounts: before, ...others } = plainValue(source) as Record<string, unknown>
          const served = list === undefined ? before : (list ?? undefined)
          const expected = { ...others, id: 'other', name: '名 称', accounts: served }
          expect(isSame(plainValue(text), expected)).toBe(true)
        }),
        { numRuns: PROPERTY_RUNS },
      )
    },
    PROPERTY_TIMEOUT_MS,
  )

  it(
    'that has no cards has an error in the language of its reader',
    () => {
      fc.assert(
        fc.property(file, (source) => {
          if (readFile(source).problem === null) return
          const [issue] = checkCampaign(source).issues
          expect(issue && issueText(issue, 'zh').message).toMatch(/[\u4e00-\u9fff]/)
          expect(issue && issueText(issue, 'en').message).not.toMatch(/[\u4e00-\u9fff]/)
        }),
        { numRuns: propertyRuns(500, 4) },
      )
    },
    PROPERTY_TIMEOUT_MS,
  )

  it.each([
    ['a field of a set', 'steps: !!set {a, b}\n', ['steps', 'a']],
    ['a field of an ordered map', 'entry: !!omap [a: 1, b: 2]\n', ['entry', 'a']],
    ['a field of a list', 'entry: [{ event: scan }]\n', ['entry', 'event']],
    ['a field behind a tag', '!!str id: a\nname: b\n', ['id']],
    ['a field behind an anchor', '&k id: a\nname: *k\n', ['id']],
    ['a field of a map at whose top is a list', '- a\n', ['id']],
    ['a field beside a reference without its anchor', '{ <<: *k, b: 1 }', ['b']],
    ['a field of a reference', 'a: &k { b: 1 }\nc: *k\n', ['c', 'b']],
    ['an anchor that is needed below', 'a: &k x\nb: *k\n', ['a']],
  ] as const)('is not changed: %s', (_, source, at) => {
    expect(() => setField(source, at, 'v')).toThrow(CannotEdit)
  })

  it.each([
    ['a set beside it', 'name: a\nsteps: !!set {a, b}\n', 'name: v\nsteps: !!set {a, b}\n'],
    ['a reference beside it', 'name: a\nx: &k { b: 1 }\ny: *k\n', 'name: v\nx: &k { b: 1 }\ny: *k\n'],
    ['numbers of another spelling', '{ name: a, id: 007, x: 1.0 }\n', 'name: v\nid: "007"\nx: "1.0"\n'],
    [
      'numbers of another spelling below',
      'y: b\nx: { id: 007 }\nname: a\n',
      'y: b\nx: { id: 007 }\nname: v\n',
    ],
    ['a byte order mark', '\ufeffname: a\n', '\ufeffname: v\n'],
  ])('is changed with %s as it was', (_, source, text) => {
    expect(setField(source, ['name'], 'v')).toBe(text)
  })

  it('keeps numbers of another spelling in a map that is written again', () => {
    expect(setField('x: { id: 007, y: 1.0, z: a }\n', ['x', 'z'], 'v')).toBe('x: { id: 007, y: 1.0, z: v }\n')
  })
  it('gets its first field behind a byte order mark', () => {
    expect(setField('\ufeffsteps: []\n', ['id'], 'a')).toBe('\ufeffid: a\nsteps: []\n')
  })
})

describe('an ordinary file', () => {
  const text = fc.constantFrom(
    'x',
    '"x"',
    '|\n  x\n  y',
    "'a: b'",
    'a # c',
    '[a, b]',
    '{ a: 1 }',
    '- a\n  - b',
    '007',
  )
  const ordinaryField = fc.tuple(fc.constantFrom('name', 'entry', 'goal', 'exit'), text)
  const step = fc.constantFrom(...STEPS, 'end', '{ id: f, branches: [{ steps: [{ id: g, tag: [x] }] }] }')
  const ordinary = fc
    .record({
      fields: fc.uniqueArray(ordinaryField, { maxLength: 3, selector: ([key]) => key }),
      steps: fc.array(step, { minLength: 1, maxLength: 3 }),
    })
    .map(({ fields, steps: list }) =>
      [
        'id: a',
        ...fields.map(([key, of]) => `${key}: ${of.startsWith('- ') ? `\n  ${of}` : of}`),
        'steps:',
        ...list.map((one) => `  - ${indented(one, 2)}`),
        '',
      ].join('\n'),
    )
  it(
    'takes every new value of a field',
    () => {
      const fieldPath = fc.constantFrom<Path>(['id'], ['name'], ['quiet', 'from'], ['steps', 0])
      fc.assert(
        fc.property(ordinary, fieldPath, written, (source, at, to) => {
          expect(valueAt(plainValue(setField(source, at, to)), at)).toEqual(to)
        }),
        { numRuns: propertyRuns(500, 4) },
      )
    },
    PROPERTY_TIMEOUT_MS,
  )
})

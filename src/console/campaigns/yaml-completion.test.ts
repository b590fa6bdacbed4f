import { describe, expect, it } from 'vitest'
import { campaignJsonSchema } from '../../campaign/json-schema.ts'
import { fieldsAt, type Schema, valuesAt } from '../browser/yaml/schema-values.ts'
import { yamlPlace } from '../browser/yaml/yaml-place.ts'

const CASES: [text: string, path: string, position: 'key' | 'value', word: string][] = [
  ['', '', 'key', ''],
  ['na', '', 'key', 'na'],
  ['id: a\n', '', 'key', ''],
  ['id: a\nentry: ', 'entry', 'value', ''],
  ['entry: { ', 'entry', 'key', ''],
  ['entry: { event: sub', 'entry event', 'value', 'sub'],
  ['entry: { event: subscribe, qr', 'entry', 'key', 'qr'],
  ['entry:\n  - { event: message, ma', 'entry []', 'key', 'ma'],
  ['steps:\n  - ', 'steps []', 'key', ''],
  ['steps:\n  - id: a\n    ifL', 'steps []', 'key', 'ifL'],
  ['steps:\n  - id: a\n    ifLate: ', 'steps [] ifLate', 'value', ''],
  ['steps:\n  - id: a\n    send:\n      te', 'steps [] send', 'key', 'te'],
  ['steps:\n  - id: a\n    send: { text: "{{ a }} : {" }\n    wh', 'steps []', 'key', 'wh'],
  ['steps:\n- id: a\n  since: en', 'steps [] since', 'value', 'en'],
  ['steps:\n  - id: a\n    send: |\n      text: no\n    si', 'steps []', 'key', 'si'],
  ['steps:\n  - {\n      id: a,\n      send: { text: b },\n      wh', 'steps []', 'key', 'wh'],
  [
    'steps:\n  - id: f\n    branches:\n      - name: x\n        steps:\n          - { id: a, since: ',
    'steps [] branches [] steps [] since',
    'value',
    '',
  ],
  ['steps: []\ngoal:\n  on: { facts: { paid: true } }\n  en', 'goal', 'key', 'en'],
  ['accounts: [wx1, wx', 'accounts []', 'value', 'wx'],
  ['{"entry": {"event": ', 'entry event', 'value', ''],
  ['# note\nsteps:\n  # another: one\n  - id: a # c\n    wh', 'steps []', 'key', 'wh'],
]

describe('the place of the cursor', () => {
  it.each(CASES)('after %j is in %s, for a %s', (text, path, position, word) => {
    expect(yamlPlace(text)).toEqual({
      path: path === '' ? [] : path.split(' '),
      position,
      from: text.length - word.length,
    })
  })

  it.each([
    'id: a # no',
    '# note: he',
    'name: "quo',
    'steps:\n  - id: a\n    send: |\n      text he',
    'name: 两个 词 wo\nmore words he',
  ])('after %j is no place for a name or a value', (text) => {
    expect(yamlPlace(text)).toBeNull()
  })
})

describe('what can be written there', () => {
  // Its types are JSON's.
  const schema = campaignJsonSchema() as unknown as Schema
  const labels = (found: { label: string }[]) => found.map(({ label }) => label)

  it('are the fields of the schema, with their descriptions', () => {
    expect(labels(fieldsAt(schema, []))).toEqual(expect.arrayContaining(['id', 'entry', 'steps', 'goal']))
    expect(labels(fieldsAt(schema, ['steps', '[]']))).toEqual(
      expect.arrayContaining(['after', 'wait', 'branches']),
    )
    const inBranch = ['steps', '[]', 'branches', '[]', 'steps', '[]', 'send']
    expect(labels(fieldsAt(schema, inBranch))).toEqual(expect.arrayContaining(['text', 'news', 'menu']))
    const ifLate = fieldsAt(schema, ['steps', '[]']).find(({ label }) => label === 'ifLate')
    expect(ifLate?.description).toMatch(/\p{Script=Han}/u)
    expect(fieldsAt(schema, ['nothing', 'here'])).toEqual([])
  })

  it('are the values that the schema names', () => {
    expect(labels(valuesAt(schema, ['entry', 'event']))).toEqual(
      expect.arrayContaining(['subscribe', 'scan']),
    )
    expect(labels(valuesAt(schema, ['steps', '[]', 'ifLate']))).toEqual(
      expect.arrayContaining(['hold', 'skip']),
    )
    expect(labels(valuesAt(schema, ['goal', 'end']))).toEqual(['true', 'false'])
  })
})

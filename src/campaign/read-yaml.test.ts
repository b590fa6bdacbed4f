import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../test/harness/property-runs.ts'
import { checkCampaign } from './check.ts'
import { campaignJsonSchema } from './json-schema.ts'
import { readYaml } from './read-yaml.ts'
import { TYPED_FIELDS, typeOfField } from './typed-fields.ts'

/** A campaign file with these lines. */
const withKeywords = (...lines: string[]) =>
  ['id: a', 'name: A', ...lines, 'steps: [{ id: s, after: 1s, send: { text: hi } }]'].join('\n')
const inList = (word: string) => withKeywords(`entry: { event: message, keywords: [${word}] }`)
const inLines = (word: string) => withKeywords('entry:', '  event: message', '  keywords:', `    - ${word}`)
const keywordsOf = (source: string) => {
  const entry = checkCampaign(source).campaign?.entry
  return Array.isArray(entry) ? undefined : entry?.keywords
}

/** Words that YAML 1.1 or 1.2 reads as numbers, dates or times of day. */
const NUMBER_LIKE = [
  '007',
  '0755',
  '0x1F',
  '0o17',
  '0b11',
  '1e3',
  '1E+03',
  '1.0',
  '1.50',
  '+86',
  '-0',
  '.5',
  '5.',
  '.inf',
  '-.INF',
  '.nan',
  '12:30',
  '1:30:00',
  '2026-01-01',
  '2026-01-01T08:00:00Z',
  '1_000',
  '12345678901234567890',
  '0.1000000000000000055',
]
const WORDS = ['yes', 'no', 'on', 'off', 'y', 'n', 'TD', '退订', '１', '<<', '=']

describe('a plain scalar in a text field', () => {
  it.each([...NUMBER_LIKE, ...WORDS.filter((w) => w !== '<<')])('is read as its text: %s', (word) => {
    expect(keywordsOf(inList(word))).toEqual([word])
    expect(keywordsOf(inLines(word))).toEqual([word])
  })

  it.each(['null', 'Null', 'NULL', '~', 'true', 'True', 'TRUE', 'false', 'False', 'FALSE'])(
    'is refused with its place and the remedy: %s',
    (word) => {
      expect(checkCampaign(inLines(word)).issues).toMatchObject([
        {
          path: 'entry.keywords.0',
          message: expect.stringContaining(`write "${word}" in quotes`),
          line: 6,
          column: 7,
        },
      ])
    },
  )

  it.each([
    inLines(''),
    inList('a, ""').replace('keywords', 'keys'),
    withKeywords('entry: { event: message }', 'reply:'),
  ])('is refused when it is empty: %j', (source) => expect(checkCampaign(source).campaign).toBeNull())

  it.each(['"007"', "'007'", '!!str 007', '"null"', "'~'", '"true"'])(
    'is a text when it is quoted or tagged: %s',
    (word) => {
      expect(keywordsOf(inList(word))).toEqual([word.replace(/^!!str |["']/g, '')])
    },
  )

  it('is read as its text in every field of the file', () => {
    const source = [
      'id: 007',
      'name: 1.0',
      'accounts: [0755]',
      'priority: 007',
      'entry: { event: subscribe, qrScenes: [001, 0x1F*], keys: [1e3] }',
      'reply: { news: { title: 1.0, description: +86, url: 12, picurl: 0o7 } }',
      'steps:',
      '  - { id: 010, after: 1s, when: { tag: 2026-01-01 }, tag: [1_000], send: { text: 1.50, as: 007 } }',
      '  - { id: 0x8, after: 1s, send: { menu: { head: 1.0, items: [{ id: 01, text: 02.0 }], tail: 1e1 } } }',
      'exit: { keywords: [00, 0.0] }',
    ].join('\n')
    expect(checkCampaign(source)).toMatchObject({
      issues: [],
      campaign: {
        id: '007',
        name: '1.0',
        accounts: ['0755'],
        priority: 7,
        entry: { qrScenes: ['001', '0x1F*'], keys: ['1e3'] },
        reply: { news: { title: '1.0', description: '+86', url: '12', picurl: '0o7' } },
        steps: [
          { id: '010', when: { tag: '2026-01-01' }, tag: ['1_000'], send: { text: '1.50', as: '007' } },
          { id: '0x8', send: { menu: { head: '1.0', items: [{ id: '01', text: '02.0' }], tail: '1e1' } } },
        ],
        exit: { keywords: ['00', '0.0'] },
      },
    })
  })

  it('keeps its text where another field refers to it', () => {
    const source = withKeywords('priority: &p 005', 'entry: { event: message, keywords: [*p] }')
    expect(checkCampaign(source).campaign).toMatchObject({ priority: 5, entry: { keywords: ['005'] } })
  })

  it('is read as itself or is an error, and never as another text', () => {
    const digits = fc.stringMatching(/^[-+]?[0-9][0-9_.:xXoOeE+-]{0,9}$/)
    const word = fc.stringMatching(/^[A-Za-z0-9~.+\u4e00-\u4e20-][A-Za-z0-9~.+_:\u4e00-\u4e20-]{0,9}$/)
    const plain = fc.oneof(
      digits,
      word,
      fc.constantFrom(...NUMBER_LIKE, ...WORDS, 'null', 'true', '~', '.inf'),
    )
    fc.assert(
      fc.property(plain, fc.boolean(), (text, list) => {
        const { campaign, issues } = checkCampaign(list ? inList(text) : inLines(text))
        if (campaign) expect(campaign.entry).toMatchObject({ keywords: [text] })
        else expect(issues.length).toBeGreaterThan(0)
      }),
      { numRuns: propertyRuns(200, 5) },
    )
  })
})

describe('a JSON file', () => {
  const file = (keyword: string) =>
    `{"id":"a","name":"A","entry":{"event":"message","keywords":[${keyword}]},"steps":[{"id":"s","after":"1s","send":{"text":"hi"}}]}`

  it('may have a whole number as a keyword, which has only one spelling', () => {
    expect(keywordsOf(file('1, 2025, -3'))).toEqual(['1', '2025', '-3'])
  })

  it.each(['1.0', '1e3', '-0', '0.5', '12345678901234567890'])(
    'is refused with %s as a keyword',
    (number) => {
      const message = `${number} is a number, not a text: write "${number}" in quotes`
      expect(checkCampaign(file(number)).issues).toMatchObject([
        { path: 'entry.keywords.0', message, line: 1 },
      ])
    },
  )

  it('is refused with a number in another text field', () => {
    expect(checkCampaign(file('"a"').replace('"A"', '2025')).issues).toMatchObject([
      { path: 'name', message: 'must be a text: write it in quotes', line: 1 },
    ])
  })
})

describe('a file is refused with', () => {
  it.each([
    ['a key twice, also as a number', '007: a\n007: b', 'Map keys must be unique', 2],
    ['several documents', 'id: a\n---\nid: b', 'several documents', 2],
    ['a tab for indentation', 'entry:\n\tevent: message', 'YAML accepts spaces only', 2],
    ['a merge key', 'base: &b { id: a }\n<<: *b', 'merge keys (<<) are not supported', 2],
    [
      'a tag of another type',
      'id: !!binary aGk=',
      'tags such as tag:yaml.org,2002:binary are not supported',
      1,
    ],
    ['a custom tag', 'id: !include other.yaml', 'tags such as !include are not supported', 1],
    ['a reference without an anchor', 'id: *gone', 'has no anchor above it', 1],
    ['a list that contains itself', 'id: &a [*a]', 'references', undefined],
  ])('%s', (_, source, message, line) => {
    const { issues } = readYaml(source)
    expect(issues).toContainEqual(expect.objectContaining({ message: expect.stringContaining(message) }))
    expect(issues.find((i) => i.message.includes(message))?.line).toBe(line)
  })
})

describe('the fields that are not texts', () => {
  const found = new Set<string>()
  const root = campaignJsonSchema() as Record<string, unknown>
  type Schema = Record<string, unknown>
  const definitions = (root.$defs ?? {}) as Record<string, Schema>
  /** A schema and its alternatives, without those that contain it. */
  const formsOf = (schema: Schema, inside: readonly unknown[]): [Schema, readonly unknown[]][] => {
    const reference = schema.$ref
    if (typeof reference === 'string') {
      const target = definitions[reference.split('/').at(-1) ?? '']
      return target && !inside.includes(reference) ? formsOf(target, [...inside, reference]) : []
    }
    // Alternatives of a map with fields are rules about its fields.
    if (schema.properties) return [[schema, inside]]
    const forms = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => (schema[key] as Schema[] | undefined) ?? [])
    return forms.length > 0 ? forms.flatMap((form) => formsOf(form, inside)) : [[schema, inside]]
  }
  const walk = (schema: Schema, path: string[], within: readonly unknown[]): void => {
    const forms = formsOf(schema, within)
    const scalar = forms.map(([form]) => form.type)
    if (scalar.some((t) => t === 'number' || t === 'integer' || t === 'boolean')) {
      const mayBeText = scalar.includes('string') || scalar.includes(undefined)
      if (!mayBeText || path.includes('facts') || path.includes('set')) found.add(path.join('.'))
    }
    for (const [form, inside] of forms) {
      for (const [name, field] of Object.entries((form.properties as Record<string, Schema>) ?? {}))
        walk(field, [...path, name], inside)
      for (const [name, key] of [
        ['0', 'items'],
        ['name', 'additionalProperties'],
      ] as const)
        if (typeof form[key] === 'object') walk(form[key] as Schema, [...path, name], inside)
    }
  }
  walk(root, [], [])

  it('are all listed', () => {
    expect(found.size).toBeGreaterThan(10)
    expect([...found].filter((path) => typeOfField(path.split('.')) === null)).toEqual([])
  })

  it('are all in the schema', () => {
    const names = new Set([...found].map((path) => path.split('.').at(-1)))
    expect([...TYPED_FIELDS].filter((name) => !names.has(name))).toEqual([])
  })
})

describe('a file that would be slow to parse', () => {
  const FILE_MAX = 256 * 1024
  const fill = (part: string) => part.repeat(FILE_MAX / part.length)

  /** Each of them would block the process in the YAML parser for a second or more. */
  it.each([
    ['a list of many', `a: [${fill('x,').slice(8)}]`, 'over 60000 words and marks'],
    ['nested lists', fill('['), 'more than 30 levels deep'],
    ['nested maps', fill('{a: '), 'more than 30 levels deep'],
    ['lists nested by hyphens', `${fill('- ').slice(8)}x`, 'over 60000 words and marks'],
    [
      'fields nested by their indentation',
      Array.from({ length: 40 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'more than 30 levels deep',
    ],
    ['anchors', `${fill('&a ').slice(8)}x`, 'over 60000 words and marks'],
    ['errors in every line', fill('a: b: c\n'), 'over 60000 words and marks'],
    ['unknown escapes', `a: "${fill('\\q').slice(8)}"`, 'over 100 escapes'],
    ['incomplete escapes', `a: "${'\\xg'.repeat(200)}"`, 'over 100 escapes'],
  ])('is refused before it is parsed: %s', (_, source, message) => {
    expect(source.length).toBeLessThanOrEqual(FILE_MAX)
    const { value, issues } = readYaml(source)
    expect(value).toBeUndefined()
    expect(issues).toHaveLength(1)
    expect(issues[0]?.message).toContain(message)
    expect(issues[0]?.message).toMatch(/\p{Script=Han}/u)
  })

  it('is parsed when it is large and legitimate: long texts, JSON escapes, thousands of keywords', () => {
    const escaped = `{"a": "${'\\u4f60\\n\\"'.repeat(20_000)}"}`
    expect(readYaml(escaped).issues).toEqual([])
    const keywords = `a:\n${Array.from({ length: 9_000 }, (_, i) => `  - k${i}\n`).join('')}`
    expect(readYaml(keywords).issues).toEqual([])
    expect(readYaml(`a: "${'好 '.repeat(100_000)}"`).issues).toEqual([])
  })
})

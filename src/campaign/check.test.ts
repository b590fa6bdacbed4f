import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../test/harness/property-runs.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { checkCampaign, profileOf } from './check.ts'
import type { CheckContext } from './check-context.ts'
import { CAMPAIGN_HELP } from './field-help.ts'
import { stepsOf } from './items.ts'
import { type Campaign, campaignSchema } from './model.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const EXAMPLES = new URL('../../campaigns/', import.meta.url)

/** A valid file. A test replaces one of its lines. */
const VALID = [
  'id: welcome',
  'name: 新粉欢迎',
  'entry: { event: subscribe }',
  'reply: { text: 欢迎 }',
  'steps:',
  '  - { id: hint, after: 20s, since: entry, send: { text: 还在吗？ } }',
  '  - { id: gift, after: 0s, since: reply, send: { text: 资料 } }',
  'window: 48h',
]
/** The file with line `number` (from 1) replaced, or with more lines at its end. */
const withLine = (number: number, line: string) => VALID.with(number - 1, line).join('\n')
const withMore = (...lines: string[]) => [...VALID, ...lines].join('\n')
const withStep = (send: string, rest = 'id: hint, after: 20s') =>
  withLine(6, `  - { ${rest}, send: ${send} }`)
/** Path and line of each issue. */
const places = (source: string, context?: CheckContext) =>
  checkCampaign(source, context).issues.map((i) => `${i.path} @${i.line ?? '-'}`)

/** Rows of a table, so that the name of a test has the places and not the whole file. */
const table = (rows: [source: string, wrong: string | string[]][]) =>
  rows.map(([source, wrong]) => ({ source, wrong: [wrong].flat() }))

describe('a valid file', () => {
  it('has no issue and no warning, and durations in ms', () => {
    const { campaign, issues, warnings } = checkCampaign(VALID.join('\n'))
    expect({ issues, warnings }).toEqual({ issues: [], warnings: [] })
    expect(campaign).toMatchObject({ id: 'welcome', spacing: 2_000, window: 172_800_000, reentry: 'always' })
    expect(
      stepsOf({ steps: campaign?.steps ?? [] }).map(({ step: s }) => [s.after, s.since, s.ifLate]),
    ).toEqual([
      [20_000, 'entry', 'hold'],
      [0, 'reply', 'hold'],
    ])
  })

  it('may be JSON', () => {
    const steps = [{ id: 's', after: '1s', send: { text: 'hi' } }]
    const source = JSON.stringify({ id: 'a', name: 'A', entry: { event: 'subscribe' }, steps })
    expect(checkCampaign(source).campaign).toMatchObject({ id: 'a', steps: [{ after: 1_000 }] })
  })

  it('is YAML 1.2: yes and no are words, and a number may be a keyword', () => {
    const source = withMore('exit: { keywords: [no, 0, 退订] }')
    expect(checkCampaign(source).campaign?.exit?.keywords).toEqual(['no', '0', '退订'])
  })

  it('may use references', () => {
    const source = withLine(7, '  - { id: gift, after: &d 1m, send: { text: *t } }').replace(
      '还在吗？',
      '&t 你好',
    )
    expect(checkCampaign(source).campaign?.steps[1]).toMatchObject({ after: 60_000, send: { text: '你好' } })
  })

  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')))(
    'the example %s has no issue',
    (name) => {
      expect(checkCampaign(readFileSync(new URL(name, EXAMPLES), 'utf8')).issues).toMatchObject([])
    },
  )
})

describe('an unknown field', () => {
  it.each(
    table([
      [withMore('colour: red'), 'colour @9'],
      [withLine(3, 'entry: { event: subscribe, scene: x }'), 'entry.scene @3'],
      [withLine(4, 'reply: { text: 欢迎, as: anna }'), 'reply.as @4'],
      [withStep('{ text: a }', 'id: hint, after: 20s, delay: 1s'), 'steps.0.delay @6'],
      [withStep('{ text: a, txt: b }'), 'steps.0.send.txt @6'],
      [withStep('{ image: { mediaId: a, url: b } }'), 'steps.0.send.image.url @6'],
      [withMore('exit: { keywords: [TD], after: 1s }'), 'exit.after @9'],
      [withMore('reentry: { after: 30d, most: 3 }'), 'reentry.most @9'],
    ]),
  )('$wrong', ({ source, wrong }) => {
    expect(places(source)).toEqual(wrong)
    expect(checkCampaign(source).issues[0]?.message).toMatch(/^unknown field "\w+"$/)
  })
})

describe('a bad duration', () => {
  it.each(
    table([
      [withStep('{ text: a }', 'id: hint, after: soon'), 'steps.0.after @6'],
      [withLine(7, '  - { id: gift, after: 1h30m, send: { text: a } }'), 'steps.1.after @7'],
      [withLine(7, '  - { id: gift, after: 5, send: { text: a } }'), 'steps.1.after @7'],
      [withMore('spacing: 2 s'), 'spacing @9'],
      [withLine(8, 'window: two days'), 'window @8'],
      [withLine(8, 'window: 59s'), 'window @8'],
      [withLine(8, 'window: 49h'), 'window @8'],
      [withMore('reentry: { after: a month }'), 'reentry.after @9'],
    ]),
  )('$wrong', ({ source, wrong }) => expect(places(source)).toEqual(wrong))

  it('is reported with the correct form', () => {
    expect(checkCampaign(withMore('spacing: 2 s')).issues[0]).toEqual({
      path: 'spacing',
      message: '"2 s" is not a duration: write a whole number and s, m, h or d, like 20s or 22h',
      line: 9,
      column: 10,
      rule: 'durations',
      hint: CAMPAIGN_HELP.spacing,
    })
  })

  it.each([
    ['3h30m', '210m'],
    ['1m30s', '90s'],
    ['1d12h', '36h'],
  ])('has one unit only: %s is %s', (given, written) => {
    expect(checkCampaign(withMore(`spacing: ${given}`)).issues[0]?.message).toBe(
      `"${given}" is not a duration: write one unit only, ${written}`,
    )
  })

  it.each(['1m', '48h', '2d', '172800s'])('is not a window of %s', (window) => {
    const source = withLine(8, `window: ${window}`)
    expect(places(source)).toEqual([])
  })
})

describe('an invalid value', () => {
  it.each(
    table([
      [withLine(3, 'entry: { event: follow }'), 'entry.event @3'],
      [withStep('{ text: a }', 'id: hint, after: 20s, since: start'), 'steps.0.since @6'],
      [withStep('{ text: a }', 'id: hint, after: 20s, ifLate: drop'), 'steps.0.ifLate @6'],
      [withStep('{ text: a }', 'id: hint, after: 20s, when: answered'), 'steps.0.when @6'],
      [
        withStep('{ text: a }', 'id: hint, after: 20s, when: { nickname: a }'),
        ['steps.0.when.nickname @6', 'steps.0.when @6'],
      ],
      [withStep('{ text: a }', 'id: hint, after: 20s, when: {}'), 'steps.0.when @6'],
      [withStep('{ text: a }', 'id: hint, after: 20s, tag: []'), 'steps.0.tag @6'],
      [withStep('{ text: a }', `id: hint, after: 20s, tag: [${'长'.repeat(31)}]`), 'steps.0.tag.0 @6'],
      [withStep('{ text: a }', 'id: hint, after: 20s, tag: [a], untag: [b, a]'), 'steps.0.untag @6'],
      [withLine(4, 'reply: { text: "{{ follower.tags }}" }'), 'reply.text @4'],
      [withMore('reentry: sometimes'), 'reentry @9'],
      [withLine(1, 'id: Welcome'), 'id @1'],
      [withStep('{ text: a }', 'id: step_1, after: 20s'), 'steps.0.id @6'],
      [withMore('priority: high'), 'priority @9'],
      [withMore('accounts: []'), 'accounts @9'],
      [withMore('exit: { keywords: [TD, true] }'), 'exit.keywords.1 @9'],
      [withMore('exit: { keywords: ["  "] }'), 'exit.keywords.0 @9'],
      [withMore('exit: { keywords: [TD, "\u200b\u3164"] }'), 'exit.keywords.1 @9'],
      [withLine(3, 'entry: { event: message, keywords: ["\ufeff"] }'), 'entry.keywords.0 @3'],
    ]),
  )('$wrong', ({ source, wrong }) => expect(places(source)).toEqual(wrong))
})

describe('the message of an invalid value', () => {
  it.each([
    [
      withLine(3, 'entry: { event: follow }'),
      'must be subscribe, scan, click, message, tag, api or window-closing',
    ],
    [withLine(3, 'entry: subscribe'), 'must be a map of fields, or a list of them'],
    [withLine(3, 'entry: {}'), 'is missing: write event, or a filter such as qrScenes'],
    [withLine(2, 'name: ""'), 'is empty: write a text'],
    [withStep('{ news: { title: a, description: b, url: "", picurl: c } }'), 'is empty: write an address'],
    [withLine(2, `name: ${'a'.repeat(101)}`), 'has more than 100 characters: shorten it'],
    [withMore('accounts: []'), 'is empty: write at least one entry'],
    [withMore('accounts: wx1'), 'must be a list'],
    [withMore('priority: high'), 'must be a number'],
    [withMore('priority: 1.5'), 'must be a whole number'],
    [withMore('priority: 1001'), 'must be at most 1000'],
    [withMore('reentry: often'), 'must be always, never or { after: 30d }'],
  ])('%#: states the rule', (source, message) => {
    expect(checkCampaign(source).issues.map((i) => i.message)).toEqual([message])
  })
})

describe('steps', () => {
  it('must not be empty', () => {
    const source = [...VALID.slice(0, 4), 'steps: []'].join('\n')
    expect(places(source)).toEqual(['steps @5'])
    expect(checkCampaign(source).issues[0]?.message).toBe('is empty: a campaign needs at least one step')
  })

  it('must be present, like other required fields', () => {
    expect(checkCampaign('priority: 1').issues).toMatchObject([
      { path: 'id', message: 'is missing', line: 1 },
      { path: 'name', message: 'is missing', line: 1 },
      { path: 'entry', message: 'is missing', line: 1 },
      { path: 'steps', message: 'is missing: a campaign needs steps or answers', line: 1 },
    ])
    expect(places(withLine(7, '  - { id: gift, after: 0s }'))).toEqual(['steps.1.send @7'])
    expect(places(withLine(7, '  - { after: 1s, send: { text: a } }'))).toEqual(['steps.1.id @7'])
  })

  it('may not have the same id twice', () => {
    const source = withLine(7, '  - { id: hint, after: 0s, send: { text: a } }')
    expect(checkCampaign(source).issues).toMatchObject([
      { path: 'steps.1.id', message: 'duplicate step id hint (also at steps.0)', line: 7, column: 11 },
    ])
  })
})

describe('a message', () => {
  it.each([
    ['{}', 'steps.0.send'],
    ['hello', 'steps.0.send'],
    ['{ as: anna@shop }', 'steps.0.send'],
    ['{ text: a, image: { mediaId: b } }', 'steps.0.send'],
    ['{ image: {} }', 'steps.0.send.image'],
    ['{ image: { file: a, mediaId: b } }', 'steps.0.send.image'],
    ['{ video: { mediaId: a } }', 'steps.0.send.video.thumb'],
    ['{ music: { title: a, description: b, url: c } }', 'steps.0.send.music.thumb'],
    ['{ news: { title: a, description: b, url: c } }', 'steps.0.send.news.picurl'],
    ['{ menu: { head: a, items: [] } }', 'steps.0.send.menu.items'],
    ['{ menu: { head: a, items: [{ id: a }] } }', 'steps.0.send.menu.items.0.text'],
    ['{ miniprogram: { title: a, path: c, thumb: d } }', 'steps.0.send.miniprogram.appId'],
    ['{ article: {} }', 'steps.0.send.article.id'],
    ['{ card: {} }', 'steps.0.send.card.id'],
  ])('%s is invalid: %s', (send, path) => expect(places(withStep(send))).toEqual([`${path} @6`]))

  it('is reported with the possible kinds', () => {
    expect(checkCampaign(withStep('{ text: a, card: { id: b } }')).issues[0]?.message).toBe(
      'must have exactly one of text, image, voice, video, music, news, menu, miniprogram, article, card, not text and card',
    )
  })
})

describe('an id or a file of a message', () => {
  it.each([
    ['{ image: { mediaId: "{{ fact.m }}" } }', 'image.mediaId'],
    ['{ voice: { file: "{{ fact.m }}" } }', 'voice.file'],
    ['{ video: { mediaId: a, thumb: "{% if qrScene %}a{% endif %}" } }', 'video.thumb'],
    ['{ menu: { head: a, items: [{ id: "{{ fact.m }}", text: b }] } }', 'menu.items.0.id'],
    ['{ miniprogram: { title: a, appId: "{{ fact.m }}", path: c, thumb: d } }', 'miniprogram.appId'],
    ['{ article: { id: "{{ fact.m }}" } }', 'article.id'],
    ['{ text: a, as: "{{ fact.m }}" }', 'as'],
  ])('is not filled in: %s', (send, field) =>
    expect(checkCampaign(withStep(send)).issues).toMatchObject([
      {
        path: `steps.0.send.${field}`,
        message: 'variables are not filled in here: write the value itself',
        rule: 'variables',
        hint: 'Write a fork with when, and a step for each value',
      },
    ]),
  )

  it('is not filled in in a reply either, where no fork helps', () => {
    const [issue] = checkCampaign(withLine(4, 'reply: { image: { mediaId: "{{ qrScene }}" } }')).issues
    expect(issue).toMatchObject({ path: 'reply.image.mediaId', rule: 'media' })
    expect(issue?.hint).not.toContain('fork')
  })
})

describe('a reply', () => {
  it.each([
    'menu: { head: a, items: [{ id: a, text: b }] }',
    'miniprogram: { title: a, appId: b, path: c, thumb: d }',
    'article: { id: a }',
    'card: { id: a }',
  ])('%s is not a kind that WeChat accepts', (kind) => {
    const name = kind.split(':')[0]
    expect(places(withLine(4, `reply: { ${kind} }`))).toEqual([`reply.${name} @4`, 'reply @4'])
  })

  it('may be a text, image, voice, video, music or news', () => {
    for (const kind of [
      'text: a',
      'image: { mediaId: a }',
      'voice: { mediaId: a }',
      'video: { mediaId: a, thumb: b }',
      'music: { title: a, description: b, url: c, thumb: d }',
      'news: { title: a, description: b, url: c, picurl: d }',
    ])
      expect(places(withLine(4, `reply: { ${kind} }`))).toEqual([])
  })
})

describe('a template', () => {
  it.each(
    table([
      [withStep('{ text: "{{ nickname }}" }'), 'steps.0.send.text @6'],
      [withStep('{ text: "{{ account.name" }'), 'steps.0.send.text @6'],
      [
        withStep('{ news: { title: "{{ x }}", description: a, url: b, picurl: c } }'),
        'steps.0.send.news.title @6',
      ],
      [
        withStep('{ menu: { head: a, items: [{ id: a, text: "{{ x }}" }] } }'),
        'steps.0.send.menu.items.0.text @6',
      ],
      [withLine(4, 'reply: { text: "{{ nickname }}" }'), 'reply.text @4'],
    ]),
  )('$wrong', ({ source, wrong }) => expect(places(source)).toEqual(wrong))

  it('is reported with the known variables', () => {
    expect(checkCampaign(withStep('{ text: "{{ nickname }}" }')).issues[0]?.message).toMatch(
      /undefined variable nickname: use one of account\.name, .*daysSinceReply/,
    )
  })
})

describe('half a character, written as an escape', () => {
  it.each(
    table([
      [withStep('{ text: "bye \\ud83d" }'), 'steps.0.send.text @6'],
      [withStep('{ text: "a\\0b" }'), 'steps.0.send.text @6'],
      [withLine(2, 'name: "\\ude00"'), 'name @2'],
      [withMore('exit: { keywords: [TD, "\\ud83d"] }'), 'exit.keywords.1 @9'],
    ]),
  )('$wrong is refused', ({ source, wrong }) => expect(places(source)).toEqual(wrong))

  it('is accepted with its other half', () => {
    expect(places(withStep('{ text: "bye \\ud83d\\ude00" }'))).toEqual([])
  })
})

describe('a long text', () => {
  it.each([
    ['a'.repeat(2_048), []],
    ['a'.repeat(2_049), ['steps.0.send.text @6']],
    ['字'.repeat(682), []],
    ['字'.repeat(683), ['steps.0.send.text @6']],
    ['😀'.repeat(512), []],
    ['😀'.repeat(513), ['steps.0.send.text @6']],
  ])('%#: is measured in bytes of UTF-8', (text, expected) => {
    expect(places(withStep(`{ text: ${text} }`))).toEqual(expected)
  })

  it('is refused in the reply too, with its size', () => {
    const [issue] = checkCampaign(withLine(4, `reply: { text: ${'字'.repeat(683)} }`)).issues
    expect(issue).toMatchObject({
      path: 'reply.text',
      message: 'has 2049 bytes of UTF-8, and WeChat accepts at most 2048: shorten the text',
    })
  })
})

describe('a delay beyond the window', () => {
  const steps = (window: string, ...list: string[]) =>
    [
      ...VALID.slice(0, 5),
      ...list.map((s, i) => `  - { id: s${i}, ${s}, send: { text: a } }`),
      `window: ${window}`,
    ].join('\n')

  it.each(
    table([
      [steps('48h', 'after: 48h, since: entry'), []],
      [steps('48h', 'after: 172801s, since: entry'), ['steps.0.after @6']],
      [steps('1h', 'after: 61m'), ['steps.0.after @6']],
      [steps('48h', 'after: 47h', 'after: 1h'), []],
      [steps('48h', 'after: 47h', 'after: 61m'), ['steps.1.after @7']],
      [steps('48h', 'after: 47h, since: entry', 'after: 47h, since: reply', 'after: 1h'), []],
      [
        steps('48h', 'after: 47h, since: entry', 'after: 47h, since: reply', 'after: 2h'),
        ['steps.2.after @8'],
      ],
      [steps('48h', 'after: 47h', 'after: 2h', 'after: 0s'), ['steps.1.after @7', 'steps.2.after @8']],
    ]),
  )('$wrong', ({ source, wrong }) => expect(places(source)).toEqual(wrong))

  it('is reported with its sum', () => {
    expect(checkCampaign(steps('48h', 'after: 47h', 'after: 2h')).issues[0]?.message).toBe(
      '49 h (47 h + 2 h) is beyond the window of 48 h: the step could never be sent',
    )
  })
})

describe('a medium', () => {
  const hasMedia = (id: string) => id === 'sha256-here'

  it.each([
    ['{ image: { file: sha256-gone } }', ['steps.0.send.image.file @6']],
    ['{ image: { file: photo.png } }', ['steps.0.send.image.file @6']],
    ['{ image: { file: sha256-here } }', []],
    ['{ image: { mediaId: at-wechat } }', []],
    ['{ voice: { file: sha256-gone } }', ['steps.0.send.voice.file @6']],
    [
      '{ video: { file: sha256-gone, thumb: sha256-lost } }',
      ['steps.0.send.video.file @6', 'steps.0.send.video.thumb @6'],
    ],
    ['{ video: { file: sha256-here, thumb: at-wechat } }', []],
    ['{ music: { title: a, description: b, url: c, thumb: sha256-gone } }', ['steps.0.send.music.thumb @6']],
    [
      '{ miniprogram: { title: a, appId: b, path: c, thumb: sha256-gone } }',
      ['steps.0.send.miniprogram.thumb @6'],
    ],
  ])('%s is missing: %j', (send, expected) => {
    expect(places(withStep(send), { hasMedia })).toEqual(expected)
  })

  it('of the reply must exist too', () => {
    expect(places(withLine(4, 'reply: { image: { file: sha256-gone } }'), { hasMedia })).toEqual([
      'reply.image.file @4',
    ])
  })

  it('is not checked where the uploads are not known', () => {
    expect(places(withStep('{ image: { file: photo.png } }'))).toEqual([])
  })
})

describe('the id in the request’s path', () => {
  it('must be the id of the file', () => {
    expect(places(VALID.join('\n'), { pathId: 'welcome' })).toEqual([])
    expect(checkCampaign(VALID.join('\n'), { pathId: 'course' }).issues).toMatchObject([
      {
        path: 'id',
        message: 'is welcome, but the file was sent to course: use the same id',
        line: 1,
        column: 5,
      },
    ])
  })
})

describe('a file with many errors', () => {
  const many = [
    'id: welcome',
    'name: ""',
    'colour: red',
    'entry: { event: follow }',
    'reply: { text: "{{ nickname }}" }',
    'steps:',
    '  - id: hint',
    '    after: soon',
    '    send: { text: "{{ account.name" }',
    '  - id: hint',
    '    after: 49h',
    '    since: entry',
    `    send: { text: ${'字'.repeat(700)}, loud: true }`,
    '  - id: photo',
    '    after: 1s',
    '    since: entry',
    '    when: maybe',
    '    send: { image: { file: sha256-gone } }',
    '  - id: none',
    '    after: 1s',
  ].join('\n')

  it('has them all reported at once, in the order of their lines', () => {
    const found = places(many, { pathId: 'course', hasMedia: () => false })
    const lines = found.map((place) => Number(place.split('@')[1]))
    expect(lines).toEqual(lines.toSorted((a, b) => a - b))
    expect(found.sort()).toEqual(
      [
        'colour @3',
        'entry.event @4',
        'id @1',
        'name @2',
        'reply.text @5',
        'steps.0.after @8',
        'steps.0.send.text @9',
        'steps.1.after @11',
        'steps.1.id @10',
        'steps.1.send.loud @13',
        'steps.1.send.text @13',
        'steps.2.send.image.file @18',
        'steps.2.when @17',
        'steps.3.send @19',
      ].sort(),
    )
  })

  it('is checked completely without a reply', () => {
    const source = many.replace(/^reply.*$/m, '# no reply')
    expect(places(source)).toContain('steps.1.id @10')
  })

  it('is refused without warnings', () => {
    expect(checkCampaign(many)).toMatchObject({ campaign: null, warnings: [] })
  })

  it('has no error reported twice, and no error that only follows from another one', () => {
    expect(places(withStep('{ text: a, note: "{{ x }}" }'))).toEqual(['steps.0.send.note @6'])
    const unreadable = VALID.with(5, '  - { id: a, after: soon, send: { text: a } }')
    expect(places(unreadable.with(6, '  - { id: b, after: 48h, send: { text: b } }').join('\n'))).toEqual([
      'steps.0.after @6',
    ])
    expect(places(withLine(8, 'window: 5s'))).toEqual(['window @8'])
  })
})

describe('a file that cannot be read', { timeout: PROPERTY_TIMEOUT_MS }, () => {
  it.each([
    ['steps: [1', 1],
    ['id: a\nid: b', 2],
    ['id: a\n---\nid: b', 2],
    ['id: "a', 1],
  ])('%j: line %d', (source, line) => {
    const { campaign, issues } = checkCampaign(source)
    expect(campaign).toBeNull()
    expect(issues[0]).toMatchObject({ path: '', line, message: expect.stringMatching(/^not readable: /) })
  })

  it.each(['', '\n', '# nothing', '---'])('%j is reported as empty', (source) => {
    expect(checkCampaign(source)).toMatchObject({
      campaign: null,
      issues: [{ path: '', message: 'is empty: write a campaign with id, name, entry and steps 文件是空的' }],
    })
  })

  it.each(['- a', '7', 'hello', 'id: *gone'])('%j is not a campaign', (source) => {
    const { campaign, issues } = checkCampaign(source)
    expect(campaign).toBeNull()
    expect(issues).toMatchObject([{ path: '' }])
  })

  it('with nested keys that are maps is refused without being expanded', () => {
    expect(checkCampaign(`${'? '.repeat(500)}x`).issues[0]?.message).toContain('all keys must be strings')
  })

  it('with a duplicate key at any level is refused at its line', () => {
    const twice = 'id: a\nname: b\nsteps:\n  - { id: x, after: 1s, id: y }\nname: c\n'
    expect(checkCampaign(twice).issues).toMatchObject([
      { path: '', message: 'not readable: Map keys must be unique', line: 4, column: 25 },
      { path: '', message: 'not readable: Map keys must be unique', line: 5, column: 1 },
    ])
  })

  it('with thousands of errors has two hundred reported, and the number of the others', () => {
    const fields = Array.from({ length: 1_000 }, (_, i) => `k${i}: 1`).join('\n')
    const { issues } = checkCampaign(fields)
    expect(issues).toHaveLength(201)
    expect(issues.at(-1)?.message).toMatch(/^and \d+ more errors$/)
    expect(checkCampaign('&a '.repeat(1_000)).issues).toHaveLength(201)
  })

  it('with thousands of missing values has two hundred errors reported', () => {
    const { issues } = checkCampaign(`id: x\nsteps:\n${'  - ~\n'.repeat(8_000)}`)
    expect(issues).toHaveLength(201)
    const messagesAt = (path: string) => issues.filter((i) => i.path === path).map((i) => i.message)
    expect(messagesAt('steps')).toEqual([expect.stringContaining('at most 100 steps')])
    expect(messagesAt('steps.3')).toEqual([expect.stringContaining('~ means no value')])
  })

  it('has at most two hundred warnings, and the number of the others', () => {
    const accounts = Array.from({ length: 5_000 }, (_, i) => `wx${i}`)
    const source = withMore(`accounts: [${accounts.join(', ')}]`)
    const { campaign, warnings } = checkCampaign(source, { accounts: [] })
    expect(campaign).not.toBeNull()
    expect(warnings).toHaveLength(201)
    expect(warnings.at(-1)?.message).toBe('and 4800 more warnings')
  })

  it('is refused when it is huge', () => {
    expect(checkCampaign('#'.repeat(256 * 1024 + 1)).issues).toMatchObject([
      { path: '', message: 'is larger than 256 KiB: split the campaign' },
    ])
  })

  it('is refused when its references expand to a huge file', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (let i = 0; i < 9; i++) {
      const [here, next] = ['abcdefghij'[i], 'abcdefghij'[i + 1]]
      bomb.push(`${next}: &${next} [${Array(9).fill(`*${here}`).join(', ')}]`)
    }
    expect(checkCampaign(bomb.join('\n'))).toMatchObject({ campaign: null, issues: [{ path: '' }] })
  })

  it('never throws for any content', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (source) => {
        const { campaign, issues } = checkCampaign(source)
        expect(campaign === null).toBe(issues.length > 0)
      }),
      { numRuns: propertyRuns(60, 20) },
    )
  })

  it('never throws for any value of a field, and reports its place', () => {
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom<unknown>(
        { text: 7 },
        { video: { thumb: 7 } },
        { video: 'x' },
        { menu: { items: [null] } },
      ),
    )
    const field = fc.constantFrom(
      'id',
      'name',
      'entry',
      'reply',
      'steps',
      'window',
      'spacing',
      'reentry',
      'exit',
    )
    const inStep = fc.constantFrom('id', 'after', 'since', 'ifLate', 'when', 'send')
    const right = JSON.stringify(campaignFile())
    fc.assert(
      fc.property(field, inStep, odd, fc.boolean(), (name, stepField, value, step) => {
        const file = JSON.parse(right)
        if (step) file.steps[0][stepField] = value
        else file[name] = value
        const { campaign, issues } = checkCampaign(JSON.stringify(file), { hasMedia: () => false })
        expect(campaign === null).toBe(issues.length > 0)
        const at = step ? `steps.0.${stepField}` : name
        const elsewhere = issues.filter((i) => i.path !== at && !i.path.startsWith(`${at}.`))
        // A shorter window or another order of steps may make a valid step impossible.
        expect(elsewhere.filter((i) => !/^steps\.\d\.(after|id)$/.test(i.path))).toEqual([])
      }),
      { numRuns: propertyRuns(150, 20) },
    )
  })

  function campaignFile() {
    const steps = [
      { id: 'a', after: '1s', send: { text: 'a' } },
      { id: 'b', after: '1s', send: { text: 'b' } },
    ]
    return { id: 'a', name: 'A', entry: { event: 'subscribe' }, steps }
  }
})

describe('warnings', () => {
  const owned = (appId: string, rules: 'wechat-2023' | 'classic-48h' = 'wechat-2023') => ({ appId, rules })

  it('name an account that is not registered yet, and do not prevent publishing', () => {
    const { campaign, issues, warnings } = checkCampaign(withMore('accounts: [wx-known, wx-new]'), {
      accounts: [owned('wx-known')],
    })
    expect({ issues, published: campaign !== null }).toEqual({ issues: [], published: true })
    expect(warnings).toMatchObject([
      {
        path: 'accounts.1',
        message: 'account wx-new is not registered yet: add the account',
        line: 9,
        column: 22,
      },
    ])
  })

  it('do not mention accounts when no account is known, or the file names none', () => {
    expect(checkCampaign(withMore('accounts: [wx-new]')).warnings).toMatchObject([])
    expect(checkCampaign(VALID.join('\n'), { accounts: [] }).warnings).toMatchObject([])
  })

  const late = withLine(6, '  - { id: day-1, after: 22h, since: entry, send: { text: 早 } }')

  it('name a step that WeChat’s rules will hold, and do not prevent publishing', () => {
    const { campaign, warnings } = checkCampaign(late, { rules: 'wechat-2023' })
    expect(campaign?.id).toBe('welcome')
    expect(warnings).toMatchObject([
      {
        path: 'steps.0.after',
        message:
          'step day-1 is due 22 h after the follow, but under wechat-2023 a follow grants 3 messages for 1 min: unless the follower types a message before, it will be held',
        line: 6,
        column: 25,
      },
    ])
  })

  it('state that a step will be skipped when its ifLate is skip', () => {
    const { warnings } = checkCampaign(late.replace('after: 22h', 'after: 22h, ifLate: skip'))
    expect(warnings[0]?.message).toMatch(/it will be skipped$/)
  })

  it('do not appear under the rules before 2021', () => {
    expect(checkCampaign(late, { rules: 'classic-48h' }).warnings).toMatchObject([])
  })

  it('name the step that a reply leaves without a message', () => {
    const steps = [0, 1, 2, 3, 4, 5].map(
      (i) => `  - { id: s${i}, after: 1h, since: reply, send: { text: a } }`,
    )
    const source = [...VALID.slice(0, 5), ...steps].join('\n').replaceAll('1h', '2h')
    const { campaign, warnings } = checkCampaign(source)
    expect(campaign).not.toBeNull()
    expect(warnings).toMatchObject([{ path: 'steps.5', line: 11 }])
    expect(warnings[0]?.message).toMatch(
      /^step s5 has no message left: under wechat-2023 .* grants 5 messages/,
    )
  })
})

describe('the rules profile of the warnings', () => {
  const campaign = (accounts?: string[]): Campaign =>
    campaignSchema.parse({
      id: 'a',
      name: 'A',
      accounts,
      entry: { event: 'subscribe' },
      steps: [{ id: 's', after: '1s', send: { text: 'a' } }],
    })
  const accounts = [
    { appId: 'old', rules: 'classic-48h' },
    { appId: 'new', rules: 'wechat-2023' },
  ] as const

  it.each([
    [undefined, {}, 'wechat-2023'],
    [undefined, { accounts: [] }, 'wechat-2023'],
    [undefined, { accounts }, 'wechat-2023'],
    [['old'], { accounts }, 'classic-48h'],
    [['new'], { accounts }, 'wechat-2023'],
    [['old', 'new'], { accounts }, 'wechat-2023'],
    [['gone'], { accounts }, 'wechat-2023'],
    [['new'], { accounts, rules: 'classic-48h' }, 'classic-48h'],
  ] as const)('for accounts %j is the strictest of the served accounts', (served, context, rules) => {
    expect(profileOf(campaign(served && [...served]), context)).toBe(rules)
  })
})

describe("the account's quiet hours", () => {
  const file = (quiet = '') => `
id: night
name: night
entry: { event: message }
${quiet}
steps: [{ id: late, after: 4h, send: { text: hi } }]
`
  const quietHours = { from: '22:00', to: '08:00' }
  const accounts = [
    { appId: 'wx1', rules: 'wechat-2023' as const },
    { appId: 'wx2', rules: 'wechat-2023' as const, quietHours },
  ]
  const texts = (quiet?: string) =>
    checkCampaign(file(quiet), { accounts }).warnings.map(({ message }) => message)

  it('are shown where the campaign names none', () => {
    expect(texts()).toEqual([
      'step late: for entries between 18:00 and 04:00 it falls into quiet hours (22:00–08:00 of account wx2); it goes at their end',
    ])
    const { warnings } = checkCampaign(file(), { quietHours })
    expect(warnings).toMatchObject([{ rule: 'quiet-hours' }])
  })

  it('refuse no step that is planned from a reply, of a file without forks', () => {
    const source = file().replace(
      /^steps:.*$/m,
      'steps:\n  - { id: gift, since: reply, send: { text: hi } }\n  - { id: tip, after: 5m, send: { text: hi } }',
    )
    expect(checkCampaign(source, { accounts }).issues).toEqual([])
    expect(checkCampaign(`${source}quiet: { from: '22:00', to: '08:00' }`).issues).toEqual([])
  })

  it("give way to the campaign's own", () => {
    expect(texts('quiet: none')).toEqual([])
    expect(texts("quiet: { from: '01:00', to: '02:00' }")).toEqual([
      'step late: for entries between 21:00 and 22:00 it falls into quiet hours (01:00–02:00); it goes at their end',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { checkCampaign } from '../check.ts'
import { applyEdits } from '../editing/apply-edits.ts'
import type { Issue } from '../issue.ts'
import { FIX_NAMES } from './fix.ts'
import { createFixes } from './fixes-of.ts'
import { understoodDuration, understoodTime, writtenDuration } from './written-duration.ts'

const head = (entry: string, more: string) => `id: a\nname: A\nentry: ${entry}\n${more}`
const followed = (steps: string, more = '') => `${head('{ event: subscribe }', more)}steps:\n${steps}`
const typed = (steps: string, more = '') =>
  `${head('{ event: message, keywords: [go] }', more)}steps:\n${steps}`
const step = (id: string, fields = '') => `  - { id: ${id}, ${fields}send: { text: hi } }\n`
const ask = (branches: string, otherwise = '[end]', fields = 'wait: 1h, ') =>
  `  - { id: ask, ${fields}branches: [${branches}], else: ${otherwise} }\n`
const six = Array.from({ length: 6 }, (_, i) => step(`s${i}`, 'after: 1m, ')).join('')
const long = `${'一句话。'.repeat(300)}`
const other = checkCampaign(
  'id: other\nname: B\npriority: 7\nentry: { event: subscribe }\nsteps: [{ id: s, after: 5s, send: { text: hi } }]\n',
).campaign
const others = other ? [other] : []

const check = (source: string) => checkCampaign(source, { others, accounts: [] })
const all = (source: string): Issue[] => {
  const { issues, warnings } = check(source)
  return [...issues, ...warnings]
}
/** The errors of a file, and the warnings of one without. */
const errorsOf = (source: string) => check(source).issues.length

/** A file, the beginning of its message, and the names of the fixes. */
const CASES: readonly (readonly [message: RegExp, source: string, fixes: readonly string[]])[] = [
  [/under wechat-2023 a follow grants/, followed(step('late', 'after: 2h, ')), ['ask-before', 'sooner']],
  [
    /under wechat-2023 a follow grants/,
    followed(`${step('late', 'at: "20:00", ')}${ask('{ on: { keywords: [x] } }')}`),
    ['ask-before', 'sooner'],
  ],
  // Another wait would ask those who have not answered, and send the step to others.
  [
    /under wechat-2023 a follow grants/,
    followed(ask('{ on: { keywords: [x] }, steps: [] }', '[{ id: remind, after: 1h, send: { text: hi } }]')),
    [],
  ],
  [
    /under wechat-2023 a follow grants/,
    followed(
      ask(
        '{ on: { keywords: [x] }, steps: [] }',
        '[{ id: old, branches: [{ when: { tag: t }, steps: [{ id: remind, after: 1h, send: { text: hi } }] }] }]',
      ),
    ),
    [],
  ],
  [/under wechat-2023 a follow grants/, followed(step('late', 'after: 2h, when: not-replied, ')), ['sooner']],
  [/has no message left/, followed(six.replaceAll('after: 1m', 'after: 2h, since: reply')), ['remove-step']],
  [
    /messages follow one typed message/,
    typed(`${ask('{ on: { keywords: [x] } }', '[]')}${six}`),
    ['ask-before'],
  ],
  [
    /after the tap that decides ask/,
    followed(ask('{ on: { keys: [k] }, steps: [{ id: t, after: 10m, send: { text: hi } }] }')),
    ['ask-before'],
  ],
  [
    /has no grant of its own/,
    `${head('{ event: api }', '')}steps:\n${ask('{ on: { facts: { x: 1 } } }', '[]')}${step('s')}`,
    ['ask-before'],
  ],
  [/is beyond the window of 48 h/, followed(step('late', 'after: 3d, ')), ['delay']],
  [/is beyond the window of 1 h/, followed(step('late', 'after: 2h, '), 'window: 1h\n'), ['window', 'delay']],
  [
    /\(47 h \+ 10 h\) is beyond the window/,
    followed(`${step('first', 'after: 47h, ')}${step('second', 'after: 10h, ')}`),
    [],
  ],
  [
    /is longer than the window of 48 h/,
    typed(ask('{ on: { keywords: [x] } }', '[]', 'wait: 72h, ')),
    ['wait'],
  ],
  [
    /may be open until .+ else is not reached/,
    typed(
      `${step('far', 'after: 30h, ')}${ask('{ on: { event: message } }', '[]', 'wait: 36h, ')}${step('t')}`,
    ),
    ['wait'],
  ],
  [
    /waits only then: an answer to the reply/,
    followed(`${step('hello', 'after: 20s, ')}${ask('{ on: { keywords: [x] } }')}`, 'reply: { text: hi }\n'),
    ['meanwhile'],
  ],
  [
    /falls into quiet hours/,
    typed(
      `${ask('{ on: { keywords: [x] } }', '[]')}${step('s', 'after: 5h, ')}`,
      'quiet: { from: "22:00", to: "08:00" }\n',
    ),
    ['anytime'],
  ],
  [/duplicate step id s/, typed(`${step('s')}${step('s')}`), ['id']],
  [/end is a word of the format/, typed(`${ask('{ on: { keywords: [x] } }', '[]')}${step('end')}`), ['id']],
  [
    /is no step or fork above on this way/,
    typed(`${step('s', 'since: later, ')}${step('later')}`),
    ['previous'],
  ],
  [/end stands above it/, typed(`${step('s')}  - end\n${step('t')}`), ['end-last', 'remove-end']],
  [
    /each branch of ask above ends/,
    typed(`${ask('{ on: { keywords: [x] }, steps: [end] }')}${step('t')}`),
    ['remove-end', 'remove-step'],
  ],
  [
    /branch any above takes every message/,
    typed(ask('{ name: any, on: { event: message } }, { name: one, on: { keywords: [x] } }')),
    ['branch-up'],
  ],
  [
    /x stands in branch one above/,
    typed(ask('{ name: one, on: { keywords: [x, y] } }, { name: two, on: { keywords: [x] } }')),
    ['remove-word', 'remove-branch'],
  ],
  [
    /TD is an exit keyword/,
    typed(ask('{ on: { keywords: [TD] } }, { on: { keywords: [x] } }'), 'exit: { keywords: [TD, 退订] }\n'),
    ['remove-exit-word', 'remove-branch'],
  ],
  [
    /answers\.0 above takes every message/,
    'id: a\nname: A\nanswers:\n  - { on: { event: message }, reply: { text: hi } }\n  - { on: { keywords: [x] }, reply: { text: hi } }\n',
    ['branch-up'],
  ],
  [
    /x stands in answers\.0 above/,
    'id: a\nname: A\nanswers:\n  - { on: { keywords: [x] }, reply: { text: hi } }\n  - { on: { keywords: [x] }, reply: { text: hi } }\n',
    ['remove-answer'],
  ],
  [/campaign other goes first/, followed(step('s', 'after: 5s, ')), ['priority']],
  [/leads back to this campaign/, typed(`${step('s', 'go: a, ')}${step('t')}`), ['remove-go']],
  [/leads back to this campaign/, typed(`${step('s')}  - { id: t, go: a }\n`), ['remove-step']],
  [/bytes of UTF-8/, typed(`  - { id: s, send: { text: "${long}" } }\n`), ['split-text']],
  [/bytes of UTF-8/, typed(`  - { id: s, send: { text: "${'字'.repeat(900)}" } }\n`), []],
  [/bytes of UTF-8/, typed(step('s'), `reply: { text: "${long}" }\n`), []],
  [/shares add up to 180/, typed(ask('{ share: 90 }, { share: 90 }', '[]', '')), ['scale-shares']],
  [/needs wait/, typed(ask('{ on: { keywords: [x] } }', '[]', '')), ['wait']],
  [/wait belongs to branches with on/, typed(ask('{ share: 50 }', '[]')), ['remove-field']],
  [/at belongs to branches with when/, typed(ask('{ share: 50 }', '[]', 'at: "09:00", ')), ['remove-field']],
  [/give after or day, not both/, typed(step('s', 'after: 1h, at: "09:00", day: 1, ')), ['remove-field']],
  [/day needs at/, typed(step('s', 'day: 1, ')), ['at']],
  [/days needs at/, typed(step('s', 'days: workdays, ')), ['at']],
  [/before needs since/, typed(step('s', 'before: 2h, ')), ['remove-field']],
  [/give before or after/, typed(step('s', 'before: 2h, after: 1h, since: { fact: x }, ')), ['remove-field']],
  [/typing needs send/, typed('  - { id: s, typing: 2s, tag: [x] }\n'), ['remove-field']],
  [/also in tag/, typed(step('s', 'tag: [x], untag: [x, y], ')), ['untag']],
  [/also in tag/, typed(step('s', 'tag: [x], untag: [x], ')), ['untag']],
  [/from and to are the same/, typed(step('s'), 'quiet: { from: "08:00", to: "08:00" }\n'), ['quiet']],
  [/steps need an entry/, `id: a\nname: A\nsteps:\n${step('s', 'after: 5s, ')}`, ['entry']],
  [
    /this campaign has no entry/,
    'id: a\nname: A\nreply: { text: hi }\nanswers: [{ on: { keywords: [x] }, reply: { text: hi } }]\n',
    ['remove-reply'],
  ],
  [
    /has no callback to answer/,
    `${head('{ event: window-closing, before: 2h }', 'reply: { text: hi }\n')}steps:\n${step('s')}`,
    ['remove-reply'],
  ],
  [
    /resumeReply needs resume/,
    typed(step('s'), 'exit: { keywords: [TD], resumeReply: { text: hi } }\n'),
    ['resume'],
  ],
  [/stands in keywords too/, typed(step('s'), 'exit: { keywords: [TD], resume: [TD] }\n'), ['resume']],
  [
    /stands in keywords too/,
    typed(step('s'), 'exit: { keywords: [TD], resume: [TD, KQ] }\n'),
    ['remove-word'],
  ],
  [
    /contains 1 also fits/,
    `${head('{ event: message, keywords: [1], match: contains }', '')}steps:\n${step('s')}`,
    ['exact'],
  ],
  [/beside is not supported/, typed(step('s'), 'ifBusy: beside\n'), ['value']],
  [/account wx1 is not registered/, typed(step('s'), 'accounts: [wx1, wx2]\n'), ['remove-account']],
  [/unknown field "delay"/, typed(step('s', 'delay: 1h, ')), ['remove-field']],
  [/is not a duration/, typed(step('s', 'after: 2h30m, ')), ['value']],
  [/is not a duration/, typed(step('s', 'after: soon, ')), []],
  [/is no time/, typed(step('s', 'at: "9:00", ')), ['value']],
  [/must be 1m to 48h/, typed(step('s'), 'window: 72h\n'), ['value']],
  [/must be 1s to 5s/, typed(step('s', 'typing: 9s, ')), ['value']],
  [/must be at most 1h/, typed(step('s'), 'spread: 2h\n'), ['value']],
  [/Map keys must be unique/, typed(step('s'), 'priority: 1\npriority: 2\n'), ['repeated-key']],
  [/indented with a tab/, `${head('{ event: api }', '')}steps:\n\t- { id: s, tag: [x] }\n`, ['spaces']],
]

describe('a fix removes its message, and makes no new error', () => {
  it.each(CASES)('%s', (message, source, names) => {
    const issue = all(source).find((found) => message.test(found.message))
    expect(issue?.message).toMatch(message)
    const fixes = createFixes(source, { others, language: 'zh' })(issue as Issue)
    expect(fixes.map(({ name }) => name)).toEqual(names)
    for (const { name, edits } of fixes) {
      const fixed = applyEdits(source, edits)
      const left = all(fixed).filter((found) => found.message === issue?.message)
      expect([name, left, errorsOf(fixed)]).toEqual([name, [], Math.min(errorsOf(source), errorsOf(fixed))])
    }
  })
  it('is tried for each fix that there is', () => {
    const tried = new Set(CASES.flatMap(([, , names]) => names))
    expect(FIX_NAMES.filter((name) => !tried.has(name))).toEqual([])
  })
  it('is none for a message that only a person can act on', () => {
    const issue = { path: 'steps.0.send.text', message: 'is empty: write a text' }
    expect(createFixes(typed(step('s')), { others, language: 'en' })(issue)).toEqual([])
  })
  it('is none for a path that the file does not have', () => {
    const issue = { path: 'steps.9', message: 'end stands above it: put end last' }
    expect(createFixes(typed(step('s')), { others, language: 'en' })(issue)).toEqual([])
  })
})

describe('a fix of a long text', () => {
  it('keeps every sentence, and whole templates', () => {
    const text = `${'开头。'.repeat(150)}{% if fact.a %}${'中间。'.repeat(80)}{% endif %}${'结尾。'.repeat(100)}`
    const source = typed(`  - { id: s, send: { text: "${text}" } }\n`)
    const issue = all(source).find(({ message }) => message.includes('bytes of UTF-8'))
    const [split] = createFixes(source, { others, language: 'zh' })(issue as Issue)
    const [edit] = split?.edits ?? []
    const parts = edit?.do === 'set' ? (edit.value as { text: string }[]).map((part) => part.text) : []
    expect(parts.join('')).toBe(text)
    expect(
      parts.every((part) => (part.match(/\{% if/g) ?? []).length === (part.match(/endif/g) ?? []).length),
    ).toBe(true)
  })
})

describe('the fixes of a text as long as a file', () => {
  it.each([
    ['sentences', '好。'.repeat(80_000)],
    ['spaces', 'a  '.repeat(80_000)],
    ['variables that never end', '{{ a。'.repeat(40_000)],
    ['conditions that never end', '{% if a。'.repeat(30_000)],
    ['sentences of five messages', '好。'.repeat(1_700)],
    ['variables of five messages', '{{。'.repeat(2_000)],
  ])('take no longer than the check: %s', (_, text) => {
    const source = typed(`  - { id: s, send: { text: "${text}" } }\n`)
    const begin = process.cpuUsage()
    const issues = all(source)
    const checked = process.cpuUsage(begin)
    const fixesOf = createFixes(source, { others, language: 'zh' })
    for (const issue of issues) fixesOf(issue)
    const { user, system } = process.cpuUsage(begin)
    // Quadratic work was a hundred times as long.
    expect(user + system).toBeLessThan(5 * (checked.user + checked.system) + 500_000)
  })
})

describe('what people write for a duration or a time', () => {
  it.each([
    ['2h30m', '150m'],
    ['22 小时', '22h'],
    ['１０分钟', '10m'],
    ['1天', '1d'],
    ['90 sec', '90s'],
    ['soon', null],
    ['', null],
    ['3x', null],
  ])('%s is %s', (given, meant) => expect(understoodDuration(given)).toBe(meant))
  it.each([
    ['9:00', '09:00'],
    ['9：30', '09:30'],
    ['20点', '20:00'],
    ['8点5分', '08:05'],
    ['24:00', null],
    ['9', null],
  ])('%s is the time %s', (given, meant) => expect(understoodTime(given)).toBe(meant))
  it('is written in the largest exact unit', () =>
    expect([3_600_000, 5_400_000, 90_000].map(writtenDuration)).toEqual(['1h', '90m', '90s']))
})

import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../test/harness/property-runs.ts'
import { forkedFiles } from '../../test/harness/random-campaigns.ts'
import { checkCampaign } from './check.ts'
import { BRANCH_HELP, CAMPAIGN_HELP, STEP_HELP } from './field-help.ts'
import type { Issue } from './issue.ts'
import { RULES } from './issue-help.ts'

const head = (entry = '{ event: message, keywords: [go] }') => ['id: a', 'name: A', `entry: ${entry}`]
const fileOf = (steps: string, more: readonly string[] = [], entry?: string) =>
  [...head(entry), ...more, 'steps:', steps.replace(/^\n/, '')].join('\n')
const check = (source: string) => checkCampaign(source)
/** `path: message` of each issue. */
const shown = (issues: readonly Issue[]) => issues.map((i) => `${i.path}: ${i.message}`)
const errors = (steps: string, ...more: string[]) => shown(check(fileOf(steps, more)).issues)
const warnings = (source: string) => shown(check(source).warnings)
const text = '{ text: hi }'
const ask = (branches: string, rest = '') => `  - id: ask
    wait: 1h
    branches:
${branches}
${rest}`

describe('a small error inside a fork', () => {
  const branch = (on: string, steps = `[{ id: gift, send: ${text} }]`, otherwise = '[end]') =>
    `  - { id: ask, wait: 1h, branches: [{ on: ${on}, steps: ${steps} }], else: ${otherwise} }`
  const words = '{ keywords: [x] }'

  it.each([
    [
      branch(words, '[{ id: gift, send: 手册 }]'),
      'branches.0.steps.0.send: must be a message, such as { text: … } or { image: … }, or a list of messages',
    ],
    [
      branch(words, '[{ id: gift, handover: true }]'),
      'branches.0.steps.0.handover: must be the account of a human agent, like anna@account',
    ],
    [branch(words, undefined, 'end'), 'else: must be a list'],
    [branch('{ keywords: 1 }'), 'branches.0.on.keywords: must be a list'],
    [branch('{ event: facts }'), 'branches.0.on.event: must be scan, click, message, tag, fact or link'],
    [branch('{ facts: [x] }'), 'branches.0.on.facts: must be a map of names and values'],
    [
      branch('{ qrScenes: [a], event: subscribe }'),
      'branches.0.on.event: must be scan, click, message, tag, fact or link',
    ],
  ])('is the only error: %s', (steps, error) => expect(errors(steps)).toEqual([`steps.0.${error}`]))

  it('is reported with the place of a word that does not exist', () => {
    expect(errors(branch('{ keyword: [x] }'))).toEqual([
      'steps.0.branches.0.on.keyword: unknown field "keyword"',
      'steps.0.branches.0.on.event: is missing: write event, or a filter such as keywords',
    ])
  })
})

describe('an error of a fork', () => {
  it.each([
    [
      'branches of two kinds',
      ask(`      - { on: { keywords: [x] }, steps: [] }\n      - { share: 50, steps: [] }`),
      'steps.0.branches: branches of one fork are all on, all when or all share; here stand on and share',
    ],
    [
      'a wait that is missing',
      `  - { id: ask, branches: [{ on: { keywords: [x] }, steps: [] }] }`,
      'steps.0.wait: a fork with on needs wait: how long the answer is listened for',
    ],
    [
      'a wait of a condition',
      `  - { id: ask, wait: 1h, branches: [{ when: replied, steps: [] }] }`,
      'steps.0.wait: wait belongs to branches with on: a fork by when is decided as soon as it is reached',
    ],
    [
      'a wait beyond the window',
      `  - { id: ask, wait: 72h, branches: [{ on: { keywords: [x] }, steps: [] }] }`,
      'steps.0.wait: 72 h is longer than the window of 48 h: the run ends before',
    ],
    [
      'a fork in meanwhile',
      `  - { id: ask, wait: 1h, meanwhile: [{ id: in, branches: [] }], branches: [{ on: { keywords: [x] }, steps: [] }] }`,
      'steps.0.meanwhile.0: meanwhile has steps only: a question inside a question has two answers',
    ],
    [
      'shares over 100',
      `  - { id: ask, branches: [{ share: 60, steps: [] }, { share: 60, steps: [] }] }`,
      'steps.0.branches.1.share: the shares add up to 120: at most 100, else takes the rest',
    ],
    [
      'a keyword of a branch above',
      ask(
        `      - { name: 领取, on: { keywords: ['1'] }, steps: [] }\n      - { on: { keywords: ['1'] }, steps: [] }`,
      ),
      'steps.0.branches.1: is never reached: 1 stands in branch 领取 above',
    ],
    [
      'a branch below one for every message',
      ask(
        `      - { name: 其他, on: { event: message }, steps: [] }\n      - { on: { keywords: ['1'] }, steps: [] }`,
      ),
      'steps.0.branches.1: is never reached: branch 其他 above takes every message',
    ],
    [
      'steps below a fork that ends',
      ask(
        `      - { on: { keywords: ['1'] }, steps: [end] }`,
        `    else: [end]\n  - { id: after, send: ${text} }`,
      ),
      'steps.1: can never go: each branch of ask above ends',
    ],
    [
      'a step below end',
      `  - end\n  - { id: after, send: ${text} }`,
      'steps.1: end stands above it: put end last',
    ],
    [
      'a reference to another branch',
      ask(
        `      - { on: { keywords: ['1'] }, steps: [{ id: gift, send: ${text} }] }`,
        `  - { id: after, since: gift, send: ${text} }`,
      ),
      'steps.1.since: gift is no step or fork above on this way: it stands below or in another branch',
    ],
    [
      'a reference to nothing',
      `  - { id: after, since: gone, send: ${text} }`,
      'steps.0.since: gone is no step or fork above on this way',
    ],
    [
      'a day with a delay',
      `  - { id: s, day: 1, after: 1h, at: '09:00', send: ${text} }`,
      'steps.0.day: give after or day, not both: day counts calendar days',
    ],
    ['days without a time', `  - { id: s, days: workdays, send: ${text} }`, 'steps.0.days: days needs at'],
    [
      'before without a fact',
      `  - { id: s, before: 2h, send: ${text} }`,
      'steps.0.before: before needs since: { fact: name }',
    ],
    [
      'a time',
      `  - { id: s, at: '9:00', send: ${text} }`,
      'steps.0.at: "9:00" is no time: write it like 09:00',
    ],
    [
      'six messages',
      `  - { id: s, send: [${Array.from({ length: 6 }, () => text).join(', ')}] }`,
      'steps.0.send: 6 messages in one step: WeChat never gives more than 5 for one interaction',
    ],
    [
      'a name of a fact',
      `  - { id: s, set: { 'x y': 1 } }`,
      "steps.0.set.x y: a fact's name begins with a letter and has letters, digits and _, at most 32",
    ],
    ['a loop', `  - { id: s, go: a }`, 'steps.0.go: leads back to this campaign: there are no loops'],
    [
      'forks in forks',
      `${Array.from({ length: 5 }, (_, i) => `{ id: f${i}, branches: [{ when: replied, steps: [`).reduce((a, b) => a + b, '  - ')}{ id: s, send: ${text} }${']}]}'.repeat(5)}`,
      'steps: forks stand 5 deep: at most 4',
    ],
    [
      'an id that is a word of the format',
      ask(`      - { on: { keywords: ['1'] }, steps: [] }`, `  - { id: reply, send: ${text} }`),
      'steps.1.id: reply is a word of the format: choose another id',
    ],
  ])('%s', (_, steps, expected) => expect(errors(steps)).toContain(expected))

  it('is one for a branch that only has an exit keyword', () => {
    const steps = ask(`      - { on: { keywords: [TD] }, steps: [] }`, `  - { id: after, send: ${text} }`)
    expect(errors(steps, 'exit: { keywords: [td] }')).toContain(
      'steps.0.branches.0: is never reached: TD is an exit keyword',
    )
  })

  it.each([
    [
      'reply: { text: hi }',
      '{ event: window-closing, before: 2h }',
      'reply: a run that begins by window-closing has no callback to answer',
    ],
    [
      "quiet: { from: '22:00', to: '22:00' }",
      undefined,
      'quiet: from and to are the same: no time would be quiet',
    ],
    [
      'ifBusy: beside',
      undefined,
      'ifBusy: beside is not supported, because two runs would spend the same messages: answers reply during a run, and replace begins the new run in its place',
    ],
    ['answers: [{ on: { keywords: [a] } }]', undefined, 'answers.0: give either reply or handover'],
  ])('of the whole file: %s', (line, entry, expected) => {
    const { issues } = check(fileOf(`  - { id: s, send: ${text} }`, [line], entry))
    expect(shown(issues)).toContain(expected)
  })

  it.each([
    [[...head(), 'priority: 1'].join('\n'), 'steps: is missing: a campaign needs steps or answers'],
    [`id: a\nname: A\nsteps: [{ id: s, send: ${text} }]`, 'entry: is missing: steps need an entry'],
  ])('of what is missing: %#', (source, expected) => expect(shown(check(source).issues)).toContain(expected))

  it('has the place of the field, and comes with all others', () => {
    const steps = `  - { id: s, day: 1, after: 1h, at: '9:00', send: ${text} }\n  - { id: s, since: gone, send: ${text} }\n  - { id: f, branches: [{ share: 101, steps: [] }] }`
    expect(check(fileOf(steps)).issues.map((i) => `${i.path} @${i.line}:${i.column}`)).toEqual([
      'steps.0.at @5:37',
      'steps.0.day @5:19',
      'steps.1.id @6:11',
      'steps.1.since @6:21',
      'steps.2.branches.0.share @7:34',
    ])
  })
})

describe('a file with forks', () => {
  it('may use facts, tags, links, webhooks, other campaigns, and take the place of a run', () => {
    const branches = `      - { on: { facts: { paid: true } }, steps: [] }\n      - { on: { tags: [vip] }, steps: [] }\n      - { on: { links: [shop] }, steps: [] }`
    const steps = `${ask(branches)}
  - { id: a, before: 2h, since: { fact: visitAt }, send: { text: "hi {{ fact.doctor }}" } }
  - { id: b, when: { campaign: { first: never }, not: { facts: { paid: true } } }, send: ${text}, set: { sent: true }, webhook: shop }
  - { id: c, go: other }`
    expect(checkCampaign(fileOf(steps, ['ifBusy: replace'])).issues).toEqual([])
  })
})

describe('a warning of a fork', () => {
  it('names the tap that opens messages for a minute only', () => {
    const steps = `
  - id: ask
    wait: 1h
    branches: [{ name: tap, on: { keys: [a] }, steps: [{ id: tip, after: 10m, send: ${text} }] }]
    else: [end]`
    expect(warnings(fileOf(steps, [], '{ event: subscribe }'))).toEqual([
      'steps.0.branches.0.steps.0: step tip, 10 min after the tap that decides ask: a tap opens 3 messages for 1 min, not 48 h; it will be held until the follower types. Ask for a word instead',
    ])
  })

  it('counts the messages that follow one typed message', () => {
    const six = Array.from({ length: 6 }, (_, i) => `{ id: s${i}, send: ${text} }`).join(', ')
    const steps = ask(`      - { name: 领取, on: { keywords: ['1'] }, steps: [${six}] }`, '    else: [end]')
    expect(warnings(fileOf(steps))).toEqual([
      'steps.0.branches.0.steps.5: on the way ask → 领取 6 messages follow one typed message, which opens 5: step s5 will be held until the follower types again',
    ])
  })

  it('says that a run of the API has no grant', () => {
    const steps = `
  - { id: note, send: ${text} }
  - { id: ask, wait: 1h, branches: [{ on: { event: message }, steps: [] }] }
  - { id: after, send: ${text} }`
    expect(warnings(fileOf(steps, [], '{ event: api }'))[0]).toBe(
      'steps.0: a run begun by the API has no grant of its own: step note goes only if the follower typed within 48 h',
    )
  })

  it('says that an answer before the question does not count', () => {
    const steps = `  - { id: hello, after: 20s, send: ${text} }\n${ask(`      - { on: { keywords: ['1'] }, steps: [] }`, `  - { id: after, send: ${text} }`)}`
    expect(warnings(fileOf(steps, ['reply: { text: 回复 1 }'], '{ event: subscribe }'))).toContain(
      'steps.0: step hello goes 20 s after the follow and ask waits only then: an answer to the reply typed before does not count. Put hello into meanwhile',
    )
  })

  it('names a wait that the window ends', () => {
    const steps = `
  - { id: far, after: 30h, send: ${text} }
  - { id: ask, wait: 36h, branches: [{ on: { event: message }, steps: [] }] }
  - { id: after, send: ${text} }`
    expect(warnings(fileOf(steps))).toEqual([
      'steps.1: ask may be open until 66 h after the last interaction; the window closes at 48 h: else is not reached then',
    ])
  })

  it('names the end of such a wait in whole minutes', () => {
    const steps = `
  - { id: far, after: 108020s, send: ${text} }
  - { id: ask, wait: 36h, branches: [{ on: { event: message }, steps: [] }] }
  - { id: after, send: ${text} }`
    expect(warnings(fileOf(steps))[0]).toContain('ask may be open until 66 h 1 min after')
  })

  it('names the hours for which quiet hours move a step', () => {
    const source = fileOf(`  - { id: late, after: 46h, send: ${text} }`, [
      "quiet: { from: '21:30', to: '09:00' }",
    ])
    expect(warnings(source)).toEqual([
      'steps.0: step late: for entries between 00:00 and 11:00 it falls into quiet hours (21:30–09:00); it goes at their end, and for entries between 00:00 and 10:00, whose grant ends before, just before they begin',
    ])
  })

  it('tries no recall in quiet hours, in which none begins', () => {
    const quiet = "quiet: { from: '22:00', to: '08:00' }"
    const source = fileOf(
      `  - { id: late, after: 90m, send: ${text} }`,
      [quiet],
      '{ event: window-closing, before: 3h }',
    )
    expect(warnings(source)).toEqual([
      expect.stringContaining('step late: for entries between 21:00 and 22:00 it falls into quiet hours'),
    ])
  })

  it('names words, filters and facts', () => {
    const steps = `
  - id: ask
    wait: 1h
    branches:
      - { on: { keywords: ['1', 资料], match: contains }, steps: [] }
      - { on: { tags: [vip] }, steps: [] }
      - { on: { facts: { paid: true, model: a } }, steps: [] }
      - { on: { links: [shop, guide] }, steps: [] }
  - { id: after, set: { model: b }, send: { text: 关注送好礼 } }
  - { id: more, send: { text: "{{ 'https://example.com' | track: 'guide' }}" } }`
    expect(warnings(fileOf(steps))).toEqual([
      'steps.0.branches.0.on.keywords.0: contains 1 also fits 10 and 2021: use match: exact',
      "steps.0.branches.1.on: WeChat tells nobody of tags given in its console: only this product's count here",
      'steps.0.branches.2.on.facts.paid: no step sets paid: it must come by the API',
      'steps.0.branches.3.on.links.0: no message of a step has the link shop: it is never opened',
      'steps.1.send.text: "关注送好礼" may count as forcing or rewarding follows (诱导关注, 微信公众平台运营规范 3.3.2)',
    ])
    const { warnings: found } = check(fileOf(steps))
    expect(found.every((w) => w.rule && w.hint)).toBe(true)
  })

  it('says that links are not shortened without PUBLIC_URL', () => {
    const source = fileOf(`  - { id: s, send: { text: "{{ 'https://example.com' | track: 'guide' }}" } }`)
    const found = (hasLinks?: boolean) =>
      checkCampaign(source, hasLinks === undefined ? {} : { hasLinks }).warnings
    expect(shown(found(false))).toEqual([
      'steps.0.send.text: PUBLIC_URL is not set: links stay as they are and clicks are not counted',
    ])
    expect([...found(true), ...found()]).toEqual([])
  })

  it('names the days of the week on which an entry is too early for a step, and is no error for them', () => {
    const steps = `  - { id: s, day: 1, at: "10:00", days: weekend, send: ${text} }`
    const { issues, warnings: found } = check(fileOf(steps))
    expect(issues).toEqual([])
    expect(shown(found).filter((w) => w.includes('entries on'))).toEqual([
      'steps.0: step s: for entries on sun, mon, tue, wed its day comes after the window ends, and it is not sent',
    ])
  })

  it('is an error for a step that no way makes due', () => {
    const steps = `
  - id: ask
    wait: 1h
    meanwhile: [{ id: remind, after: 2h, send: ${text} }]
    branches: [{ on: { keywords: [x] }, steps: [] }]`
    expect(errors(steps)).toEqual([
      'steps.0.meanwhile.0: step remind can never go: it is due on no way through the file',
    ])
  })

  it.each([
    ['a condition', `  - { id: pick, branches: [{ when: replied, steps: [] }] }`],
    ['a wait', `  - { id: pick, wait: 1h, branches: [{ on: { keywords: [x] }, steps: [] }] }`],
  ])('plays a reply that nothing asks for, above %s', (_, fork) => {
    const steps = `
  - { id: only, since: reply, send: ${text} }
${fork}
  - { id: after, send: ${text} }`
    expect(errors(steps)).toEqual([])
  })

  it('plays a reply after a question was left without answer', () => {
    const steps = `
  - id: ask
    wait: 1h
    branches: [{ on: { event: message }, steps: [] }]
    else: [{ id: late, since: reply, send: ${text} }]`
    expect(errors(steps)).toEqual([])
  })

  it('warns of a step that no grant pays after a reply that nothing asks for', () => {
    const five = `[${Array(5).fill(text).join(', ')}]`
    const steps = `
  - { id: only, since: reply, send: ${text} }
  - { id: pick, wait: 1h, branches: [{ on: { keywords: [x] }, steps: [] }], else: [{ id: two, send: ${five} }] }
  - { id: three, send: ${text} }`
    expect(warnings(fileOf(steps, [], '{ event: subscribe }')).join()).toContain('step three')
  })
})

describe('an error about what can never go', () => {
  it.each([
    [
      ask(
        "      - { on: { keywords: ['1'] }, steps: [end] }",
        `    else: [end]\n  - { id: after, send: ${text} }`,
      ),
      'Remove end from the branch whose followers should come here, or remove what stands below',
    ],
    [
      `  - { id: ask, wait: 1h, meanwhile: [{ id: remind, after: 2h, send: ${text} }], branches: [{ on: { event: message }, steps: [] }] }`,
      'Let it count from something that happens on its way, and be due before its wait and the window end, or remove it',
    ],
  ])('says what to do: %#', (steps, hint) =>
    expect(check(fileOf(steps)).issues.map((issue) => issue.hint)).toEqual([hint]),
  )
})

describe('the help of an issue', () => {
  const PAGE = readFileSync(new URL('../../docs/campaigns.md', import.meta.url), 'utf8')
  const anchors = new Set(
    [...PAGE.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

  it.each(Object.entries(RULES))('of %s is in a section of the page', (_, anchor) =>
    expect(anchors).toContain(anchor),
  )

  it('is in a section of the page for each warning of the examples and of this file', () => {
    const tree = readdirSync(new URL('./', import.meta.url)).filter((name) => name.endsWith('.ts'))
    const used = tree.flatMap((name) => [
      ...readFileSync(new URL(name, import.meta.url), 'utf8').matchAll(
        /\brule: '([a-z-]+)'|const rule = '([a-z-]+)'/g,
      ),
    ])
    expect(used.length).toBeGreaterThan(10)
    for (const [, first, second] of used) expect(anchors).toContain(first ?? second)
  })

  it('is what an editor shows for the field, or for the field around it', () => {
    const { issues } = check(
      fileOf(
        `  - { id: s, after: 3x, color: red, send: { txt: a } }\n  - { id: f, branches: [{ share: 101 }] }`,
      ),
    )
    expect(issues.map(({ path, rule, hint }) => [path, rule, hint])).toEqual([
      ['steps.0.after', 'durations', STEP_HELP.after],
      ['steps.0.send.txt', 'messages', STEP_HELP.send],
      ['steps.0.send', 'messages', STEP_HELP.send],
      ['steps.0.color', 'steps', CAMPAIGN_HELP.steps],
      ['steps.1.branches.0.share', 'forks', BRANCH_HELP.share],
    ])
  })
})

describe('the page about campaigns', () => {
  const page = readFileSync(new URL('../../docs/campaigns.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
  const files = blocks.filter((block) => block.startsWith('id: '))
  /** Steps without the file around them. Each message on a line of its own is not one. */
  const parts = blocks
    .filter((block) => /^- |^steps:/.test(block))
    .map((block) => block.replace(/^steps:\n/, ''))

  it.each(files)('has a file without errors: %#', (source) => {
    expect(shown(checkCampaign(source).issues)).toEqual([])
  })

  it.each(parts)('has items without errors: %#', (block) => {
    const steps = block.replace(/^(?=.)/gm, '  ').replace(/go: members/, 'go: other')
    expect(shown(check(`${head().join('\n')}\nsteps:\n${steps}`).issues)).toEqual([])
  })
})

describe('the examples', () => {
  const EXAMPLES = new URL('../../campaigns/', import.meta.url)
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'))

  it.each(files)('%s has no error', (name) => {
    const { issues } = check(readFileSync(new URL(name, EXAMPLES), 'utf8'))
    expect(shown(issues)).toEqual([])
  })
})

describe('random campaigns with forks', () => {
  it('are checked without an exception, also with a part that is wrong', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    const wrong = fc.constantFrom(
      null,
      'end',
      7,
      [],
      {},
      { branches: 'x' },
      { id: 'x9', branches: [{ on: 5 }] },
    )
    fc.assert(
      fc.property(forkedFiles, fc.option(wrong), (file, extra) => {
        const steps = extra === null ? file.steps : [...(file.steps as unknown[]), extra]
        const { campaign, issues, warnings: found } = check(JSON.stringify({ ...file, steps }))
        expect(campaign === null).toBe(issues.length > 0)
        if (campaign === null) expect(found).toEqual([])
        for (const issue of [...issues, ...found]) expect(issue.message).not.toMatch(/undefined|NaN|\[object/)
      }),
      { numRuns: propertyRuns(100, 20) },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { campaignFile } from '../../../test/fuzz/fuzz-campaigns.ts'
import { isIn, literalsIn } from '../../../test/harness/message-literals.ts'
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../../test/harness/property-runs.ts'
import { createRandom } from '../../../test/harness/random.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { holesOf } from '../../shared/message-texts.ts'
import { checkCampaign } from '../check.ts'
import * as help from '../field-help.ts'
import { campaignJsonSchema } from '../json-schema.ts'
import { checkTemplate } from '../template/template.ts'
import { placeName } from './field-names.ts'
import { CAMPAIGN_TABLES, issueText } from './issue-text.ts'
import { createIssueTexts } from './issue-texts.ts'
import { HINT_TEXTS } from './warning-texts.ts'

vi.setConfig({ testTimeout: Math.max(SLOW_UNIT_TIMEOUT_MS, PROPERTY_TIMEOUT_MS) })

const zh = (message: string, hint?: string) => issueText({ message, hint }, 'zh')
const { chinese } = createIssueTexts(CAMPAIGN_TABLES)

describe('the tables of messages', () => {
  const rows = [...CAMPAIGN_TABLES, HINT_TEXTS].flatMap((table) => Object.entries(table))

  it.each(rows)('%s has a Chinese text with the same holes', (pattern, text) => {
    const known = new Set(holesOf(pattern).map(({ name }) => name))
    expect(holesOf(text).filter(({ name, kind }) => !known.has(name) || kind !== null)).toEqual([])
    expect(text).toMatch(/[\u4e00-\u9fff]/)
    // Half-width punctuation beside a Chinese character, and no space between Chinese and Latin.
    expect(text).not.toMatch(/[\u4e00-\u9fff][,;:?!]|[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/)
  })

  it('have each pattern once', () => {
    const patterns = rows.map(([pattern]) => pattern)
    expect(patterns.filter((pattern, i) => patterns.indexOf(pattern) !== i)).toEqual([])
  })
})

/** Texts of the folder that no operator reads as an error, and parts of sentences that a kind of hole takes. */
const OTHERS: Readonly<Record<string, string>> = {
  'describe-change.ts': 'the differences of two versions',
  'diff.ts': 'the differences of two versions',
  'edit-accounts.ts': 'the lines of a file',
  'field-help.ts': 'has both languages',
  'issue-help.ts': 'has both languages',
  'timeline.ts': 'the lines of a timeline on the command line',
  'played-event.ts': 'the command line',
  'statistics/': 'the names of counters and columns',
  'fixes/': 'patterns of messages',
  'editing/': 'the editor, which has its own texts for what a form cannot change',
  'ways.ts': 'the names of facts in a simulation',
  'validate-stored.ts': 'the place of a problem in the store',
  'message.ts': 'the check refuses such a message',
}
const PARTS: readonly string[] = [
  ' and ',
  ' or ',
  ' and none',
  ', not ',
  ' of account ',
  ', but under ',
  ', and then',
  ' messages for ',
  'at all hours',
  'between  and ',
  'call stack',
  'undefined variable',
  'variable: ',
  'variable ',
  'the API',
  'the fork',
  'liquidjs has no filter ',
  'the short link of a tracked link',
  'true or false',
  'no value',
  'a medium',
  'branches of one fork are all on, all when or all share',
  'a text',
  'a number',
  'a whole number',
  'a map of fields',
  'a map of names and values',
  'a list',
  'the step is skipped',
  'the reply is omitted',
  'does not work when  is empty',
  'is empty when  is',
  'forcing or rewarding interaction (滥用客服接口, WeChat 2016-01-20)',
  'forcing or rewarding sharing (诱导分享, 微信公众平台运营规范 3.3.1)',
  'forcing or rewarding follows (诱导关注, 微信公众平台运营规范 3.3.2)',
]

/** The errors of a file by the library that reads it. */
const LIBRARIES = ['node_modules/yaml/dist/compose', 'node_modules/yaml/dist/parse']
/** Parts of sentences, warnings, and states that the parser itself calls impossible. */
const NOT_OF_A_FILE =
  /^(?:use strict|flow map|flow sequence|first line|explicit indentation indicator|a tab character|(?:flow|directive) indicator character .|block scalar indicator |reserved character |Value may be parsed as|Invalid block scalar header|break visit|skip children|remove item|Parent collection not found|source is not a string|Tried to pop an empty stack|Unsupported token|Unexpected token in block scalar header|Block scalar header not found)/

describe('every message in the code of the check', () => {
  const patterns = [...CAMPAIGN_TABLES, HINT_TEXTS].flatMap((table) => Object.keys(table))
  const literals = literalsIn(['src/campaign', 'src/api/views'])
    .filter(({ place }) => !place.includes('/texts/'))
    .filter(({ place }) => !Object.keys(OTHERS).some((file) => place.includes(`campaign/${file}`)))

  it('has a Chinese text', () => {
    expect(literals.length).toBeGreaterThan(200)
    const missing = literals.filter(
      ({ parts }) => !PARTS.includes(parts.join('')) && !patterns.some((pattern) => isIn(pattern, parts)),
    )
    expect(missing.map(({ place, parts }) => `${place}: ${parts.join('…')}`)).toEqual([])
  })

  it('has one for each error of the YAML parser', () => {
    const found = literalsIn(LIBRARIES).filter(({ parts }) => !NOT_OF_A_FILE.test(parts.join('')))
    expect(found.length).toBeGreaterThan(60)
    const missing = found.filter(({ parts }) => !patterns.some((pattern) => isIn(pattern, parts)))
    expect(missing.map(({ place, parts }) => `${place}: ${parts.join('…')}`)).toEqual([])
  })
})

/** English words outside of quotes and braces: what a translation has left. */
const leftOver = (text: string) =>
  text
    .replace(/「[^」]*」|\{[^}]*\}+|"[^"]*"|'[^']*'|\([^)]*\)/g, '')
    .match(/(?<![\w./-])[a-z]{2,} [a-z]{2,}(?![\w./-])/g) ?? []

describe('the issues of damaged files', () => {
  it('have a message and a hint in Chinese, without English words', () => {
    const wrong = new Set<string>()
    for (let n = 0; n < 250; n++) {
      const { issues, warnings } = checkCampaign(campaignFile(createRandom(n)))
      for (const { message, hint } of [...issues, ...warnings]) {
        const text = chinese(message)
        if (text === null || leftOver(text).length > 0) wrong.add(`${message} → ${text}`)
        if (hint !== undefined && zh(message, hint).hint === undefined) wrong.add(`hint: ${hint}`)
      }
    }
    expect([...wrong]).toEqual([])
  })

  it('have texts for any wrong value of any field', () => {
    const wrong = new Set<string>()
    const said = new Set<string>()
    for (const source of filesWithJunk()) {
      const { issues } = checkCampaign(source)
      for (const { message } of issues) said.add(message)
    }
    for (const message of said) if (chinese(message) === null) wrong.add(message)
    expect([...wrong]).toEqual([])
    expect(said.size).toBeGreaterThan(60)
  })
})

describe('the problems of templates', () => {
  const PARTS_OF_TEMPLATES = [
    ...[
      '{{',
      '}}',
      '{%',
      '%}',
      'if ',
      'endif',
      'elsif x',
      'else',
      'case qrScene',
      'when "a"',
      'for x in (1..3)',
    ],
    ...[
      'assign x = 1',
      'capture x',
      'raw',
      'endraw',
      'comment',
      'cycle ',
      'liquid ',
      'include "a"',
      'block ',
      '# x',
    ],
    ...[
      'reply.text',
      'account.name',
      'nobody',
      '| upcase',
      '| nope',
      '| track: "a"',
      '| slice: ',
      '| append',
    ],
    ...['|', ':', '=', ',', '(', '..', ')', '[', '0', ']', '"', "'", 'x', ' contains ', ' == ', '-', '.'],
  ]
  const template = fc
    .tuple(
      fc.constantFrom('{{ ', '{% ', ''),
      fc.array(fc.constantFrom(...PARTS_OF_TEMPLATES), { minLength: 1, maxLength: 9 }),
      fc.constantFrom(' }}', ' %}x', ''),
    )
    .map(([begin, parts, end]) => begin + parts.join(' ') + end)

  it('have texts without the English of the library', () => {
    fc.assert(
      fc.property(template, (text) => {
        const problem = checkTemplate(text)
        if (problem !== null)
          expect(chinese(problem), problem).not.toMatch(/^(?:null|模板有错：检查大括号.*)$/)
      }),
      { numRuns: propertyRuns(3_000) },
    )
  })
})

type Schema = {
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  $ref?: string
  $defs?: Record<string, Schema>
}

/** Wrong values of a field. Most fields refuse most of them. */
const JUNK = [0, -1, 1.5, '', 'x y', '\0', true, null, [], {}, { a: {} }, ['x', 'x'], 'x'.repeat(2_100)]

/** Campaigns in which all fields of one part have a wrong value, for every part of the JSON Schema. */
function* filesWithJunk(): Generator<string> {
  const root = campaignJsonSchema() as Schema
  const steps = [{ id: 's', send: { text: 'x' } }]
  const base = { id: 'a', name: 'A', entry: { event: 'subscribe' }, steps }
  const seen = new Set<string>()
  function* values(schema: Schema): Generator<unknown> {
    const key = JSON.stringify(schema)
    if (seen.has(key)) return
    seen.add(key)
    const target = schema.$ref ? root.$defs?.[schema.$ref.replace('#/$defs/', '')] : undefined
    for (const form of [...(schema.anyOf ?? []), ...(target ? [target] : [])]) yield* values(form)
    const { branches, ...fields } = schema.properties ?? {}
    // A check reports the problems of all fields at once. With branches, a step is a fork.
    for (const value of JUNK) {
      const all = Object.fromEntries(Object.keys(fields).map((name) => [name, value]))
      yield all
      if (branches) yield { ...all, branches: value }
    }
    for (const [name, field] of Object.entries(schema.properties ?? {}))
      for (const value of values(field)) yield { [name]: value }
    if (schema.items) for (const value of [...JUNK, ...values(schema.items)]) yield [value]
  }
  for (const value of values(root)) yield JSON.stringify({ ...base, ...(value as object) })
}

describe('the text of an issue', () => {
  it.each([
    ['is missing', '必填，还没有填写'],
    ['must be hold or skip', '只能是暂缓后补发（hold）或跳过（skip）'],
    [
      'step tip is due 1 h 20 s after the follow, but under wechat-2023 a follow grants 3 messages for 1 min: unless the follower types a message before, it will be held',
      '步骤 tip 在关注后 1 小时 20 秒应发，但关注的额度是 1 分钟内 3 条：除非粉丝在此之前发来消息，否则会暂缓',
    ],
    [
      'is never reached: 1 stands in branch 领取 above',
      '永远走不到：上面的分支「领取」已有关键词「1」，删掉一处',
    ],
    [
      'step late: for entries between 18:00 and 04:00 and between 06:00 and 07:00 it falls into quiet hours (22:00–08:00 of account wx2); it goes at their end',
      '步骤 late：18:00 至 04:00、06:00 至 07:00 进入的粉丝，发送时间落在静默时段（22:00–08:00，公众号 wx2 的设置），会顺延到静默时段结束',
    ],
    [
      'account wx1 (小店) cannot run it: it is paused (paused by operator): resume the account; it is not certified (认证), and WeChat lets only certified accounts send: have it certified, then authorise or verify it again',
      '公众号「小店」不能运行这个活动：已由运营暂停，恢复公众号；没有完成微信认证，不能发客服消息，认证后重新授权或重新验证',
    ],
  ])('%s', (message, text) => expect(zh(message).message).toBe(text))

  it('is the message itself in English, without the Chinese that some have at their end', () => {
    const en = (message: string) => issueText({ message }, 'en').message
    expect(en('is missing')).toBe('is missing')
    expect(en('the template fails: its parts are nested too deep 模板嵌套过深')).toBe(
      'the template fails: its parts are nested too deep',
    )
    const tooMany = checkCampaign(`id: a\nname: A\nentry: {event: subscribe}\nsteps: [${'{},'.repeat(120)}]`)
    expect(en(tooMany.issues[0]?.message ?? '')).toBe(
      'a campaign has at most 100 steps, this one has 120: split it into several',
    )
  })

  it('keeps a message that it does not know', () => {
    expect(zh('something new')).toEqual({ message: 'something new' })
  })

  it('has the hint of one language', () => {
    const hint = help.CAMPAIGN_HELP.name
    expect(zh('is missing', hint).hint).toBe('显示名称。')
    expect(issueText({ message: 'is missing', hint }, 'en').hint).toBe(
      'A display name of at most 100 characters.',
    )
    const both = Object.values(help).flatMap((texts) =>
      typeof texts === 'object' ? Object.values(texts) : [],
    )
    for (const text of both) {
      expect(zh('is missing', text).hint).toMatch(/^[^.]*[\u4e00-\u9fff]/)
      expect(issueText({ message: 'is missing', hint: text }, 'en').hint).toMatch(/\.$/)
    }
  })

  it('takes little time for any message', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 5_000 }),
        fc.constantFrom(...CAMPAIGN_TABLES.flatMap(Object.keys)),
        (text, pattern) => {
          // Of this process: another one may have the processor for seconds.
          const before = process.cpuUsage()
          chinese(pattern.replaceAll(/\{\w+(?::\w+)?\}/g, () => text))
          expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000)
        },
      ),
      { numRuns: propertyRuns(300, 20) },
    )
  })
})

describe('the place of an issue', () => {
  it.each([
    ['steps.2.after', '步骤 3 · 延迟', 'Step 3 · delay'],
    ['steps.0.send.1.text', '步骤 1 · 消息 2 · 文字', 'Step 1 · message 2 · text'],
    ['steps.1.branches.0.steps.2.id', '步骤 2 · 分支 1 · 步骤 3 · 标识', 'Step 2 · branch 1 · step 3 · id'],
    ['answers.0.on.keywords.3', '自动回复 1 · 事件 · 关键词 4', 'Answer 1 · event · keyword 4'],
    ['entry.facts.vip', '入口 · 事实 · vip', 'Entry · fact · vip'],
    ['', '', ''],
  ])('%s', (path, text, english) => {
    expect(placeName(path, 'zh')).toBe(text)
    expect(placeName(path, 'en')).toBe(english)
  })
})

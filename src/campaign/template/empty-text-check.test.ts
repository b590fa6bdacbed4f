import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkCampaign } from '../check.ts'
import type { TargetAccount } from '../target-accounts.ts'

const EXAMPLES = new URL('../../../campaigns/', import.meta.url)

/** A campaign as JSON, so that templates need no quoting. */
function file(send: object, more: object = {}): string {
  const steps = [{ id: 's', after: '1s', send }]
  return JSON.stringify({ id: 'a', name: 'A', entry: { event: 'subscribe' }, steps, ...more })
}
const stepWith = (text: string) => file({ text })
const replyWith = (text: string, entry: object = { event: 'subscribe' }) =>
  file({ text: 'hi' }, { entry, reply: { text } })
/** The findings about empty texts: `error` or `warning`, path and message. */
function findings(source: string, accounts?: TargetAccount[]) {
  const { issues, warnings } = checkCampaign(source, accounts ? { accounts } : {})
  const about = (kind: string) => (i: { path: string; message: string }) =>
    /empty/.test(i.message) ? [`${kind} ${i.path}: ${i.message}`] : []
  return [...issues.flatMap(about('error')), ...warnings.flatMap(about('warning'))]
}

describe('a text of a step', () => {
  it.each([
    ['{{ reply.text }}', 'is empty when reply.text is'],
    [' {{ reply.text }}\n', 'is empty when reply.text is'],
    ['{{ follower.tags }}', 'is empty when follower.tags is'],
    ['{{ qrScene }}', 'is empty when qrScene is'],
    ['{{ reply.text }}{{ qrScene }}', 'is empty when qrScene and reply.text is'],
    ["{% if reply.text == '1' %}资料{% endif %}", 'can be empty'],
    ['{% if daysSinceEntry > 0 %}又见面了{% endif %}', 'can be empty'],
    ["{% case reply.text %}{% when 'a' %}A{% when 'b' %}B{% endcase %}", 'can be empty'],
    ["{% if entry.event == 'scan' %}扫码{% endif %}", 'can be empty'],
    ['{{ reply.text | slice: 30 }}', 'can be empty'],
    ['{% if reply.text %}{{ reply.text }}{% endif %}', 'is empty when reply.text is'],
  ])('%s is a warning, and the file can be published', (text, message) => {
    expect(findings(stepWith(text))).toEqual([
      expect.stringContaining(`warning steps.0.send.text: ${message}`),
    ])
    expect(checkCampaign(stepWith(text)).campaign).not.toBeNull()
  })

  it.each([
    [
      '{{ fact.link }}',
      'warning steps.0.send.news.url: is empty when fact.link is, and then the step is skipped: give it another address by the filter default',
    ],
    ["{{ '' }}", 'error steps.0.send.news.url: is always empty: write the address'],
  ])('%s as an address gets no advice to write words around it', (url, found) =>
    expect(findings(file({ news: { title: 'a', description: 'b', url, picurl: 'c' } }))).toEqual([found]),
  )

  it.each([
    '您好 {{ reply.text }}',
    "{{ reply.text | default: '朋友' }}",
    "{% if reply.text == '1' %}资料{% else %}回复 1{% endif %}",
    '{{ account.name }}',
    '{{ daysSinceEntry }}',
    "{{ entry.at | date: '%m-%d' }}",
    '{{ account.city }}',
    "{% if entry.event == 'subscribe' %}欢迎{% endif %}",
    '👍',
  ])('%s is never empty', (text) => expect(findings(stepWith(text))).toEqual([]))

  it.each([
    ' ',
    '\u200b',
    '\u3164\u2800',
    '{% comment %}later{% endcomment %}',
    "{{ '' }}",
    '{% assign x = 1 %}',
    '\n\t',
  ])('%j is an error, because it is always empty', (text) => {
    expect(findings(stepWith(text))).toEqual([
      expect.stringContaining('error steps.0.send.text: is always empty'),
    ])
    expect(checkCampaign(stepWith(text)).campaign).toBeNull()
  })

  it('is empty when the entry never fills its variable', () => {
    const source = (entry: object) => file({ text: '{{ qrScene }}' }, { entry })
    const always = 'warning steps.0.send.text: is always empty because qrScene is, so'
    expect(findings(source({ event: 'message' }))).toEqual([expect.stringContaining(always)])
    expect(findings(source({ event: 'click' }))).toEqual([expect.stringContaining(always)])
    expect(findings(source({ event: 'scan' }))).toEqual([])
    expect(findings(source({ event: 'subscribe', qrScenes: ['expo*'] }))).toEqual([])
  })

  it('does not work with an index into an empty text', () => {
    expect(findings(stepWith('你回复了 {{ reply.text[0] }}'))).toEqual([
      expect.stringContaining('warning steps.0.send.text: does not work when reply.text is empty'),
    ])
    expect(findings(stepWith('好{% if reply.text != "" %}{{ reply.text[0] }}{% endif %}'))).toEqual([])
  })

  it('is empty when a variable of an account is empty', () => {
    const accounts = (city: string): TargetAccount[] => [
      { appId: 'wx1', rules: 'wechat-2023', variables: { city: '上海' } },
      { appId: 'wx2', rules: 'wechat-2023', variables: { city } },
    ]
    expect(findings(stepWith('{{ account.city }}'), accounts('北京'))).toEqual([])
    expect(findings(stepWith('{{ account.city }}'), accounts(' '))).toEqual([
      expect.stringContaining('warning steps.0.send.text: is empty when account.city is'),
    ])
  })
})

describe('the required texts', () => {
  const T = '{{ reply.text }}'
  const url = 'https://example.com'
  it.each<[string, object, string[]]>([
    ['news', { news: { title: T, description: T, url: T, picurl: url } }, ['news.title', 'news.url']],
    ['music', { music: { title: T, description: T, url: T, thumb: 'x' } }, ['music.url']],
    [
      'menu',
      {
        menu: {
          head: T,
          items: [
            { id: '1', text: 'a' },
            { id: '2', text: T },
          ],
          tail: T,
        },
      },
      ['menu.head', 'menu.items.1.text'],
    ],
    [
      'miniprogram',
      { miniprogram: { title: T, appId: 'wx1', path: T, thumb: 'x' } },
      ['miniprogram.title', 'miniprogram.path'],
    ],
    ['video', { video: { mediaId: 'x', thumb: 'y', title: T, description: T } }, []],
  ])('of %s are checked', (_, send, paths) => {
    expect(findings(file(send)).map((line) => line.split(' ')[1])).toEqual(
      paths.map((p) => `steps.0.send.${p}:`),
    )
  })
})

describe('a passive reply', () => {
  it.each([
    ['subscribe', { event: 'subscribe' }, 'warning reply.text: is always empty because reply.text is, so'],
    ['scan', { event: 'scan' }, 'warning reply.text: is always empty because reply.text is, so'],
    [
      'click',
      { event: 'click' },
      'warning reply.text: is empty when reply.text is, and then the reply is omitted',
    ],
    ['message', { event: 'message' }, 'warning reply.text: is empty when reply.text is'],
  ])('to a %s that quotes reply.text', (_, entry, message) => {
    expect(findings(replyWith('{{ reply.text }}', entry))).toEqual([expect.stringContaining(message)])
  })

  it('to a keyword has that keyword', () => {
    expect(findings(replyWith('{{ reply.text }}', { event: 'message', keywords: ['a'] }))).toEqual([])
  })
})

it('a template that fails is reported once', () => {
  const { issues } = checkCampaign(stepWith('{{ nickname }}{% if'))
  expect(issues.map((i) => i.path)).toEqual(['steps.0.send.text'])
})

it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')))(
  'the example %s has no empty text',
  (name) => {
    expect(findings(readFileSync(new URL(name, EXAMPLES), 'utf8'))).toEqual([])
  },
)

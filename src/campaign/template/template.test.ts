import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { isStorable } from '../../shared/text.ts'
import {
  accountVariablesIn,
  checkTemplate,
  isAccountVariable,
  renderTemplate,
  TEMPLATE_VARIABLES,
  type TemplateVariables,
} from './template.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const variables: TemplateVariables = {
  account: { name: '小店', appId: 'wx1' },
  qrScene: 'expo-3',
  entry: { at: '2026-03-05T09:07:00', event: 'subscribe', key: 'qrscene_expo-3' },
  reply: { text: '你好' },
  follower: { tags: '', subscribeScene: '' },
  daysSinceEntry: 2,
  daysSinceReply: 1,
}

describe('a message with variables', () => {
  it.each([
    ['{{ account.name }} 提醒您', '小店 提醒您'],
    ['{{account.appId}}', 'wx1'],
    ['{{ qrScene }}', 'expo-3'],
    ['{{ entry.event }}/{{ entry.key }}', 'subscribe/qrscene_expo-3'],
    ['{{ reply.text }}', '你好'],
    ['第 {{ daysSinceEntry }} 天，回复后 {{ daysSinceReply }} 天', '第 2 天，回复后 1 天'],
    ["您是 {{ entry.at | date: '%m-%d %H:%M' }} 开始的", '您是 03-05 09:07 开始的'],
    ['{% if daysSinceEntry > 1 %}又见面了{% else %}欢迎{% endif %}', '又见面了'],
    ["{{ reply.text | default: '朋友' }}", '你好'],
    ['{{ account.name | append: "！" }}', '小店！'],
    ['100% {free} } {', '100% {free} } {'],
    ['', ''],
  ])('%j renders to %j', (template, text) => expect(renderTemplate(template, variables)).toBe(text))

  it('is rendered again when the machine stalled during the rendering', () => {
    /** Variables whose text stalls the rendering beyond its time limit, `stalls` times. */
    const withStalls = (stalls: number): TemplateVariables => {
      let left = stalls
      return {
        ...variables,
        reply: {
          get text() {
            const until = performance.now() + (left-- > 0 ? 2_100 : 0)
            while (performance.now() < until);
            return '1'
          },
        },
      }
    }
    expect(renderTemplate('{{ reply.text }}{{ reply.text }}', withStalls(2))).toBe('11')
    expect(() => renderTemplate('{{ reply.text }}{{ reply.text }}', withStalls(100))).toThrow(
      'the template takes too long',
    )
  })

  it('differs between followers although the template is cached', () => {
    const other = { ...variables, qrScene: 'shop' }
    expect(renderTemplate('{{ qrScene }}', variables)).toBe('expo-3')
    expect(renderTemplate('{{ qrScene }}', other)).toBe('shop')
  })

  it('does not evaluate a template in the text of a follower', () => {
    const malicious = { ...variables, reply: { text: '{{ account.appId }}' } }
    expect(renderTemplate('{{ reply.text }}', malicious)).toBe('{{ account.appId }}')
  })

  it("may have the account's own variables, and its error names a missing one", () => {
    const own = { ...variables, account: { ...variables.account, city: '上海' } }
    expect(renderTemplate('{{ account.city }}店', own)).toBe('上海店')
    expect(() => renderTemplate('{{ account.city }}店', variables)).toThrow(
      'the account has no variable "city" ({{ account.city }})',
    )
  })

  it('throws for an unknown variable instead of rendering nothing', () => {
    expect(() => renderTemplate('{{ nickname }}', variables)).toThrow(/undefined variable: nickname/)
  })
})

describe('the check of a template', () => {
  it.each(TEMPLATE_VARIABLES)('accepts %s', (name) => expect(checkTemplate(`{{ ${name} }}`)).toBeNull())

  it.each([
    '你好',
    '{% assign day = daysSinceEntry %}{{ day }}',
    '{% for i in (1..3) %}{{ i }}{{ forloop.last }}{% endfor %}',
    '{{ qrScene.size }}',
    '{{ "now" | date: "%Y" }}',
    '{% comment %}{{ nickname }}{% endcomment %}',
    '{% raw %}{{ nickname }}{% endraw %}',
  ])('accepts %s', (template) => expect(checkTemplate(template)).toBeNull())

  it.each([
    ['{{ nickname }}', 'nickname'],
    ['{{ account.nickname }}', 'account.nickname'],
    ['{{ qrSceneX }}', 'qrSceneX'],
    ["{{ nickname | default: '朋友' }}", 'nickname'],
    ['{% if nickname %}x{% endif %}', 'nickname'],
    ["{% if qrScene == 'shop' %}{{ nickname }}{% endif %}", 'nickname'],
    ['{{ account }}', 'account'],
    ['{{ daysSinceEntry.foo }}', 'daysSinceEntry.foo'],
    ['{{ constructor }}', 'constructor'],
  ])('refuses %s, which has the unknown variable %s', (template, name) => {
    const problem = checkTemplate(template, new Set())
    expect(problem).toContain(`undefined variable ${name}`)
    expect(problem).toContain('use one of account.name, account.appId, qrScene')
  })

  it.each([
    ['{{ account.name', 'not closed'],
    ['{% if qrScene %}', 'not closed'],
    ['{% nope %}', 'nope'],
    ['{{ qrScene | shout }}', 'undefined filter: shout'],
    ["{% if qrScene == 'shop' %}{{ qrScene | shout }}{% endif %}", 'undefined filter: shout'],
    ["{% include 'other' %}", 'the tag include is not allowed'],
    ["{% render 'other' %}", 'the tag render is not allowed'],
    ["{% layout 'other' %}", 'the tag layout is not allowed'],
    ['{% block a %}{% endblock %}', 'the tag block is not allowed'],
    ['{% for i in (1..100000000) %}x{% endfor %}', 'takes too much work'],
  ])('refuses %s: %s', (template, reason) => expect(checkTemplate(template)).toContain(reason))

  it('accepts any account variable while no account is known, and else only existing ones', () => {
    expect(checkTemplate('{{ account.city | append: account.tel.size }}')).toBeNull()
    expect(checkTemplate('{{ account.city }}', new Set(['city']))).toBeNull()
    expect(checkTemplate('{{ account.tel }}', new Set(['city']))).toMatch(
      /^undefined variable account\.tel: use one of account\.name,.*, account\.city, fact\.NAME$/,
    )
    expect(checkTemplate('{{ account.city.foo }}')).toContain('undefined variable account.city.foo')
    expect(checkTemplate('{{ account._x }}')).toContain('undefined variable account._x')
  })

  it('reports a syntax error in one line, without a file name', () => {
    expect(checkTemplate('a\nb\n{{ account.name')).toBe(
      'the template fails: output "{{ account.name" not closed, line:3, col:1',
    )
  })
})

describe("an account's own variables", () => {
  it.each(['city', 'Tel_2', 'a'.repeat(32)])('may have the name %s', (name) =>
    expect(isAccountVariable(name)).toBe(true),
  )
  it.each(['', 'name', 'appId', '2nd', '_x', 'a-b', 'a'.repeat(33), '城市'])(
    'may not have the name %s',
    (name) => expect(isAccountVariable(name)).toBe(false),
  )

  it('are found in all branches, each once', () => {
    const template =
      '{{ account.name }}{% if qrScene %}{{ account.city }}{% else %}{{ account.city }}{{ account.tel }}{% endif %}'
    expect(accountVariablesIn(template)).toEqual(['city', 'tel'])
  })
})

describe('a filter that splits a text', () => {
  const withReply = (text: string) => ({ ...variables, reply: { text } })

  it.each([
    ['{{ reply.text | first }}', '😀谢谢', '😀'],
    ['{{ reply.text | last }}', '谢谢😀', '😀'],
    ['a={{ reply.text[0] | url_encode }}', '😀谢', 'a='],
    ['a={{ reply.text[1] | cgi_escape }}', '😀谢', 'a='],
    ['a={{ reply.text[0] | uri_escape }}', '谢😀', 'a=%E8%B0%A2'],
    ['{{ reply.text | size }}', '👩‍👩‍👧😀', '2'],
    ['{{ reply.text | slice: 0 }}', '👩‍👩‍👧好', '👩‍👩‍👧'],
    ['{{ reply.text | slice: 1, 2 }}', '😀谢谢😀', '谢谢'],
    ['{{ reply.text | slice: -2, 2 }}', '谢谢😀🇨🇳', '😀🇨🇳'],
    ['{{ reply.text | slice: -9, 2 }}', '谢谢', ''],
    ['{{ reply.text | truncate: 3, "…" }}', '谢😀😀😀', '谢😀…'],
    ['{{ reply.text | truncate: 4 }}', '谢😀谢😀', '谢😀谢😀'],
    ['{{ reply.text | truncate: 1 }}', '谢😀谢😀', '...'],
    ['{{ reply.text | truncatewords: 2 }}', '😀 谢 谢', '😀 谢...'],
    ["{{ reply.text | split: '' | reverse | join: '' }}", '谢😀👩‍👩‍👧', '👩‍👩‍👧😀谢'],
    ["{{ reply.text | split: ',' | first }}", '😀,b,,', '😀'],
    ["{{ reply.text | replace: '', '-' }}", '谢😀', '谢-😀'],
    ["{{ reply.text | replace: '😀', '好' }}", '谢😀', '谢好'],
    ['{{ reply.text | capitalize }}', 'éCOLE 😀', 'École 😀'],
    ['{{ reply.text[0] }}|{{ reply.text[2] }}', '😀谢', '|谢'],
    ["{{ 'a,b,c' | split: ',' | size }}", '', '3'],
    ["{{ 'a,b,c' | split: ',' | slice: 1, 2 | join }}", '', 'b c'],
    ["{{ 'a,b,c' | split: ',' | last }}", '', 'c'],
  ])('renders %s of %j as %j', (template, text, made) => {
    expect(renderTemplate(template, withReply(text))).toBe(made)
  })

  it('never leaves half a character, in any combination', () => {
    const number = fc.integer({ min: -8, max: 8 })
    const step = fc.oneof(
      fc.constantFrom(
        'first',
        'last',
        'capitalize',
        'upcase',
        'escape',
        'url_encode',
        'strip',
        'truncatewords: 1',
      ),
      fc.tuple(number, fc.nat(5)).map(([from, length]) => `slice: ${from}, ${length}`),
      fc.tuple(fc.nat(6), fc.constantFrom('', '…', '😀')).map(([most, end]) => `truncate: ${most}, "${end}"`),
      fc.constantFrom('', '谢').map((by) => `split: "${by}" | reverse | join: ""`),
      fc.constantFrom('', '😀', 'a').map((what) => `replace: "${what}", "𠮷"`),
    )
    const text = fc
      .array(fc.constantFrom('a', '谢', '😀', '👩‍👩‍👧', '🇨🇳', '𠮷', ' '))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.array(step, { maxLength: 4 }), fc.nat(9), (text, steps, index) => {
        const template = `{{ ${['reply.text', ...steps].join(' | ')} }}{{ reply.text[${index}] | default: '' }}`
        const made = renderTemplate(template, withReply(text.padEnd(10, '。')))
        expect(isStorable(made)).toBe(true)
      }),
    )
  })
})

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { checkCampaign } from '../check.ts'
import { BudgetExceededError, createStepBudget, FILE_STEPS, RENDER_STEPS } from './step-budget.ts'
import { checkTemplate, renderTemplate, type TemplateVariables } from './template.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const variables: TemplateVariables = {
  account: { name: '小店', appId: 'wx1' },
  qrScene: 'expo-3',
  entry: { at: '2026-03-05T09:07:00', event: 'subscribe', key: 'qrscene_expo-3' },
  reply: { text: '1' },
  follower: { tags: '', subscribeScene: '' },
  daysSinceEntry: 2,
  daysSinceReply: 1,
}
const times = (n: number, text: string) => text.repeat(n)
const LIST = '{% assign a = (1..1000) %}'
const BIG = '{% assign n = 9007199254740992 %}{% assign m = n | plus: 2 %}'

/** The clock is stopped, so that only the step budget can end a rendering. */
beforeEach(() => {
  vi.spyOn(performance, 'now').mockReturnValue(0)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Templates of at most 2,048 bytes that would run for a second, for hours, or until the memory is full. */
const HOSTILE: [name: string, template: string][] = [
  [
    'nested loops',
    `${LIST}{% for i in a %}{% for j in a %}{% for k in a %}{% endfor %}{% endfor %}{% endfor %}`,
  ],
  [
    'a loop in a long text',
    `${LIST}{% for i in a %}{% for j in a %}${times(600, '好')}{% endfor %}{% endfor %}`,
  ],
  ['tables in tables', `${LIST}{% tablerow i in a %}{% tablerow j in a %}{% endtablerow %}{% endtablerow %}`],
  [
    'lines of a liquid tag',
    `{% liquid\nassign a = (1..1000)\nfor i in a\nfor j in a\necho j\nendfor\nendfor\n%}`,
  ],
  [
    'a capture that grows',
    `{% capture s %}{% for i in (1..1000) %}${times(600, '好')}{% endfor %}{% endcapture %}{{ s | size }}`,
  ],
  [
    'many branches in a loop',
    `{% for i in (1..5000) %}{% if false %}${times(90, '{% elsif false %}')}{% endif %}{% endfor %}`,
  ],
  [
    'lists compared by case',
    `${LIST}{% for i in (1..5000) %}{% case a %}{% when a %}{% endcase %}{% endfor %}`,
  ],
  [
    'indexes of indexes',
    `{% assign a = (0..1) %}{% for i in (1..5000) %}{{ ${times(500, 'a[')}0${times(500, ']')} }}{% endfor %}`,
  ],
  ['a cycle of many', `{% for i in (1..5000) %}{% cycle ${times(300, "'a',")}'b' %}{% endfor %}`],
  [
    'expressions in expressions',
    `${LIST}{% assign x = "z > 9999" %}{% assign y = "a | has_exp: 'z', x" %}{{ a | has_exp: 'y', y }}`,
  ],
  ['a long path for each of a list', `${LIST}{{ a | where: '${times(400, 'b.')}b' }}`],
  [
    'a list of itself',
    '{% assign a = "x" | split: "" %}{% for i in (1..40) %}{% assign a = a | push: a %}{% endfor %}{{ a }}',
  ],
  [
    'a text that doubles',
    '{% assign s = "aaaaaaaaaa" %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}{{ s }}',
  ],
  [
    'a text replaced by itself',
    `{% assign s = "${times(1500, 'a')}" %}{% assign s = s | replace: "a", s | replace: "a", s %}{{ s }}`,
  ],
  ['names of months', `{% for i in (1..5000) %}{{ "now" | date: "%B%A%Z", "Asia/Shanghai" }}{% endfor %}`],
  ['characters of a text', `{% for i in (1..5000) %}{{ "${times(500, '好')}" | truncate: 5 }}{% endfor %}`],
  ['a hash in a loop', '{% for i in (1..90000) %}{{ i | sha256 }}{% endfor %}'],
  ['a long range', '{% for i in (1..1000000000) %}{% endfor %}'],
]

describe('a template that would run indefinitely', () => {
  it.each(HOSTILE)('is refused with the remedy: %s', (_, template) => {
    expect(template.length).toBeLessThanOrEqual(2_048)
    const problem = checkTemplate(template)
    expect(problem).toContain('takes too much work')
    expect(problem).toContain('请去掉循环里的循环')
    expect(() => renderTemplate(template, variables)).toThrow('takes too much work')
  })

  /** liquidjs adds one, which at 2^53 gives the same number: the process would run out of memory. */
  it.each([
    ['written out', '{% for i in (9007199254740992..9007199254740994) %}x{% endfor %}'],
    ['computed', `${BIG}{{ (n..m) | size }}`],
    ['in a condition', `${BIG}{% if (n..m) contains 2 %}x{% endif %}`],
    [
      'in an expression in a text',
      `${BIG}{% assign a = (1..2) %}{{ a | where_exp: "x", "(n..m) contains x" | size }}`,
    ],
    ['with negative numbers', '{% for i in (-9007199254740994..-9007199254740990) %}x{% endfor %}'],
  ])('is refused with a range beyond the bound, %s', (_, template) => {
    expect(checkTemplate(template)).toContain('the ends of a range are at most 1000000000')
  })

  it.each([
    [
      'blocks',
      times(60, '{% if qrScene %}') + times(60, '{% endif %}'),
      'blocks are nested more than 32 levels deep',
    ],
    // Compiled code needs less of the stack, and may read so many to their end.
    ['brackets', `{{ a${times(4_900, '[')} }}`, /nested too deep|not closed/],
  ])('is refused with too many nested %s', (_, template, reason) => {
    expect(checkTemplate(template)).toMatch(reason)
  })

  it('is refused when it is longer than any message', () => {
    expect(checkTemplate(times(5_001, 'a'))).toContain('at most 5000')
    expect(checkTemplate(times(5_000, 'a'))).toBeNull()
  })
})

describe('a legitimate template', () => {
  it.each([
    ['{% for i in (1..31) %}第 {{ i }} 天{% unless forloop.last %}、{% endunless %}{% endfor %}', 31],
    ['{% assign tags = follower.tags | split: "、" %}{% for tag in tags %}{{ tag }}{% endfor %}', 0],
    ['{% case daysSinceEntry %}{% when 0, 1 %}刚来{% when 2 %}第二天{% else %}老朋友{% endcase %}', 0],
    [
      `${times(550, '好')}{{ entry.at | date: '%Y 年 %m 月 %d 日 %H:%M' }}{% if qrScene contains 'expo' %}展会{% endif %}`,
      0,
    ],
  ])('takes a small part of the budget: %s', (template) => {
    const budget = createStepBudget(RENDER_STEPS)
    renderTemplate(template, variables, budget)
    expect(budget.spent).toBeLessThan(RENDER_STEPS / 4)
  })

  it('may apply several filters to a long reply', () => {
    const long = { ...variables, reply: { text: times(2_000, '好😀') } }
    const template = "{{ reply.text | strip | replace: '😀', '' | truncate: 20 | append: '…' }}"
    expect(renderTemplate(template, long)).toContain('好好')
  })

  it('takes the same number of steps each time, and never more than the budget', () => {
    const piece = fc.constantFrom(
      '{{ reply.text }}',
      "{{ qrScene | split: '' | reverse | join: '-' }}",
      '{% assign a = (1..30) %}',
      '{{ a | size }}',
      '{% if reply.text == "1" %}一{% endif %}',
      '你好',
    )
    const nested = fc.letrec<{ template: string }>((tie) => ({
      template: fc.oneof(
        { maxDepth: 5 },
        piece,
        tie('template').map((inner) => `{% for i in (1..20) %}${inner}{% endfor %}`),
        fc.tuple(tie('template'), tie('template')).map((parts) => parts.join('')),
      ),
    })).template
    const spentBy = (template: string) => {
      const budget = createStepBudget(FILE_STEPS)
      try {
        renderTemplate(`{% assign a = "" %}${template}`, variables, budget)
      } catch (err) {
        expect(String(err)).toContain('takes too much work')
      }
      return budget.spent
    }
    fc.assert(
      fc.property(nested, (template) => {
        const spent = spentBy(template)
        expect(spent).toBeLessThanOrEqual(RENDER_STEPS)
        expect(spentBy(template)).toBe(spent)
      }),
      { numRuns: propertyRuns(60, 20) },
    )
  })
})

describe('a file of many templates', () => {
  const file = (step: (i: number) => string, count = 100) =>
    `id: x\nname: x\nentry: {event: subscribe}\nsteps:\n${Array.from({ length: count }, (_, i) => `  - ${step(i)}\n`).join('')}`
  const textStep = (text: string) => (i: number) =>
    JSON.stringify({ id: `s${i}`, after: '1s', send: { text: text.replace('N', String(i)) } })
  const messagesOf = (source: string) => checkCampaign(source).issues.map((i) => i.message)

  it('is refused at the first unchecked template when they exceed the budget together', () => {
    const almost = `{% for i in (1..1000) %}{{ i }}N{% endfor %}`
    expect(checkTemplate(almost)).toBeNull()
    const { campaign, issues } = checkCampaign(file(textStep(almost)))
    expect(campaign).toBeNull()
    const over = issues.filter((i) => i.message.includes('take too much work (over 200000 steps together)'))
    expect(over).toHaveLength(1)
    expect(over[0]?.path).toMatch(/^steps\.\d+\.send\.text$/)
    expect(over[0]?.line).toBeGreaterThan(4)
    expect(over[0]?.message).toContain('本文件的模板运算量过大')
  })

  it('has an error for each template that exceeds its own budget', () => {
    const loops = `N${LIST}{% for i in a %}{% for j in a %}{% endfor %}{% endfor %}`
    const messages = messagesOf(file(textStep(loops), 4))
    expect(messages.filter((m) => m.includes('the template takes too much work'))).toHaveLength(4)
  })

  it('has each text checked once, however many references it has', () => {
    const loop = '"{% for i in (1..1000) %}{{ i }}{% endfor %}"'
    const referring = file((i) => `{id: s${i}, after: 1s, send: {text: ${i === 0 ? `&t ${loop}` : '*t'}}}`)
    expect(messagesOf(referring)).toEqual([])
  })

  it('passes with the largest campaign: 100 steps, each with a menu of twelve texts', () => {
    const menu = (i: number) =>
      JSON.stringify({
        id: `s${i}`,
        after: `${i}m`,
        since: 'entry',
        send: {
          menu: {
            head: `${i} {{ account.name }}：您好，{{ reply.text | default: '朋友' }}，想看哪一个？`,
            items: Array.from({ length: 10 }, (_, n) => ({
              id: `${n}`,
              text: `${i}-${n} {% if daysSinceEntry > 1 %}老朋友{% else %}新朋友{% endif %}`,
            })),
            tail: `${i} 回复 {{ daysSinceEntry | plus: 1 }} 查看`,
          },
        },
      })
    const { campaign, issues } = checkCampaign(file(menu))
    expect(issues).toEqual([])
    expect(campaign?.steps).toHaveLength(100)
  })

  it('has at most 100 steps, and the other steps are not checked', () => {
    const { issues } = checkCampaign(file(textStep('{{ nickname }}'), 101))
    expect(issues).toHaveLength(101)
    expect(issues.find((i) => i.path === 'steps')?.message).toContain('at most 100 steps, this one has 101')
  })
})

describe('a step budget', () => {
  it('ends at its limit, and spends from its parent', () => {
    const whole = createStepBudget(100)
    const part = createStepBudget(60, whole)
    part.spend(59)
    expect(() => part.spend(2)).toThrow(BudgetExceededError)
    expect([part.spent, whole.spent]).toEqual([60, 60])
    const rest = createStepBudget(60, whole)
    expect(rest.limit).toBe(40)
    for (const nothing of [Number.NaN, -5, 0]) rest.spend(nothing)
    expect(rest.spent).toBe(0)
    expect(() => rest.spend(Infinity)).toThrow(BudgetExceededError)
    expect(whole.spent).toBe(100)
  })
})

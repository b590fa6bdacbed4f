import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'

const found = (source: string) =>
  checkCampaign(source).issues.map(({ path, message }) => `${path}: ${message}`)
const answers = (...rows: string[]) =>
  `id: faq\nname: 问答\nanswers:\n${rows.map((r) => `  - ${r}\n`).join('')}`
const steps = 'steps: [{ id: s, after: 1s, send: { text: hi } }]'

describe('a campaign of answers', () => {
  it('needs neither entry nor steps', () => {
    expect(found(answers('{ on: { keywords: [1] }, reply: { text: 一 } }'))).toEqual([])
  })

  it.each([
    ['{ on: { keywords: [1] } }', ['answers.0: give either reply or handover']],
    [
      '{ on: { keywords: [1] }, reply: { text: 一 }, handover: true }',
      ['answers.0: give either reply or handover'],
    ],
    ['{ on: { keywords: [1] }, handover: false }', ['answers.0.handover: must be true']],
    ['{ on: { event: subscribe }, reply: { text: 一 } }', ['answers.0.on']],
    [
      '{ on: { keywords: [1] }, reply: { text: "{{ follower.tags }}" } }',
      ['answers.0.reply.text: a reply cannot use follower.…: use it in a step'],
    ],
    [
      '{ on: { keywords: [1] }, reply: { text: "{{ fact.friends | default: 0 }}" } }',
      ['answers.0.reply.text: a reply cannot use fact.…: use it in a step'],
    ],
    ['{ on: { keywords: [1] }, reply: { text: "{{ nobody }}" } }', ['answers.0.reply.text']],
    ['{ on: { keywords: [1] }, reply: { text: "  " } }', ['answers.0.reply.text: is always empty']],
    ['{ on: { keywords: ["\\u200b"] }, reply: { text: 一 } }', ['answers.0.on.keywords.0: has no visible']],
    [
      `{ on: { keywords: [1] }, reply: { text: ${'长'.repeat(700)} } }`,
      ['answers.0.reply.text: has 2100 bytes'],
    ],
  ])('has every error of a row: %s', (row, expected) => {
    const issues = found(answers(row))
    expect(issues).toHaveLength(expected.length)
    for (const [i, text] of expected.entries()) expect(issues[i]).toContain(text)
  })

  it('says which rows are never reached', () => {
    const rows = answers(
      '{ on: { keywords: [人工] }, handover: true }',
      '{ on: { keywords: [1, 地址] }, reply: { text: a } }',
      '{ on: { keywords: [人工] }, reply: { text: 请打电话 } }',
      '{ on: [{ keywords: [１] }, { keywords: [地址] }], reply: { text: b } }',
      '{ on: { event: message }, reply: { text: c } }',
      '{ on: { keywords: [2] }, reply: { text: d } }',
      '{ on: [{ keywords: [3] }, { keys: [k] }], reply: { text: e } }',
    )
    expect(found(rows)).toEqual([
      'answers.3: is never reached: １ stands in answers.1 above',
      'answers.5: is never reached: answers.4 above takes every message',
    ])
  })

  it.each([
    [`id: a\nname: a\n${steps}`, ['entry: is missing: steps need an entry']],
    ['id: a\nname: a\nentry: { event: message }', ['steps: is missing: a campaign needs steps or answers']],
    [
      `${answers('{ on: { keywords: [1] }, reply: { text: 一 } }')}reply: { text: 你好 }`,
      ['reply: is for the event that begins a run, and this campaign has no entry: write it under answers'],
    ],
  ])('is refused where parts do not fit together: %s', (source, expected) => {
    expect(found(source)).toEqual(expected)
  })
})

describe('the replies of an opt-out', () => {
  const file = (exit: string) => `id: a\nname: a\nentry: { event: message }\n${steps}\nexit: { ${exit} }`

  it('are accepted with their keywords', () => {
    expect(
      found(file('keywords: [TD], reply: { text: 已退订 }, resume: [KQ], resumeReply: { text: 已恢复 }')),
    ).toEqual([])
  })

  it.each([
    [
      'keywords: [TD], resumeReply: { text: 已恢复 }',
      ['exit.resumeReply: resumeReply needs resume: the keywords that it answers'],
    ],
    [
      'keywords: [TD], resume: [ｔｄ。, KQ]',
      ['exit.resume.0: stands in keywords too: one text cannot mean both'],
    ],
    ['keywords: [TD], resume: ["\\u200b"]', ['exit.resume.0: has no visible character: write a word']],
    ['keywords: [TD], reply: { text: "{{ follower.tags }}" }', ['exit.reply.text: a reply cannot use']],
    ['reply: { text: 已退订 }', ['exit.keywords']],
  ])('have errors of their own: %s', (exit, expected) => {
    const issues = found(file(exit))
    expect(issues).toHaveLength(expected.length)
    for (const [i, text] of expected.entries()) expect(issues[i]).toContain(text)
  })
})

import { describe, expect, it } from 'vitest'
import { modelOfItems } from '../../../test/harness/file-plan.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import { firstNames, stepNames, withStepNumbers } from './step-names.ts'

const ITEMS = `
- { id: hint, send: { text: "还在吗？直接回复 1，\\n马上把资料发给你，三分钟就能看完。" } }
- { id: hello, send: { text: "{{ account.name }} 的朋友" } }
- id: gift
  send: [{ news: { title: 手册, description: d, url: u, picurl: p } }, { image: { file: hall-a.png } }, { image: { mediaId: m1 } }]
- { id: menu, send: { menu: { head: 选一个, items: [{ id: a, text: A }] } } }
- { id: gold, tag: [金卡, 常客] }
- { id: crm, webhook: crm, untag: [新] }
- { id: paid, set: { paid: true } }
- { id: agent, handover: anna@account }
- id: ask
  wait: 10h
  meanwhile: [{ id: soon, after: 5h, send: { text: 考虑一下 } }]
  branches: [{ name: 资料, on: { event: message, keywords: ["1"] }, steps: [end] }, { on: { event: message }, steps: [] }]
  else: [{ id: bye, send: { text: 再见 } }]
- { id: half, branches: [{ name: 甲, share: 50, steps: [] }] }
`
const MODEL = modelOfItems(ITEMS)
const words = (id: string, language: 'zh' | 'en' = 'zh') => stepNames(MODEL, language).of(id)?.words

describe('the name of a step', () => {
  it.each([
    [
      'hint',
      '还在吗？直接回复 1， 马上把资料发给你，三分钟…',
      '还在吗？直接回复 1， 马上把资料发给你，三分钟…',
    ],
    ['hello', '【公众号名称】 的朋友', '【account name】 的朋友'],
    ['gift', '图文：手册', 'Link card: 手册'],
    ['gift.2', '图片：hall-a.png', 'Image: hall-a.png'],
    ['gift.3', '图片', 'Image'],
    ['menu', '点选菜单：选一个', 'Menu message: 选一个'],
    ['gold', '打标签：金卡 / 常客', 'Tag: 金卡 / 常客'],
    ['crm', '去标签：新', 'Remove tags: 新'],
    ['paid', '写入事实：paid', 'Set a fact: paid'],
    ['agent', '转人工接待：anna@account', 'Human agent: anna@account'],
    ['ask', '等待回复：资料 / b', 'Wait for a reply: 资料 / b'],
    ['half', '按比例分开（A/B）：甲', 'Split by share (A/B): 甲'],
  ])('%s is what it says or does', (id, zh, en) => {
    expect([words(id), words(id, 'en')]).toEqual([zh, en])
  })

  it('has its place in the file, also of steps in branches and of each message', () => {
    const numbers = ['hint', 'gift', 'gift.2', 'ask', 'soon', 'bye', 'half'].map(
      (id) => stepNames(MODEL, 'zh').of(id)?.number,
    )
    expect(numbers).toEqual([1, 3, 3, 9, 10, 11, 12])
  })

  it('is none of a step that the version does not have, and of a version that cannot be read', () => {
    expect(stepNames(MODEL, 'zh').of('gone')).toBeNull()
    expect(stepNames(null, 'zh').of('hint')).toBeNull()
    expect(stepNames(null, 'zh').branch('ask', 'else')).toBe('else')
  })

  it('is of the first version that has the step', () => {
    const old = modelOfItems('[{ id: hint, send: { text: 旧 } }, { id: gone, send: { text: 已删 } }]')
    const names = firstNames([MODEL, old].map((model) => stepNames(model, 'zh')))
    expect([names.of('gone')?.words, names.of('soon')?.words, names.of('x')]).toEqual([
      '已删',
      '考虑一下',
      null,
    ])
    expect(firstNames([old, MODEL].map((m) => stepNames(m, 'zh'))).of('hint')?.words).toBe('旧')
  })

  it('comes also from a file with errors', () => {
    const { fields } = readFile('steps: [{ id: a, send: { text: 你好 } }, { id: b, send: 3 }, 7, { id: c }]')
    const names = stepNames(fields, 'zh')
    expect(['a', 'b', 'c'].map((id) => names.of(id)?.words)).toEqual(['你好', '消息 1', '消息 1'])
  })
})

describe('the beginning of a text', () => {
  it('never cuts a variable or a character in two', () => {
    const of = (text: string) => {
      const model = modelOfItems(`[{ id: a, send: { text: ${JSON.stringify(text)} } }]`)
      return stepNames(model, 'zh').of('a')?.words
    }
    expect(of(`${'一'.repeat(20)}{{ account.name }}`)).toBe(`${'一'.repeat(20)}…`)
    expect(of(`${'一'.repeat(23)}👨‍👩‍👧二`)).toBe(`${'一'.repeat(23)}👨‍👩‍👧…`)
    expect(of('一'.repeat(24))).toBe('一'.repeat(24))
  })
})

describe('the name of a branch', () => {
  it('is its own; those who took none are called as in the editor', () => {
    const names = stepNames(MODEL, 'zh')
    expect([names.branch('ask', '资料'), names.branch('ask', 'else'), names.branch('half', 'else')]).toEqual([
      '资料',
      '没有回复',
      '其余粉丝',
    ])
    expect(stepNames(MODEL, 'en').branch('half', 'else')).toBe('Everyone else')
    // As differences between versions call a branch without a name.
    expect(names.branch('ask', 'branch 2')).toBe('b')
    expect(names.branches('ask')).toEqual([
      { key: '资料', name: '资料' },
      { key: 'branch 2', name: 'b' },
    ])
  })

  it('stays `else` where a branch has this name', () => {
    const model = modelOfItems('[{ id: f, branches: [{ name: else, share: 50, steps: [] }] }]')
    expect(stepNames(model, 'zh').branch('f', 'else')).toBe('else')
  })
})

describe('a message of the check', () => {
  it.each([
    [
      'zh',
      '步骤 gift.2 在关注后 1 小时应发，但关注的额度是 1 分钟',
      '第 3 步在关注后 1 小时应发，但关注的额度是 1 分钟',
    ],
    ['zh', '走「资料」时：步骤 hint：会跳过', '走「资料」时：第 1 步：会跳过'],
    ['zh', '步骤 unknown 永远发不出', '步骤 unknown 永远发不出'],
    ['en', 'step bye: it will be held, like step hint', 'step 11: it will be held, like step 1'],
    ['en', 'a step that sends nothing', 'a step that sends nothing'],
    [
      'zh',
      '步骤 bye 在决定 ask 的点击后 1 小时应发：点击的额度是 0 条',
      '第 11 步在决定第 9 步的点击后 1 小时应发：点击的额度是 0 条',
    ],
    ['zh', '永远走不到：上面分叉 ask 的每个分支都已结束', '永远走不到：上面第 9 步的每个分支都已结束'],
    ['zh', 'ask 可能等到最后一次互动后 2 小时', '第 9 步可能等到最后一次互动后 2 小时'],
    ['zh', '1 小时后才发，ask 那时才开始等', '1 小时后才发，第 9 步那时才开始等'],
    ['zh', '把 soon 放到 ask 的等待期间（meanwhile）', '把第 10 步放到第 9 步的等待期间（meanwhile）'],
    ['zh', '走「ask → 资料, half → 甲」时', '走「第 9 步 → 资料, 第 12 步 → 甲」时'],
    ['zh', 'bye 在下面或别的分支里：从何时算起', '第 11 步在下面或别的分支里：从何时算起'],
    [
      'en',
      'step bye, 1 h after the tap that decides ask: a tap opens nothing. Ask for a word instead',
      'step 11, 1 h after the tap that decides step 9: a tap opens nothing. Ask for a word instead',
    ],
    ['en', 'can never go: each branch of ask above ends', 'can never go: each branch of step 9 above ends'],
    ['en', 'ask may be open until 2 h', 'step 9 may be open until 2 h'],
    ['en', 'Put soon into meanwhile of ask', 'Put step 10 into meanwhile of step 9'],
    ['en', 'on the way ask → 资料, half → 甲 2', 'on the way step 9 → 资料, step 12 → 甲 2'],
    ['en', 'hint is no step or fork above on this way', 'step 1 is no step or fork above on this way'],
    ['en', `duplicate step id ${'a'.repeat(200_000)}`, `duplicate step id ${'a'.repeat(200_000)}`],
  ] as const)('in %s has places for ids: %.60s', (language, message, shown) => {
    expect(withStepNumbers(message, stepNames(MODEL, language), language)).toBe(shown)
  })
})

import { describe, expect, it } from 'vitest'
import { changeValue } from './change-value.ts'

describe('a value of a change', () => {
  it.each([
    ['after', 5_400_000, '1 小时 30 分钟', '1 h 30 min'],
    ['after', 0, '0 秒', '0 s'],
    ['since', 'previous', '上一步之后', 'the step before'],
    ['since', 'ask', 'ask', 'ask'],
    ['since', 'gift', '「这是资料」之后', 'step “这是资料”'],
    ['ifLate', 'hold', '等额度', 'wait for a grant'],
    ['send', { text: '你好' }, '你好', '你好'],
    ['send', { text: '{{ account.name }}好' }, '【公众号名称】好', '【account name】好'],
    ['send', [{ text: '一' }, { news: { title: '二', url: 'x' } }], '一、图文 · 二', '一, Link card · 二'],
    ['send', { unknown: 1 }, '{"unknown":1}', '{"unknown":1}'],
    [
      'branches',
      { 满减: { name: '满减', share: 50 }, 其他: { name: '其他' } },
      '满减 50 %、其他',
      '满减 50 %, 其他',
    ],
    ['tag', ['甲', '乙'], '甲、乙', '甲, 乙'],
    ['day', 1, '1', '1'],
  ])('%s %j is said in words', (field, value, zh, en) => {
    const stepOf = (id: string) => (id === 'gift' ? '这是资料' : null)
    const words = (['zh', 'en'] as const).map((language) => changeValue(field, value, language, stepOf))
    expect(words).toEqual([zh, en])
  })
})

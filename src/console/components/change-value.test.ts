import { describe, expect, it } from 'vitest'
import { changeField, changeValue } from './change-value.ts'

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
    ['on', { event: 'message', keywords: ['1', '资料'] }, '发消息 · 1 / 资料', 'sends a message · 1 / 资料'],
    [
      'entry',
      [
        { event: 'subscribe', qrScenes: ['shop-*'] },
        { event: 'click', keys: ['course'] },
      ],
      '关注公众号 · shop-* / 点击菜单 · course',
      'follows · shop-* / taps a menu · course',
    ],
    [
      'goal.on',
      { event: 'fact', facts: { helpers: { atLeast: 3 } } },
      '写入事实 · helpers ≥ 3',
      'a fact is set · helpers ≥ 3',
    ],
    [
      'when',
      { not: { facts: { used: true } } },
      '不符合（事实符合的 · used = true）',
      'not (with a fact · used = true)',
    ],
    [
      'when',
      { tag: ['已购', '投诉'], campaign: { welcome: 'completed' } },
      '有标签的 · 已购 / 投诉，并且welcome · 全部完成',
      'with a tag · 已购 / 投诉, and welcome · completed',
    ],
    ['since', { fact: 'visitAt' }, '某个事实的时间 · visitAt', 'the time of a fact · visitAt'],
  ])('%s %j is said in words', (field, value, zh, en) => {
    const stepOf = (id: string) => (id === 'gift' ? '这是资料' : null)
    const names = { stepOf, branchOf: (name: string) => name, media: {} }
    const words = (['zh', 'en'] as const).map((language) => changeValue(field, value, language, names))
    expect(words).toEqual([zh, en])
  })
})

describe('an upload in a change', () => {
  const id = `sha256-${'a'.repeat(64)}`
  const names = {
    stepOf: () => null,
    branchOf: (name: string) => name,
    media: { [id]: { filename: '地图.png', type: 'image' as const } },
  }

  it.each([
    ['send', { image: { file: id } }, '图片 · 地图.png'],
    ['send', { image: { file: `sha256-${'b'.repeat(64)}` } }, '图片'],
    ['send', { video: { file: id, title: '片头' } }, '视频 · 片头'],
    ['send.image.file', id, '地图.png'],
  ])('%s %j is named by its file', (field, value, words) => {
    expect(changeValue(field, value, 'zh', names)).toBe(words)
  })
})

describe('a changed field of a fork', () => {
  const branches = [
    { key: '1.5 折', name: '1.5 折' },
    { key: 'branch 2', name: 'b' },
  ]

  it.each([
    ['branches.1.5 折.on.keywords', '分支「1.5 折」 · 事件 · 关键词', 'Branch “1.5 折” · Event · keyword'],
    ['branches.branch 2.share', '分支「b」 · 占比', 'Branch “b” · Share'],
    ['branches.branch 2', '分支「b」', 'Branch “b”'],
    ['wait', '等待时长', 'Wait'],
  ])('%s names the branch as the editor does', (field, zh, en) => {
    expect((['zh', 'en'] as const).map((language) => changeField(field, language, branches))).toEqual([
      zh,
      en,
    ])
  })

  it('has the names of branches in its value', () => {
    const names = { stepOf: () => null, branchOf: (n: string) => (n === 'branch 1' ? 'a' : n), media: {} }
    expect(changeValue('branches', { 'branch 1': { share: 50 } }, 'zh', names)).toBe('a 50 %')
  })
})

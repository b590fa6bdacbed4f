import { describe, expect, it } from 'vitest'
import { renderPart } from '../../../test/harness/render-part.tsx'
import { checkCampaign } from '../../campaign/check.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Language } from '../texts/bilingual.ts'
import { IssueList } from './issue-list.tsx'
import { WithMedia } from './step-name.tsx'

const MEDIUM = `sha256-${'a'.repeat(64)}`
const SOURCE = `
id: c
name: C
entry: { event: subscribe }
steps:
  - { id: hello, after: 1s, send: { text: 欢迎来到小店 } }
  - id: ask
    wait: 10h
    branches:
      - name: 领手册
        on: { keywords: [手册] }
        steps:
          - { id: guide, send: [{ text: 手册在这里 }, { image: { file: ${MEDIUM} } }] }
      - on: { event: message }
        steps: [end]
    else:
      - { id: bye, after: 1h, send: { image: { file: ${MEDIUM} } } }
      - end
`
const fields = readFile(SOURCE).fields

/** What a reader sees, with the ids between ‹ ›. */
function textOf(issues: readonly Issue[], { language = 'zh' as Language, of = fields, editor = '/y' } = {}) {
  const html = renderPart(
    <WithMedia names={{ [MEDIUM]: { filename: '地图.png', type: 'image' } }}>
      <IssueList issues={issues} of={of} editor={editor} />
    </WithMedia>,
    language,
  )
  return html
    .replaceAll(/<code[^>]*>(.*?)<\/code>/g, '‹$1›')
    .replaceAll(/<[^>]+>/g, '')
    .trim()
}
const at = (path: string): Issue[] => [{ path, message: 'x' }]

describe('the place of an issue', () => {
  it.each([
    [
      'steps.0.send.text',
      '第 1 步 欢迎来到小店 · 消息 · 文字 ‹hello› x',
      'Step 1 欢迎来到小店 · Message · text ‹hello› x',
    ],
    ['steps.1.wait', '第 2 步 等待回复 · 等待时长 ‹ask› x', 'Step 2 Wait for a reply · Wait ‹ask› x'],
    [
      'steps.1.branches.0.on.keywords.0',
      '第 2 步 等待回复 · 分支「领手册」 · 事件 · 关键词 1 ‹ask› x',
      'Step 2 Wait for a reply · branch “领手册” · Event · keyword 1 ‹ask› x',
    ],
    [
      'steps.1.branches.0.steps.0.send.1.image',
      '第 3 步 手册在这里 · 消息 2 · 图片 ‹guide› x',
      'Step 3 手册在这里 · Message 2 · image ‹guide› x',
    ],
    [
      'steps.1.branches.1',
      '第 2 步 等待回复 · 分支「b」 ‹ask› x',
      'Step 2 Wait for a reply · branch “b” ‹ask› x',
    ],
    [
      'steps.1.branches.1.steps.0',
      '第 2 步 等待回复 · 分支「b」 · 到此结束 ‹ask› x',
      'Step 2 Wait for a reply · branch “b” · End here ‹ask› x',
    ],
    ['steps.1.else.0', '第 4 步 图片：地图.png ‹bye› x', 'Step 4 Image: 地图.png ‹bye› x'],
    [
      'steps.1.else.1',
      '第 2 步 等待回复 · 分支「没有回复」 · 到此结束 ‹ask› x',
      'Step 2 Wait for a reply · branch “No answer” · End here ‹ask› x',
    ],
    ['goal.on', '目标 · 事件 x', 'Goal · event x'],
    ['', 'x', 'x'],
  ])('%s is named as the editor names it', (path, zh, en) => {
    expect(textOf(at(path))).toBe(zh)
    expect(textOf(at(path), { language: 'en' })).toBe(en)
  })

  it('is a path in words where the file cannot be read', () => {
    expect(textOf(at('steps.2.after'), { of: null as never })).toBe('步骤 3 · 延迟 x')
  })

  it('has the line where it can be changed', () => {
    expect(textOf([{ path: 'steps.1.wait', message: 'x', line: 7 }])).toContain('等待时长 · 第 7 行')
  })
})

describe('the messages of the check of a file', () => {
  const found = (source: string, language: Language) => {
    const { issues, warnings } = checkCampaign(source, { others: [], accounts: [], hasMedia: () => true })
    const of = readFile(source).fields
    return textOf([...issues, ...warnings], { language, of: of as never })
  }

  it('name steps and forks by their numbers, and the id stands only beside the place', () => {
    const source = `${SOURCE}  - { id: ask, after: 3h, send: { text: 又一次 } }\n`
    for (const language of ['zh', 'en'] as const) {
      const text = found(source, language)
      expect(text).toMatch(language === 'zh' ? /也用了/ : /also at/)
      expect(text).toMatch(language === 'zh' ? /第 2 步/ : /also at step 2/)
      expect(text).not.toMatch(/steps\.|步骤 \d/)
    }
    const warned = found(SOURCE, 'zh')
    expect(warned).toContain('第 4 步')
    expect(warned.replaceAll(/‹[^›]*›/g, '')).not.toMatch(/\b(?:hello|ask|guide|bye)\b/)
  })
})

import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { checkCampaign } from '../../campaign/check.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import { newItem } from '../../campaign/editing/new-items.ts'
import { createFixes } from '../../campaign/fixes/fixes-of.ts'
import { emptyWords } from '../steps/empty-words.ts'
import { editorIssues } from './editor-issues.ts'

const issuesOf = (steps: readonly unknown[], more = {}) => {
  const source = stringify({ id: 'a', name: 'A', entry: { event: 'subscribe' }, steps, ...more })
  const { issues, warnings } = checkCampaign(source, { others: [], accounts: [] })
  const language = 'zh' as const
  const fixesOf = createFixes(source, { others: [], language })
  const fields = readFile(source).fields ?? {}
  return editorIssues([...issues, ...warnings], { fields, fixesOf, language })
}
const ofNew = (kind: Parameters<typeof newItem>[1]) =>
  issuesOf([newItem({}, kind, { yes: '是', other: '其他' }, '10s')])

/** What a new card asks to fill in. */
const CASES: readonly (readonly [kind: Parameters<typeof newItem>[1], words: readonly string[]])[] = [
  ['text', ['内容还没有填']],
  ['image', ['还没有选图片']],
  ['voice', ['还没有选语音']],
  ['video', ['还没有选视频', '还没有选封面']],
  ['news', ['标题还没有填', '描述还没有填', '网址还没有填', '图片网址还没有填']],
  ['music', ['标题还没有填', '描述还没有填', '网址还没有填', '还没有选封面']],
  ['menu', ['开头还没有填', '选项的文字还没有填']],
  ['miniprogram', ['标题还没有填', '小程序 AppID 还没有填', '页面路径还没有填', '还没有选封面']],
  ['condition', ['标签还没有填']],
  ['tag', ['标签还没有填']],
  ['webhook', ['通知（已登记的名称）还没有填']],
  ['handover', ['转给客服账号还没有填']],
  ['go', ['进入活动还没有填']],
]

describe('the issues that the editor shows', () => {
  it.each(CASES)('asks for the empty fields of a new %s, each once', (kind, words) => {
    const issues = ofNew(kind)
    expect(issues.map(({ isEmpty }) => isEmpty)).toEqual(words.map(() => true))
    expect(issues.map(({ path }) => emptyWords(path, 'zh'))).toEqual(words)
    for (const { hint } of issues) expect(hint).toBeUndefined()
  })

  it('says no word of the file beside a value that is wrong', () => {
    const news = { title: 't', description: 'd', url: 'u', picurl: 'p'.repeat(2000) }
    const medium = { file: 'a.png', mediaId: 'm' }
    const issues = issuesOf([
      { id: 's', send: [{ news }, { image: medium }] },
      { id: 'b', wait: '1h', branches: [{ on: { keywords: ['x'], match: 'all' } }] },
    ])
    expect(issues.length).toBeGreaterThanOrEqual(3)
    for (const { message, hint = '', isEmpty } of issues) {
      expect(isEmpty).toBeUndefined()
      expect(`${message} ${hint}`).not.toMatch(/\b(?:file|mediaId|track)\b|同目录|见 match/)
    }
  })
})

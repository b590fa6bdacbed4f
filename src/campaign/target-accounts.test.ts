import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'
import type { TargetAccount } from './target-accounts.ts'

const file = (more: string[], send: string) =>
  [
    'id: many',
    'name: 多账号',
    'entry: { event: subscribe }',
    ...more,
    'steps:',
    `  - { id: a, after: 5s, send: ${send} }`,
  ].join('\n')
const account = (appId: string, variables: Record<string, string> = {}): TargetAccount => ({
  appId,
  name: `店 ${appId}`,
  rules: 'wechat-2023',
  variables,
})
const CITY = '{ text: "{{ account.city }}店" }'
const check = (source: string, accounts?: readonly TargetAccount[]) =>
  checkCampaign(source, accounts ? { accounts } : {})

describe('a template with a variable of an account', () => {
  it('passes while no served account is known', () => {
    expect(check(file([], CITY)).issues).toEqual([])
    expect(check(file([], CITY), []).issues).toEqual([])
    expect(check(file(['accounts: [wx9]'], CITY), [account('wx1')]).issues).toEqual([])
  })

  it('is an error when no served account has it', () => {
    const { issues } = check(file(['accounts: [wx1]'], CITY), [
      account('wx1'),
      account('wx2', { city: '上海' }),
    ])
    expect(issues).toMatchObject([{ path: 'steps.0.send.text', line: 6 }])
    expect(issues[0]?.message).toContain('undefined variable account.city: use one of account.name')
  })

  it('is a warning for each served account that lacks it', () => {
    const accounts = [account('wx1', { city: '上海' }), account('wx2'), account('wx3')]
    const { issues, warnings } = check(file(['accounts: [wx1, wx2]'], CITY), accounts)
    expect(issues).toEqual([])
    expect(warnings).toMatchObject([
      {
        path: 'steps.0.send.text',
        message: 'account wx2 (店 wx2) has no variable city: the step is skipped there',
      },
    ])
  })

  it('is a warning in a reply too, which is then omitted', () => {
    const source = file(['reply: { text: "{{ account.city }}" }'], '{ text: 好 }')
    const { warnings } = check(source, [account('wx1', { city: '上海' }), account('wx2')])
    expect(warnings).toMatchObject([
      { path: 'reply.text', message: expect.stringContaining('the reply is omitted') },
    ])
  })

  it('has warnings for at most twenty accounts, and one with the number of the others', () => {
    const many = Array.from({ length: 33 }, (_, i) => account(`wx${i}`, i === 0 ? { city: '上海' } : {}))
    const { warnings } = check(file([], CITY), many)
    expect(warnings).toHaveLength(21)
    expect(warnings.at(-1)?.message).toBe('and 12 more accounts have no variable city')
  })
})

describe('a media_id of WeChat', () => {
  const IMAGE = '{ image: { mediaId: wx-media } }'
  const paths = (source: string, accounts?: readonly TargetAccount[]) =>
    check(source, accounts).warnings.map((w) => w.path)

  it('is valid with one account', () => {
    expect(paths(file(['accounts: [wx1]'], IMAGE), [account('wx1'), account('wx2')])).toEqual([])
    expect(paths(file([], IMAGE), [account('wx1')])).toEqual([])
    expect(paths(file([], IMAGE))).toEqual([])
  })

  it('is a warning with several accounts, also when only the file names them', () => {
    expect(paths(file([], IMAGE), [account('wx1'), account('wx2')])).toEqual(['steps.0.send.image.mediaId'])
    expect(paths(file(['reply: { voice: { mediaId: v } }', 'accounts: [wx1, wx2]'], '{ text: 好 }'))).toEqual(
      ['reply.voice.mediaId'],
    )
  })

  it('is a warning as a thumb too, unlike an upload', () => {
    const two = [account('wx1'), account('wx2')]
    const video = (thumb: string) => file([], `{ video: { file: sha256-1, thumb: ${thumb} } }`)
    expect(paths(video('wx-thumb'), two)).toEqual(['steps.0.send.video.thumb'])
    expect(paths(video('sha256-2'), two)).toEqual([])
    expect(paths(file(['accounts: [wx1, wx2]'], '{ video: { file: a.mp4, thumb: a.jpg } }'))).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { newAccount } from './account-schemas.ts'

const ACCOUNT = { appId: 'wx0000000000000001', appSecret: 'test', token: 'test_token', mode: 'plain' }
const pathsOf = (more: object) =>
  newAccount.safeParse({ ...ACCOUNT, ...more }).error?.issues.map((i) => i.path.join('.')) ?? []

describe('an address of an account', () => {
  it.each(['https://api.weixin.qq.com', 'http://127.0.0.1:3001/'])('apiBase %s is one', (apiBase) =>
    expect(pathsOf({ apiBase })).toEqual([]),
  )

  it.each([
    'api.weixin.qq.com',
    'https://u:test@api.weixin.qq.com',
    'https://api.weixin.qq.com?a=1',
    'http:api',
    'ws://a',
  ])('apiBase %s is none', (apiBase) => expect(pathsOf({ apiBase })).toEqual(['apiBase']))

  const forward = (url: string) => ({ forward: { url, token: 'test_token' } })
  it('to forward to may have a query', () =>
    expect(pathsOf(forward('https://example.com/in?tenant=1'))).toEqual([]))
  it.each([
    'https://example.com/in#part',
    'https://u:test@example.com',
    'example.com',
    'https://example.com:99999',
  ])('to forward to is not %s', (url) => expect(pathsOf(forward(url))).toEqual(['forward.url']))
})

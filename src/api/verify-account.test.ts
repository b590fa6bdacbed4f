import { describe, expect, it } from 'vitest'
import { createWechatClient, type WechatClient } from '../wechat/api/client.ts'
import { verifyAccount } from './verify-account.ts'

const account = { appId: 'wxverify', appSecret: 'test-secret', lastCallbackAt: 1, mode: 'plain' as const }
const answered = { kind: 'answered' as const, errcode: 0, errmsg: 'ok', rid: null }
const token = { ...answered, data: { access_token: 'test-token', expires_in: 7_200 } }
const malformed = { kind: 'malformed' as const, reason: 'HTTP 200, no JSON' }
const lost = { kind: 'failed' as const, reason: 'no connection to WeChat (ECONNREFUSED)' }

/** A client with fixed answers to two calls. */
function client(answers: Partial<Pick<WechatClient, 'stableToken' | 'typing'>>): WechatClient {
  return { ...createWechatClient({ apiBase: 'http://127.0.0.1:9' }), ...answers }
}
const verify = (answers: Parameters<typeof client>[0]) => verifyAccount(account, client(answers))

describe('an account that is verified', () => {
  it('reports that the response is not from WeChat', async () => {
    const [secret] = await verify({ stableToken: async () => malformed })
    expect(secret).toMatchObject({
      check: 'secret',
      ok: false,
      message: 'The response is not from the WeChat API: HTTP 200, no JSON',
      remedy: expect.stringContaining('proxy'),
    })
  })

  it('reports that WeChat is not reachable', async () => {
    const [secret] = await verify({ stableToken: async () => lost })
    expect(secret).toMatchObject({
      check: 'secret',
      ok: false,
      message: expect.stringContaining('not reachable'),
    })
  })

  it.each([
    ['nobody answered', lost],
    ['something else answered', malformed],
  ])('is not reported as certified when %s', async (_name, typing) => {
    const checks = await verify({ stableToken: async () => token, typing: async () => typing })
    expect(checks.find((c) => c.check === 'certification')).toMatchObject({ ok: false, errcode: null })
  })

  it('is certified when WeChat only does not know the follower', async () => {
    const typing = async () => ({ ...answered, errcode: 40003, data: null })
    const checks = await verify({ stableToken: async () => token, typing })
    expect(checks.map((c) => [c.check, c.ok])).toEqual([
      ['secret', true],
      ['ip-whitelist', true],
      ['certification', true],
      ['callback', true],
    ])
  })
})

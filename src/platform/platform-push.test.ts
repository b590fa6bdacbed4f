import { describe, expect, it } from 'vitest'
import { parsePlatformPush } from './platform-push.ts'

describe('a push of WeChat to a platform', () => {
  it('is a ticket, an authorisation, a change of an authorisation, or a revocation', () => {
    expect(
      parsePlatformPush({ InfoType: 'component_verify_ticket', ComponentVerifyTicket: 'ticket@@@1' }),
    ).toEqual({
      info: 'component_verify_ticket',
      ticket: 'ticket@@@1',
      createTime: null,
    })
    for (const info of ['authorized', 'updateauthorized'] as const) {
      const push = {
        InfoType: info,
        AuthorizerAppid: 'wxA',
        AuthorizationCode: 'queryauthcode@@@1',
        CreateTime: '1413192760',
      }
      expect(parsePlatformPush(push)).toEqual({
        info,
        appId: 'wxA',
        code: 'queryauthcode@@@1',
        createTime: 1413192760,
      })
    }
    expect(
      parsePlatformPush({ InfoType: 'unauthorized', AuthorizerAppid: 'wxA', CreateTime: '1413192760' }),
    ).toEqual({
      info: 'unauthorized',
      appId: 'wxA',
      createTime: 1413192760,
    })
  })

  it.each([
    ['an unknown kind', { InfoType: 'notify_third_fasteregister' }],
    ['a ticket push without a ticket', { InfoType: 'component_verify_ticket' }],
    ['an authorisation without a code', { InfoType: 'authorized', AuthorizerAppid: 'wxA' }],
    ['a revocation without an account', { InfoType: 'unauthorized' }],
    ['an empty push', {}],
  ])('is only acknowledged: %s', (_, record) => {
    expect(parsePlatformPush(record)).toMatchObject({ info: 'other' })
  })
})

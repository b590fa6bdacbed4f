import { describe, expect, it } from 'vitest'
import { parsePlatformPush } from './platform-push.ts'

describe('what WeChat pushes to a platform', () => {
  it('is a ticket, an authorisation, a change of one, or its end', () => {
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
    ['a kind that nobody knows', { InfoType: 'notify_third_fasteregister' }],
    ['a ticket push without a ticket', { InfoType: 'component_verify_ticket' }],
    ['an authorisation without a code', { InfoType: 'authorized', AuthorizerAppid: 'wxA' }],
    ['an end without an account', { InfoType: 'unauthorized' }],
    ['nothing', {}],
  ])('is acknowledged and nothing more: %s', (_, record) => {
    expect(parsePlatformPush(record)).toMatchObject({ info: 'other' })
  })
})

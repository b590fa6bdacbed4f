import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ACCOUNT,
  COMPONENT,
  type FakePlatform,
  startFakePlatform,
} from '../../../test/fixtures/fake-platform-server.ts'

const MINUTE = 60_000
let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
})
afterEach(() => platform.close())

describe('a ticket', () => {
  it('is exchanged for a component access token until it is 12 hours old', async () => {
    await platform.component.pushTicket()
    const ticket = platform.component.pushedTickets[0]?.ticket
    expect(await platform.requestToken(ticket)).toMatchObject({ expires_in: 7200 })
    platform.clock.now += 12 * 60 * MINUTE
    expect((await platform.requestToken(ticket)).errcode).toBe(61005)
  })

  it('is refused when WeChat never pushed it, when it has expired, and with a wrong secret', async () => {
    await platform.component.pushTicket()
    const ticket = platform.component.pushedTickets[0]?.ticket
    expect((await platform.requestToken('ticket@@@other')).errcode).toBe(61006)
    expect((await platform.requestToken(ticket, 'wrong')).errcode).toBe(40125)
    platform.component.expireTicket()
    expect((await platform.requestToken(ticket)).errcode).toBe(61005)
    expect(platform.component.tokenRequests.component).toBe(3)
  })

  it('is pushed after api_start_push_ticket', async () => {
    const pushed = new Promise((resolve) => {
      platform.product.onAuthorisation = (fields) => {
        resolve(fields.InfoType)
        return 'success'
      }
    })
    const body = { component_appid: COMPONENT, component_secret: 'component-secret' }
    expect((await platform.post('/cgi-bin/component/api_start_push_ticket', body)).errcode).toBe(0)
    expect(await pushed).toBe('component_verify_ticket')
  })
})

describe('a component access token', () => {
  it.each(['component_access_token', 'access_token'])('is accepted in the parameter %s', async (name) => {
    const answer = await platform.callComponent(
      'api_create_preauthcode',
      await platform.componentToken(),
      {},
      name,
    )
    expect(answer).toMatchObject({ expires_in: 600 })
  })

  it('is refused when it is missing, unknown, expired or an account’s', async () => {
    const { token, accessToken } = await platform.authorised()
    const codeFor = async (value: string) =>
      (await platform.callComponent('api_create_preauthcode', value)).errcode
    expect(await Promise.all(['', 'other', accessToken].map(codeFor))).toEqual([41001, 40001, 61014])
    platform.component.expireComponentToken()
    expect(await codeFor(token)).toBe(42006)
  })

  it('is not an account’s token, and stable_token does not issue it', async () => {
    expect((await platform.send(await platform.componentToken(), 'oTest')).errcode).toBe(61015)
    const body = { grant_type: 'client_credential', appid: COMPONENT, secret: 'component-secret' }
    expect((await platform.post('/cgi-bin/stable_token', body)).errcode).toBe(61024)
  })

  it('is refused for a caller whose address is not whitelisted', async () => {
    const token = await platform.componentToken()
    platform.component.setIpWhitelisted(false)
    expect((await platform.callComponent('api_create_preauthcode', token)).errcode).toBe(61004)
  })
})

describe('an authorisation code', () => {
  it('is valid once', async () => {
    const { token, consent } = await platform.authorised()
    const again = await platform.callComponent('api_query_auth', token, {
      authorization_code: consent.authCode,
    })
    expect(again.errcode).toBe(61010)
    const unknown = await platform.callComponent('api_query_auth', token, { authorization_code: 'other' })
    expect(unknown.errcode).toBe(61009)
  })

  it('expires after 10 minutes', async () => {
    const token = await platform.componentToken()
    const { authCode } = await platform.component.authorise(await platform.preAuthCode(token), ACCOUNT)
    platform.clock.now += 10 * MINUTE
    expect(
      (await platform.callComponent('api_query_auth', token, { authorization_code: authCode })).errcode,
    ).toBe(61010)
  })

  it('needs a valid pre-auth code, and uses it up', async () => {
    const token = await platform.componentToken()
    const code = await platform.preAuthCode(token)
    await platform.component.authorise(code, ACCOUNT)
    await expect(platform.component.authorise(code, ACCOUNT)).rejects.toThrow('unknown or expired')
    const expired = await platform.preAuthCode(token)
    platform.clock.now += 10 * MINUTE
    await expect(platform.component.authorise(expired, ACCOUNT)).rejects.toThrow('unknown or expired')
  })
})

describe('a refresh token', () => {
  it('stays the same by default, and yields a valid access token', async () => {
    const { token, refreshToken } = await platform.authorised()
    const refreshed = await platform.refresh(token, refreshToken)
    expect(refreshed).toMatchObject({ authorizer_refresh_token: refreshToken, expires_in: 7200 })
    await platform.wechat.follow('oTest')
    expect((await platform.send(String(refreshed.authorizer_access_token), 'oTest')).errcode).toBe(0)
  })

  it('is replaced at every refresh when rotation is on', async () => {
    const { token, refreshToken } = await platform.authorised()
    platform.component.rotateRefreshTokens(true)
    const next = String((await platform.refresh(token, refreshToken)).authorizer_refresh_token)
    expect(next).not.toBe(refreshToken)
    expect((await platform.refresh(token, refreshToken)).errcode).toBe(61023)
    expect((await platform.refresh(token, next)).errcode).toBeUndefined()
  })

  it('that was invalidated has its successor in the list, unless WeChat has lost it', async () => {
    const { token, refreshToken } = await platform.authorised()
    const list = async () =>
      (await platform.callComponent('api_get_authorizer_list', token, { offset: 0, count: 100 })).list
    platform.component.invalidateRefreshToken(ACCOUNT)
    expect((await platform.refresh(token, refreshToken)).errcode).toBe(61023)
    const [listed] = (await list()) as { refresh_token: string }[]
    expect((await platform.refresh(token, listed?.refresh_token ?? '')).errcode).toBeUndefined()
    platform.component.loseRefreshToken(ACCOUNT)
    expect(await list()).toMatchObject([{ authorizer_appid: ACCOUNT, refresh_token: '' }])
    expect((await platform.refresh(token, listed?.refresh_token ?? '')).errcode).toBe(61023)
  })

  it('is replaced when the account authorises again', async () => {
    const { token, refreshToken } = await platform.authorised()
    const second = await platform.authorised()
    expect(second.consent.push).toBeNull()
    expect((await platform.refresh(token, refreshToken)).errcode).toBe(61023)
    expect((await platform.refresh(token, second.refreshToken)).errcode).toBeUndefined()
  })
})

describe('the information about an authorised account', () => {
  it('has the name, the gh_ id and the permission sets', async () => {
    const { token } = await platform.authorised([1, 2])
    const info = await platform.callComponent('api_get_authorizer_info', token, { authorizer_appid: ACCOUNT })
    expect(info).toMatchObject({
      authorizer_info: { nick_name: '测试账号', user_name: 'gh_test00000001', service_type_info: { id: 2 } },
      authorization_info: { func_info: [1, 2].map((id) => ({ funcscope_category: { id } })) },
    })
  })

  it('is listed page by page', async () => {
    const { token } = await platform.authorised()
    const page = (offset: number, count: number) =>
      platform.callComponent('api_get_authorizer_list', token, { offset, count })
    expect(await page(1, 10)).toEqual({ total_count: 1, list: [] })
    expect((await page(0, 501)).errcode).toBe(40097)
  })
})

describe('an authoriser access token', () => {
  it('expires after two hours', async () => {
    const { accessToken } = await platform.authorised()
    platform.component.expireAuthoriserTokens(ACCOUNT)
    expect((await platform.send(accessToken, 'oTest')).errcode).toBe(42001)
  })

  it('sends messages only with the message permission set, and makes other calls without it', async () => {
    const { accessToken } = await platform.authorised([2])
    await platform.wechat.follow('oTest')
    expect((await platform.send(accessToken, 'oTest')).errcode).toBe(61007)
    const info = await platform.simulator.app.request(
      `/cgi-bin/user/info?access_token=${accessToken}&openid=oTest`,
    )
    expect(await info.json()).toMatchObject({ subscribe: 1 })
    await platform.component.updateAuthorisation(ACCOUNT, [1, 2])
    expect((await platform.send(accessToken, 'oTest')).errcode).toBe(0)
  })

  it('is refused once the account has withdrawn its authorisation', async () => {
    const { token, accessToken, refreshToken } = await platform.authorised()
    await platform.component.revoke(ACCOUNT)
    expect((await platform.send(accessToken, 'oTest')).errcode).toBe(61003)
    expect((await platform.refresh(token, refreshToken)).errcode).toBe(61003)
  })
})

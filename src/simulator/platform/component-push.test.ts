import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  ACCOUNT,
  COMPONENT,
  type FakePlatform,
  GH,
  KEY,
  startFakePlatform,
  textReply,
} from '../../../test/fixtures/fake-platform-server.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const OTHER_KEY = 'othertestothertestothertestothertestotherte'
let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
})
afterEach(() => platform.close())

describe('a pushed ticket', () => {
  it('is signed, encrypted XML that ends with the platform’s appId', async () => {
    const push = await platform.component.pushTicket()
    expect(push).toMatchObject({ ok: true, status: 200, body: 'success' })
    const [received] = platform.product.received
    expect(received).toMatchObject({ path: '/wechat/component', signed: true, trailingId: COMPONENT })
    expect(Object.keys(received?.outer ?? {})).toEqual(['AppId', 'Encrypt'])
    expect(received?.query.openid).toBeUndefined()
    expect(received?.inner).toEqual({
      AppId: COMPONENT,
      CreateTime: String(platform.clock.now / 1000),
      InfoType: 'component_verify_ticket',
      ComponentVerifyTicket: platform.component.pushedTickets[0]?.ticket,
    })
  })

  it.each([
    ['an empty body', () => ''],
    ['another text', () => 'ok'],
  ])('is not accepted when the answer is %s', async (_, answer) => {
    platform.product.onAuthorisation = answer
    expect((await platform.component.pushTicket()).ok).toBe(false)
    expect(platform.component.pushedTickets).toHaveLength(1)
  })

  it('is not accepted when no answer arrives in time', async () => {
    const strict = await startFakePlatform({}, 300)
    strict.product.onAuthorisation = () => new Promise<string>(() => {})
    expect((await strict.component.pushTicket()).ok).toBe(false)
    await strict.close()
  })

  it('is pushed repeatedly when an interval is set', async () => {
    const periodic = await startFakePlatform({ ticketEveryMs: 5 })
    const three = new Promise<void>((resolve) => {
      periodic.product.onAuthorisation = () => {
        if (periodic.product.received.length === 3) resolve()
        return 'success'
      }
    })
    await three
    await periodic.simulator.close()
    await periodic.close()
    expect(periodic.product.received.every((s) => s.inner.InfoType === 'component_verify_ticket')).toBe(true)
  })
})

describe('a change of an account’s authorisation', () => {
  const kinds = () => platform.component.pushes.map((p) => p.infoType).filter((t) => !t.includes('ticket'))

  it('is pushed to the platform each time, but not when nothing has changed', async () => {
    const { consent } = await platform.authorised([1, 2])
    const authorized = platform.product.received.at(-1)?.inner
    expect(authorized).toMatchObject({
      InfoType: 'authorized',
      AuthorizerAppid: ACCOUNT,
      AuthorizationCode: consent.authCode,
      AuthorizationCodeExpiredTime: String(platform.clock.now / 1000 + 600),
    })
    expect(authorized?.PreAuthCode).toMatch(/^preauthcode@@@/)
    expect(await platform.component.updateAuthorisation(ACCOUNT, [2, 1])).toBeNull()
    await platform.component.updateAuthorisation(ACCOUNT, [2])
    await platform.component.revoke(ACCOUNT)
    expect(platform.product.received.at(-1)?.inner.AuthorizerAppid).toBe(ACCOUNT)
    expect(kinds()).toEqual(['authorized', 'updateauthorized', 'unauthorized'])
  })

  it('is pushed with a code of its own when separate codes are on', async () => {
    const separate = await startFakePlatform({ separateCodes: true })
    const { consent } = await separate.authorised()
    expect(separate.product.received.at(-1)?.inner.AuthorizationCode).not.toBe(consent.authCode)
    await separate.close()
  })
})

describe('a callback of an authorised account', () => {
  it('goes to the platform, at the account’s URL, encrypted with the platform’s key', async () => {
    await platform.authorised()
    platform.product.onMessage = (fields) => textReply(fields, '欢迎')
    const result = await platform.wechat.follow('oTest')
    expect(result.passiveReply).toMatchObject({ msgType: 'text', fields: { Content: '欢迎' } })
    expect(platform.product.received.at(-1)).toMatchObject({
      path: `/wechat/${ACCOUNT}`,
      query: { openid: 'oTest' },
      signed: true,
      trailingId: COMPONENT,
      outer: { ToUserName: GH },
      inner: { ToUserName: GH, FromUserName: 'oTest', Event: 'subscribe' },
    })
  })

  it('is encrypted with the new key after a key rotation', async () => {
    await platform.authorised()
    platform.component.rotateKey(OTHER_KEY)
    platform.product.key = OTHER_KEY
    platform.product.onMessage = (fields) => textReply(fields, '好')
    expect((await platform.wechat.type('oTest', '1')).passiveReply?.fields.Content).toBe('好')
    platform.product.key = KEY
    expect((await platform.wechat.type('oTest', '2')).ok).toBe(false)
  })

  it('is not pushed to the platform after the account has withdrawn', async () => {
    await platform.authorised()
    await platform.component.revoke(ACCOUNT)
    const before = platform.product.received.length
    await platform.wechat.follow('oTest')
    expect(platform.product.received).toHaveLength(before)
  })
})

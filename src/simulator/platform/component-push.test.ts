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
let at: FakePlatform
beforeEach(async () => {
  at = await startFakePlatform()
})
afterEach(() => at.close())

describe('a ticket that is pushed', () => {
  it('is encrypted XML, signed, with the platform’s id behind it', async () => {
    const push = await at.component.pushTicket()
    expect(push).toMatchObject({ ok: true, status: 200, body: 'success' })
    const [seen] = at.product.received
    expect(seen).toMatchObject({ path: '/wechat/component', signed: true, trailingId: COMPONENT })
    expect(Object.keys(seen?.outer ?? {})).toEqual(['AppId', 'Encrypt'])
    expect(seen?.query.openid).toBeUndefined()
    expect(seen?.inner).toEqual({
      AppId: COMPONENT,
      CreateTime: String(at.clock.now / 1000),
      InfoType: 'component_verify_ticket',
      ComponentVerifyTicket: at.component.pushedTickets[0]?.ticket,
    })
  })

  it.each([
    ['nothing', () => ''],
    ['something else', () => 'ok'],
  ])('is not taken when the answer is %s', async (_, answer) => {
    at.product.onAuthorisation = answer
    expect((await at.component.pushTicket()).ok).toBe(false)
    expect(at.component.pushedTickets).toHaveLength(1)
  })

  it('is not taken when no answer comes in time', async () => {
    const hasty = await startFakePlatform({}, 300)
    hasty.product.onAuthorisation = () => new Promise<string>(() => {})
    expect((await hasty.component.pushTicket()).ok).toBe(false)
    await hasty.close()
  })

  it('comes again and again when a timer is set', async () => {
    const often = await startFakePlatform({ ticketEveryMs: 5 })
    const three = new Promise<void>((resolve) => {
      often.product.onAuthorisation = () => {
        if (often.product.received.length === 3) resolve()
        return 'success'
      }
    })
    await three
    await often.simulator.close()
    await often.close()
    expect(often.product.received.every((s) => s.inner.InfoType === 'component_verify_ticket')).toBe(true)
  })
})

describe('an account that changes its mind', () => {
  const kinds = () => at.component.pushes.map((p) => p.infoType).filter((t) => !t.includes('ticket'))

  it('is told to the platform each time, but not when nothing changed', async () => {
    const { consent } = await at.authorised([1, 2])
    const authorized = at.product.received.at(-1)?.inner
    expect(authorized).toMatchObject({
      InfoType: 'authorized',
      AuthorizerAppid: ACCOUNT,
      AuthorizationCode: consent.authCode,
      AuthorizationCodeExpiredTime: String(at.clock.now / 1000 + 600),
    })
    expect(authorized?.PreAuthCode).toMatch(/^preauthcode@@@/)
    expect(await at.component.updateAuthorisation(ACCOUNT, [2, 1])).toBeNull()
    await at.component.updateAuthorisation(ACCOUNT, [2])
    await at.component.revoke(ACCOUNT)
    expect(at.product.received.at(-1)?.inner.AuthorizerAppid).toBe(ACCOUNT)
    expect(kinds()).toEqual(['authorized', 'updateauthorized', 'unauthorized'])
  })

  it('gives the push a code of its own when that is switched on', async () => {
    const own = await startFakePlatform({ separateCodes: true })
    const { consent } = await own.authorised()
    expect(own.product.received.at(-1)?.inner.AuthorizationCode).not.toBe(consent.authCode)
    await own.close()
  })
})

describe('a follower of an authorised account', () => {
  it('is heard by the platform, at the account’s address, under the platform’s key', async () => {
    await at.authorised()
    at.product.onMessage = (fields) => textReply(fields, '欢迎')
    const result = await at.wechat.follow('oTest')
    expect(result.passiveReply).toMatchObject({ msgType: 'text', fields: { Content: '欢迎' } })
    expect(at.product.received.at(-1)).toMatchObject({
      path: `/wechat/${ACCOUNT}`,
      query: { openid: 'oTest' },
      signed: true,
      trailingId: COMPONENT,
      outer: { ToUserName: GH },
      inner: { ToUserName: GH, FromUserName: 'oTest', Event: 'subscribe' },
    })
  })

  it('is heard under the new key once it is rotated', async () => {
    await at.authorised()
    at.component.rotateKey(OTHER_KEY)
    at.product.key = OTHER_KEY
    at.product.onMessage = (fields) => textReply(fields, '好')
    expect((await at.wechat.type('oTest', '1')).passiveReply?.fields.Content).toBe('好')
    at.product.key = KEY
    expect((await at.wechat.type('oTest', '2')).ok).toBe(false)
  })

  it('is not heard any more after the account has withdrawn', async () => {
    await at.authorised()
    await at.component.revoke(ACCOUNT)
    const before = at.product.received.length
    await at.wechat.follow('oTest')
    expect(at.product.received).toHaveLength(before)
  })
})

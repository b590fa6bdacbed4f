import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, type FakePlatform, startFakePlatform } from '../../../test/fixtures/fake-platform-server.ts'

const SHOP = 'wxtestshop000001'
let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
  platform.simulator.addAccount({
    appId: SHOP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    name: '小店',
    callbackUrl: null,
  })
})
afterEach(() => platform.close())

const page = async (path: string) => (await platform.simulator.app.request(path)).text()

describe('an account without a callback server', () => {
  it('gets no callbacks, and its phone page says so', async () => {
    expect(await platform.simulator.account(SHOP).follow('oEarly')).toMatchObject({ ok: true, attempts: 0 })
    expect(platform.product.received).toEqual([])
    expect(await page('/accounts')).toContain('未接入')
    expect(await page(`/phone/${SHOP}/oEarly`)).toContain('未接入')
    expect(await page(`/phone/${ACCOUNT}/oEarly`)).not.toContain('未接入')
  })
})

describe('the form of a callback server', () => {
  it('keeps what was typed, and says beside each field what is wrong', async () => {
    const send = async (typed: Record<string, string>) => {
      const init = {
        method: 'POST',
        headers: { 'accept-language': 'zh-CN' },
        body: new URLSearchParams(typed),
      }
      const answer = await platform.simulator.app.request(`/accounts/${SHOP}/server`, init)
      return { status: answer.status, html: await answer.text() }
    }
    const refused = await send({ callbackUrl: 'nowhere', token: '!', mode: 'plain', format: 'xml' })
    expect(refused.status).toBe(400)
    expect(refused.html).toMatch(/name="callbackUrl" value="nowhere"[\s\S]*?class="problem">请填写以 http/)
    expect(refused.html).toMatch(/name="token" value="!"[\s\S]*?class="problem">Token 为 3–32 位/)
    const keyless = await send({ token: 'test', mode: 'security', format: 'xml' })
    expect(keyless.html).toMatch(/name="encodingAesKey"[\s\S]*?class="problem">兼容模式和安全模式必须填写/)
  })
})

describe('an owner on the list of accounts', () => {
  it('withdraws the authorisation, and the platform is notified', async () => {
    await platform.authorised()
    expect(await page('/accounts')).toContain(`/accounts/${ACCOUNT}/revoke`)
    const answer = await platform.simulator.app.request(`/accounts/${ACCOUNT}/revoke`, { method: 'POST' })
    expect(answer.headers.get('location')).toBe('/accounts')
    expect(platform.product.received.at(-1)?.inner).toMatchObject({
      InfoType: 'unauthorized',
      AuthorizerAppid: ACCOUNT,
    })
    expect(await page('/accounts')).not.toContain('/revoke')
  })
})

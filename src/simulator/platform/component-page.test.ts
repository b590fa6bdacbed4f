import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ACCOUNT,
  COMPONENT,
  type FakePlatform,
  startFakePlatform,
} from '../../../test/fixtures/fake-platform-server.ts'

let platform: FakePlatform
let query: Record<string, string>
beforeEach(async () => {
  platform = await startFakePlatform({ redirectHost: 'product.test' })
  const preAuthCode = await platform.preAuthCode(await platform.componentToken())
  query = {
    component_appid: COMPONENT,
    pre_auth_code: preAuthCode,
    redirect_uri: 'https://product.test/wechat/component/authorized?from=1',
    auth_type: '1',
  }
})
afterEach(() => platform.close())

const DESKTOP = '/cgi-bin/componentloginpage'
const page = async (path: string, more: Record<string, string> = {}) => {
  const answer = await platform.simulator.app.request(`${path}?${new URLSearchParams({ ...query, ...more })}`)
  return {
    status: answer.status,
    html: await answer.text(),
    csp: answer.headers.get('content-security-policy'),
  }
}

describe.each([DESKTOP, '/wxaopen/safe/bindcomponent'])('the page %s', (path) => {
  it('shows the accounts, and redirects an owner who agrees with a code', async () => {
    const shown = await page(path)
    expect(shown).toMatchObject({
      status: 200,
      csp: expect.stringContaining("script-src 'self'; style-src 'self'"),
    })
    expect(shown.html).toContain('测试账号')
    expect(shown.html).not.toMatch(/<script|style=/)
    const body = new URLSearchParams({ ...query, account: ACCOUNT })
    const answer = await platform.simulator.app.request(path, { method: 'POST', body })
    const to = new URL(answer.headers.get('location') ?? '')
    expect([answer.status, to.origin, to.searchParams.get('from')]).toEqual([
      302,
      'https://product.test',
      '1',
    ])
    expect(to.searchParams.get('expires_in')).toBe('600')
    expect(to.searchParams.get('auth_code')).toBe(platform.product.received.at(-1)?.inner.AuthorizationCode)
    expect((await page(path)).status).toBe(400)
  })
})

describe('a platform that offers some of the accounts', () => {
  it('lists only these accounts on its page and refuses the others', async () => {
    const few = await startFakePlatform({ offers: ['wxelse'] })
    const preAuthCode = await few.preAuthCode(await few.componentToken())
    const request = new URLSearchParams({ ...query, pre_auth_code: preAuthCode })
    const shown = await few.simulator.app.request(`${DESKTOP}?${request}`)
    expect([shown.status, (await shown.text()).includes(ACCOUNT)]).toEqual([200, false])
    request.set('account', ACCOUNT)
    const answer = await few.simulator.app.request(DESKTOP, { method: 'POST', body: request })
    expect(answer.status).toBe(400)
    await few.close()
  })
})

describe('a page that cannot be shown', () => {
  it.each([
    ['an unknown platform', { component_appid: 'wxother' }, '找不到该第三方平台'],
    ['an unknown code', { pre_auth_code: 'other' }, '预授权码无效或已过期'],
    ['a redirect_uri that is not a URL', { redirect_uri: 'javascript:1' }, '回调地址无效'],
    [
      'a redirect_uri on another domain',
      { redirect_uri: 'https://elsewhere.test/' },
      '回调地址不属于登记的域名',
    ],
  ])('states the reason: %s', async (_, more: Record<string, string>, reason) => {
    const shown = await page(DESKTOP, more)
    expect(shown.status).toBe(400)
    expect(shown.html).toContain(reason)
  })

  it('is one with an expired code', async () => {
    platform.clock.now += 600_000
    expect((await page(DESKTOP)).html).toContain('预授权码无效或已过期')
  })
})

describe('the accounts to choose from', () => {
  it.each([
    [{ auth_type: '2' }, false],
    [{ biz_appid: 'wxother' }, false],
    [{ biz_appid: ACCOUNT }, true],
  ])('with %j', async (more: Record<string, string>, isShown) => {
    expect((await page(DESKTOP, more)).html.includes('测试账号')).toBe(isShown)
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSimulator, type Simulator } from './index.ts'

const APP = 'wxtestpages000001'
const PLATFORM = 'wxtestplatform0001'
const HERE = '127.0.0.1:3001'

let simulator: Simulator
beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response('success'))
  simulator = createSimulator({ allowedHosts: ['sim.test'], now: () => 1_767_225_600_000 })
  simulator.addAccount({
    ...{ appId: APP, appSecret: 'test-secret', token: 'test-token', mode: 'plain', name: '测试' },
    ...{ callbackUrl: 'http://127.0.0.1:9/wx', qrScenes: ['expo'] },
  })
  simulator.addComponent({
    ...{ appId: PLATFORM, appSecret: 'test-secret', token: 'test-token' },
    aesKey: 'testtesttesttesttesttesttesttesttesttesttes',
    ...{ authorisationUrl: 'http://127.0.0.1:9/', callbackUrl: 'http://127.0.0.1:9/$APPID$' },
  })
})
afterEach(() => vi.unstubAllGlobals())

const statusOf = async (method: string, path: string, headers: Record<string, string>, body?: string) =>
  (
    await simulator.app.request(path, {
      method,
      headers: { host: HERE, ...headers },
      ...(body ? { body } : {}),
    })
  ).status

/** All state that a request could change. Of the daily counters only the counts: the current day may advance by itself. */
const snapshot = () => {
  const accounts = [...simulator.wechat.accounts.values()].map(
    ({ followers, sends, media, records, usage, ...rest }) => ({
      ...{
        ...rest,
        followers: [...followers],
        sends: [...sends],
        media: [...media.keys()],
        records,
        used: usage.counts,
      },
    }),
  )
  const components = [...simulator.wechat.components.values()].map((c) => c.saved(0))
  return JSON.parse(
    JSON.stringify({ accounts, components, faults: simulator.wechat.faults.list() }),
  ) as unknown
}

const JSON_TYPE = { 'content-type': 'application/json' }
/** Every state-changing request: control calls, page forms and calls of WeChat's API. */
const CONTROL = [
  ['POST', `/_sim/${APP}/oTest/act`, '{"do":"follow"}'],
  ['POST', `/_sim/${APP}/oTest/fast-forward`, '{"ms":1000}'],
  ['POST', '/_sim/faults', '{"errcode":-1}'],
  ['DELETE', '/_sim/faults', undefined],
  ['POST', '/_sim/accounts', '{}'],
  ['PUT', `/_sim/accounts/${APP}/server`, '{"callbackUrl":null}'],
  ['POST', `/_sim/component/${PLATFORM}/push-ticket`, undefined],
  ['POST', `/_sim/component/${PLATFORM}/expire`, '{}'],
] as const
const FORMS = [
  ['POST', '/accounts/new', 'name=x'],
  ['POST', `/accounts/${APP}/server`, 'callbackUrl='],
  ['POST', `/accounts/${APP}/revoke`, ''],
  ['POST', '/platforms/new', 'appId=x'],
  ['POST', '/cgi-bin/componentloginpage', 'component_appid=x'],
] as const
const API = [
  [
    'POST',
    '/cgi-bin/stable_token',
    `{"grant_type":"client_credential","appid":"${APP}","secret":"test-secret","force_refresh":true}`,
  ],
] as const

describe('a cross-site request', () => {
  it.each<[string, Record<string, string>]>([
    [
      'as text',
      { 'content-type': 'text/plain', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    ],
    ['as JSON', { ...JSON_TYPE, origin: 'https://evil.example' }],
    [
      'from another port of this machine',
      { ...JSON_TYPE, origin: 'http://127.0.0.1:5000', 'sec-fetch-site': 'same-site' },
    ],
    ['with an opaque origin', { ...JSON_TYPE, origin: 'null' }],
    [
      'with Sec-Fetch-Site: none and a foreign Origin',
      { ...JSON_TYPE, origin: 'https://evil.example', 'sec-fetch-site': 'none' },
    ],
    [
      'under a foreign host name that resolves here (DNS rebinding)',
      { ...JSON_TYPE, host: 'evil.example:3001', origin: 'http://evil.example:3001' },
    ],
  ])('changes nothing: %s', async (_, headers) => {
    const before = snapshot()
    for (const [method, path, body] of [...CONTROL, ...FORMS, ...API])
      expect(await statusOf(method, path, headers, body), `${method} ${path}`).toBe(403)
    expect(snapshot()).toEqual(before)
  })

  it('reads nothing under a foreign host name that resolves here', async () => {
    for (const path of [
      '/',
      '/accounts',
      `/phone/${APP}/oTest`,
      '/_sim/accounts',
      `/_sim/${APP}/oTest/state`,
    ])
      expect(await statusOf('GET', path, { host: 'evil.example:3001' }), path).toBe(403)
  })
})

describe('the API of WeChat', () => {
  const TOKEN = `/cgi-bin/token?grant_type=client_credential&appid=${APP}&secret=test-secret`
  const CALLS = [TOKEN, '/cgi-bin/user/get', '/cgi-bin/menu/delete', '/cgi-bin/no-such-call', '/sns/userinfo']
  const tokenRequests = () => simulator.account(APP).tokenRequests
  const pages: [string, Record<string, string>][] = [
    ['an image on another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a page on another port', { 'sec-fetch-site': 'same-site', referer: 'http://127.0.0.1:5000/' }],
    ['a script on another site', { origin: 'https://evil.example' }],
    ['a script in a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a page on another site in an old browser', { referer: 'https://evil.example/' }],
    [
      'a link that the user follows from another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-user': '?1' },
    ],
  ]
  const rebound: [string, Record<string, string>][] = [
    ['as a browser sends it', { 'accept-language': 'zh-CN,zh;q=0.9', 'user-agent': 'Mozilla/5.0 test' }],
    [
      'with the headers that a script may change',
      { 'accept-language': '', 'user-agent': 'curl/8', accept: '*/*' },
    ],
    ['with any language', { 'accept-language': '*' }],
    ['with a cookie', { cookie: 'a=b' }],
    [
      'as a navigation by the user',
      { accept: 'text/html,application/xhtml+xml', 'upgrade-insecure-requests': '1' },
    ],
    ['with Sec-Fetch-Site: same-origin', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }],
  ]

  it.each([
    ...pages,
    ...rebound.map(([name, headers]): [string, Record<string, string>] => [
      `a foreign host name that resolves here, ${name}`,
      { host: 'evil.example:3001', ...headers },
    ]),
  ])('refuses every call from %s', async (_, headers) => {
    const before = { ...tokenRequests() }
    for (const path of CALLS)
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
        expect(await statusOf(method, path, headers), `${method} ${path}`).toBe(403)
    expect(tokenRequests()).toEqual(before)
  })

  it.each<[string, Record<string, string>]>([
    ['fetch in Node', { 'accept-language': '*', 'sec-fetch-mode': 'cors', accept: '*/*' }],
    ['a Java client', { accept: 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2' }],
    ['Python requests', { accept: '*/*', 'user-agent': 'python-requests/2.32' }],
  ])('answers %s under any host name', async (_, headers) => {
    for (const host of [HERE, 'simulator:3001', 'api.weixin.qq.com', 'wechat-proxy.example.com'])
      expect(await statusOf('GET', TOKEN, { ...headers, host }), host).toBe(200)
  })

  it('answers fetch of this Node, and a URL typed into the address bar', async () => {
    vi.unstubAllGlobals()
    const { url } = await simulator.listen(0)
    expect(await (await fetch(`${url}${TOKEN}`)).json()).toMatchObject({ expires_in: 7200 })
    await simulator.close()
    const bar = { 'sec-fetch-site': 'none', 'accept-language': 'zh-CN', 'user-agent': 'Mozilla/5.0 test' }
    expect(await statusOf('GET', TOKEN, bar)).toBe(200)
  })

  it('shows QR codes on pages of the console', async () => {
    const headers = { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'image', 'accept-language': 'zh-CN' }
    expect(await statusOf('GET', '/cgi-bin/showqrcode?ticket=none', headers)).toBe(404)
  })
})

describe('a control call', () => {
  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['text/plain; application/json'],
    ['application/jsonp'],
  ])('sent as %s changes nothing, whoever sends it', async (type) => {
    const before = snapshot()
    for (const [method, path, body] of CONTROL)
      expect(await statusOf(method, path, { 'content-type': type }, body), `${method} ${path}`).toBe(415)
    expect(snapshot()).toEqual(before)
  })

  it.each([
    ['a program', {}],
    ['a page of the simulator', { origin: `http://${HERE}`, 'sec-fetch-site': 'same-origin' }],
    ['an allowed host name', { host: 'sim.test:3001', origin: 'http://sim.test:3001' }],
  ])('with a JSON body is served: %s', async (_, headers) => {
    for (const [method, path, body] of CONTROL) {
      const type: Record<string, string> =
        body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }
      expect(await statusOf(method, path, { ...headers, ...type }, body), `${method} ${path}`).toBeLessThan(
        300,
      )
    }
  })

  it('of WeChat’s API is served to a program under any host name and content type', async () => {
    for (const [method, path, body] of API)
      expect(
        await statusOf(method, path, { host: 'simulator:3001', 'content-type': 'text/plain' }, body),
      ).toBe(200)
  })
})

describe('a GET', () => {
  it('changes nothing on any path', async () => {
    const before = snapshot()
    const paths = simulator.app.routes
      .filter((r) => ['GET', 'ALL'].includes(r.method) && !r.path.includes('*'))
      .map((r) =>
        r.path
          .replace(/:openId/, 'oNobody')
          .replace(/:appId/, APP)
          .replace(/:componentAppId/, PLATFORM),
      )
    expect(paths).toEqual(expect.arrayContaining([`/phone/${APP}/oNobody`, `/_sim/${APP}/oNobody/state`]))
    for (const path of new Set(paths)) {
      const answer = await simulator.app.request(path, { headers: { host: HERE } })
      // An event stream does not end.
      if (path.endsWith('/events')) await answer.body?.getReader().read()
      await answer.body?.cancel().catch(() => {})
    }
    expect(snapshot()).toEqual(before)
    expect([...(simulator.wechat.accounts.get(APP)?.followers.keys() ?? [])]).toEqual([])
  })

  it('shows the phone of an unknown follower; the first action adds the follower', async () => {
    const page = await simulator.app.request(`/phone/${APP}/oNew`, { headers: { host: HERE } })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('oNew')
    expect(await statusOf('POST', `/_sim/${APP}/oNew/act`, JSON_TYPE, '{"do":"follow"}')).toBe(200)
    expect(simulator.wechat.accounts.get(APP)?.followers.get('oNew')?.following).toBe(true)
  })
})

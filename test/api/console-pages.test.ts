import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { remedyOf } from '../../src/wechat/rules/errcodes.ts'
import {
  ADMIN_TOKEN,
  type ApiHarness,
  campaignYaml,
  expectNoSecrets,
  startApiHarness,
} from '../harness/api-harness.ts'
import { cookieOf, signInAs } from '../harness/console-session.ts'

const APP = 'wxconsole0000001'
const SCRIPT = '<script>alert("x")</script>'

let api: ApiHarness
let cookie = ''
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: `账号${SCRIPT}` })
  const steps = [
    '{ id: hint, after: 1s, since: entry, send: { text: 你好 } }',
    '{ id: late, after: 2m, since: entry, send: { text: 晚了 } }',
    '{ id: gift, after: 1m, since: reply, send: { text: 资料 } }',
  ]
  const yaml = campaignYaml('shown', steps, [`accounts: [${APP}]`])
  await api.put(yaml.replace('name: 测试 shown', `name: '活动${SCRIPT}'`))
  const wechat = api.app.simulator.account(APP)
  await wechat.follow('oShown')
  await api.app.waitForRun(APP, 'oShown', (r) => r.state.steps[0]?.state === 'sent')
  await wechat.fastForward('oShown', 3 * 60_000)
  await api.app.waitForRun(APP, 'oShown', (r) => r.state.steps[1]?.state === 'held')
  await wechat.follow('oCancelled')
  await api.app.waitForRun(APP, 'oCancelled', (r) => r.runId !== null)
  await api.call('POST', `/api/followers/${APP}/oCancelled/cancel`, { json: { reason: `因为${SCRIPT}` } })
  await api.app.waitForRun(APP, 'oCancelled', (r) => r.status === 'ended')
  cookie = cookieOf(await signIn(ADMIN_TOKEN))
})
afterAll(() => api?.close())

const signIn = (token: string) =>
  Promise.resolve(api.web.request(`/signin?token=${encodeURIComponent(token)}`))

/** Loads a page as a signed-in operator, and checks that it contains no secret and no unescaped text. */
async function page(path: string, headers: Record<string, string> = { cookie }) {
  const response = await api.web.request(path, { headers })
  const html = await response.text()
  expectNoSecrets(html, response.headers)
  expect(html).not.toContain(SCRIPT)
  return { status: response.status, headers: response.headers, html }
}

describe('signing in to the console', () => {
  it('works with the address that npm start prints, and sets a HttpOnly, SameSite=Strict cookie', async () => {
    const response = await signIn(ADMIN_TOKEN)
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/')
    const set = response.headers.get('set-cookie') ?? ''
    expect(set).toMatch(/;\s*HttpOnly/i)
    expect(set).toMatch(/;\s*SameSite=Strict/i)
    expect(set).not.toContain(ADMIN_TOKEN)
    expect((await page('/accounts', { cookie: set.split(';')[0] ?? '' })).status).toBe(200)
  })

  it('works with the form', async () => {
    const body = new URLSearchParams({ token: ADMIN_TOKEN })
    const response = await api.web.request('/signin', { method: 'POST', body })
    expect(response.status).toBe(302)
    expect(response.headers.get('set-cookie')).toMatch(/HttpOnly/i)
  })

  it('fails with a wrong token, and sets no cookie', async () => {
    const form = { method: 'POST', body: new URLSearchParams({ token: 'wrong' }) }
    const answers = [signIn('wrong'), signIn(''), api.web.request('/signin', form)]
    for (const response of await Promise.all(answers)) {
      expect(response.status).toBe(401)
      expect(response.headers.get('set-cookie')).toBeNull()
      const html = await response.text()
      expect(html).toContain('令牌不正确')
      expect(html).toContain('name="token"')
    }
  })

  it('does not accept a forged session', async () => {
    const [name, value = ''] = cookie.split('=')
    const [until, salt, signature] = value.split('.')
    const later = `${Number(until) + 86_400_000}.${salt}.${signature}`
    for (const forged of ['x', ADMIN_TOKEN, later, `1.${salt}.${signature}`, '']) {
      const { status, headers } = await page('/', { cookie: `${name}=${forged}` })
      expect([forged, status, headers.get('location')]).toEqual([forged, 302, '/signin'])
    }
  })

  it.each([
    '/',
    '/accounts',
    '/campaigns',
    '/campaigns/shown',
    '/followers',
    `/followers/${APP}/oShown`,
    `/followers/${APP}/oShown/run`,
  ])('is required for %s, which redirects to the sign-in page with an empty body', async (path) => {
    const { status, headers, html } = await page(path, {})
    expect(status).toBe(302)
    expect(headers.get('location')).toBe('/signin')
    expect(html).toBe('')
  })

  it.each([
    ['zh-CN,zh;q=0.9', '登录', 'Sign in'],
    ['en-US,en;q=0.9', 'Sign in', '登录'],
  ])(
    'has a page in the language of the browser (%s), with a password field',
    async (language, own, other) => {
      const { status, html } = await page('/signin', { 'accept-language': language })
      expect(status).toBe(200)
      expect(html).toContain(own)
      expect(html).not.toContain(other)
      expect(html).toMatch(/<input[^>]*type="password"/)
    },
  )

  it('is undone by signing out, which invalidates the cookie but no other session', async () => {
    const own = cookieOf(await signIn(ADMIN_TOKEN))
    expect((await page('/accounts', { cookie: own })).status).toBe(200)
    const response = await api.web.request('/signout', { method: 'POST', headers: { cookie: own } })
    expect(response.headers.get('location')).toBe('/signin')
    expect(response.headers.get('set-cookie')).toMatch(/nurture_session=;.*Max-Age=0/i)
    expect((await page('/', { cookie: own })).status).toBe(302)
    expect((await page('/accounts')).status).toBe(200)
  })
})

describe('the pages', () => {
  it('begin with an overview of what needs a person', async () => {
    const { html } = await page('/')
    for (const word of ['总览', '一切正常', '账号&lt;script&gt;', '活动&lt;script&gt;'])
      expect(html).toContain(word)
    await api.app.services.accounts.setState(APP, 'blocked', '48001 api unauthorized')
    try {
      // The figures of a page may be some seconds old.
      await expect.poll(async () => (await page('/')).html).toContain('已被微信封禁')
      const stopped = (await page('/')).html
      expect(stopped).toContain(remedyOf(48001).zh)
      expect(stopped).not.toContain('一切正常')
    } finally {
      await api.app.services.accounts.setState(APP, 'active', null)
    }
  })

  it('show the accounts with state and mode', async () => {
    const { status, html } = await page('/accounts')
    expect(status).toBe(200)
    for (const word of ['公众号', '最近回调', '正常', APP, '安全模式', 'wechat-2023']) {
      expect(html).toContain(word)
    }
    const english = await page('/accounts', { cookie, 'accept-language': 'en' })
    for (const word of ['Accounts', 'Last callback', 'active', APP, 'security', 'wechat-2023']) {
      expect(english.html).toContain(word)
    }
    expect(html).toContain('账号&lt;script&gt;')
  })

  it('show advice for a stopped account', async () => {
    await api.app.services.accounts.setState(APP, 'blocked', '48001 api unauthorized')
    try {
      const { html } = await page('/accounts')
      expect(html).toContain('已被微信封禁')
      expect(html).toContain('48001')
      const campaign = (await page('/campaigns/shown')).html
      for (const word of ['不可以', '48001', '请在微信处理后恢复该账号']) expect(campaign).toContain(word)
      const until = Date.UTC(2099, 0, 1)
      await api.app.services.accounts.setState(APP, 'quota-exhausted', null, until)
      const quota = (await page('/accounts')).html
      for (const word of ['今日调用次数已用完', '至 2099-01-01', '自动恢复']) expect(quota).toContain(word)
      await api.app.services.accounts.setState(APP, 'paused', 'paused by operator')
      expect((await page('/accounts')).html).toContain(`action="/accounts/${APP}/resume"`)
      await api.app.services.accounts.setState(APP, 'needs-authorisation', 'gone')
      expect((await page('/accounts')).html).toContain('没有配置第三方平台')
    } finally {
      await api.app.services.accounts.setState(APP, 'active', null)
    }
  })

  it('show the campaigns, and a campaign with its file', async () => {
    const { html } = await page('/campaigns')
    for (const word of ['活动', '第 1 版', '进行中', 'shown', APP]) expect(html).toContain(word)
    expect(html).toContain('活动&lt;script&gt;')
    const detail = await page('/campaigns/shown')
    for (const word of ['能否运行', '可以', APP]) expect(detail.html).toContain(word)
    expect(detail.status).toBe(200)
    expect(detail.html).toContain('shown@1')
    expect(detail.html).toContain('since: reply')
    expect(detail.html).toContain('第 2 步 <span translate="no">晚了</span> · 延迟')
  })

  it('show a paused campaign, but no deleted campaign', async () => {
    await api.put(
      campaignYaml('gone', ['{ id: a, after: 5s, send: { text: hi } }'], ['accounts: [wxnobody00000001]']),
    )
    await api.call('POST', '/api/campaigns/gone/pause')
    expect((await page('/campaigns/gone')).html).toContain('已暂停')
    await api.call('DELETE', '/api/campaigns/gone')
    expect((await page('/campaigns')).html).not.toContain('/campaigns/gone')
    expect((await page('/campaigns/gone')).status).toBe(404)
  })

  it('show the followers with status and outcome, and can filter them', async () => {
    const { html } = await page('/followers')
    for (const word of ['粉丝', '状态', '培育中', 'oShown', 'oCancelled', '已取消', '第 1 版']) {
      expect(html).toContain(word)
    }
    const ended = await page('/followers?status=ended')
    expect(ended.html).toContain('oCancelled')
    expect(ended.html).not.toContain('oShown')
    const none = await page(`/followers?appId=wxnobody00000001&campaign=${encodeURIComponent(SCRIPT)}`)
    expect(none.html).toContain('没有符合条件的粉丝')
    expect(none.html).not.toContain('oShown')
  })

  it('show a follower with steps, reasons and grants', async () => {
    const { status, html } = await page(`/followers/${APP}/oShown`)
    expect(status).toBe(200)
    for (const word of ['步骤', '原因', 'hint', '已发送', 'late', '暂缓', 'no-grant', '没有可用额度'])
      expect(html).toContain(word)
    for (const word of ['gift', '等待', '微信此刻允许', '关注额度', '1/3']) expect(html).toContain(word)
    const ended = await page(`/followers/${APP}/oCancelled`)
    expect(ended.html).toContain('已取消')
    expect(ended.html).toContain('因为&lt;script&gt;')
  })

  it('show a banner while the Temporal namespace is not that of the stored runs', async () => {
    const { namespaceGuard } = api.app.services
    const { latest } = namespaceGuard
    const view = { state: 'unexpected', namespace: 'other', namespaceId: 'b', expected: 'a' } as const
    namespaceGuard.latest = () => view
    try {
      expect((await page('/accounts')).html).toContain('nurture temporal accept')
    } finally {
      namespaceGuard.latest = latest
    }
    expect((await page('/accounts')).html).not.toContain('nurture temporal accept')
  })

  it('refresh a follower’s run while it is active', async () => {
    const fragment = await page(`/followers/${APP}/oShown/run`)
    expect(fragment.status).toBe(200)
    expect(fragment.html).not.toContain('<html')
    expect(fragment.html).toContain(`hx-get="/followers/${APP}/oShown/run"`)
    expect((await page(`/followers/${APP}/oCancelled/run`)).html).not.toContain('hx-get')
  })

  it('call steps by their own words, those of the version of the run', async () => {
    const hint = `{ id: hint, after: 1s, since: entry, send: { text: '新问候${SCRIPT}' } }`
    await api.put(campaignYaml('shown', [hint], [`accounts: [${APP}]`]))
    const follower = await page(`/followers/${APP}/oShown`)
    for (const words of ['第 1 步 </span><span translate="no">你好<', '>晚了<', '>资料<'])
      expect(follower.html).toContain(words)
    expect((await page('/followers')).html).toContain('title="第 2 步 · 晚了 · late"')
    const overview = await page('/')
    expect(overview.html).toContain('title="第 1 步 · 你好 · hint"')
    for (const { html } of [follower, overview]) expect(html).not.toContain('新问候')
    const results = await page('/campaigns/shown?range=all')
    expect(results.html).toContain('第 1 步 · 新问候&lt;script&gt;')
    expect(results.html).toMatch(/其他版本的步骤.*第 2 步 · 晚了 · late/s)
  })

  it.each(['/campaigns/nobody', `/followers/${APP}/oNobody`, '/no/such/page'])(
    'are 404 for %s',
    async (path) => {
      const { status, html } = await page(path)
      expect(status).toBe(404)
      expect(html).toContain('没有找到')
    },
  )

  it('contain for a viewer no form that changes data, except preferences and signing out', async () => {
    const { viewer } = await signInAs(api, ['viewer'])
    for (const path of [
      '/accounts',
      '/campaigns',
      '/campaigns/shown',
      '/followers',
      `/followers/${APP}/oShown`,
    ]) {
      const { html } = await page(path, { cookie: viewer })
      const posts = [...html.matchAll(/<form[^>]*method="post"[^>]*>/g)].map((m) => m[0])
      expect(posts.every((f) => /action="\/(signout"|preferences\?)/.test(f))).toBe(true)
      expect(html).not.toMatch(/hx-(post|put|patch|delete)=/)
    }
  })
})

describe('the security of a page', () => {
  it.each(['/accounts', '/followers', '/signin'])(
    'has headers that keep foreign scripts and frames out of %s',
    async (path) => {
      const { headers } = await page(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    },
  )

  it('loads resources only from this server, without inline script or style', async () => {
    for (const path of ['/accounts', `/followers/${APP}/oShown`, '/signin']) {
      const { html } = await page(path)
      const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1] ?? '')
      expect(sources.length).toBeGreaterThan(0)
      for (const source of sources) expect(source).toMatch(/^(\/(?!\/)|#)/)
      expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|\sstyle=/)
    }
    for (const asset of ['/assets/console.css', '/assets/htmx.js']) {
      expect((await page(asset, {})).status).toBe(200)
    }
  })
})

describe('what a browser loads for its first page', () => {
  /** Of each answer. */
  const HEADERS = 500
  /** What the overview has more with a full store. */
  const FULL_STORE = 6_000
  /** As browsers ask over HTTPS. */
  const compressed = { 'accept-encoding': 'gzip, deflate, br' }

  async function bytesOf(path: string, headers: Record<string, string>): Promise<number> {
    const response = await api.web.request(path, { headers: { ...headers, ...compressed } })
    expect([path, response.status]).toEqual([path, 200])
    expect([path, response.headers.get('content-encoding')]).toEqual([
      path,
      path.startsWith('/assets/') ? 'br' : 'gzip',
    ])
    return (await response.arrayBuffer()).byteLength + HEADERS
  }

  /** Compressed, with each asset once. */
  async function bytesOfPages(...paths: string[]): Promise<number> {
    const assets = new Set<string>()
    let bytes = 0
    for (const path of paths) {
      const { html } = await page(path)
      for (const [, asset = ''] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) assets.add(asset)
      bytes += await bytesOf(path, { cookie })
    }
    expect(assets.size).toBeGreaterThan(3)
    for (const asset of assets) bytes += await bytesOf(asset, {})
    return bytes
  }

  it('is at most 60 KB for the overview', async () => {
    expect((await bytesOfPages('/')) + FULL_STORE).toBeLessThanOrEqual(60_000)
  })

  it('is at most 130 KB for the editor, and 260 KB with its YAML tab', async () => {
    const [editor, yaml] = ['/campaigns/shown/edit', '/campaigns/shown/yaml']
    expect(await bytesOfPages(editor)).toBeLessThanOrEqual(130_000)
    expect(await bytesOfPages(editor, yaml)).toBeLessThanOrEqual(260_000)
  })

  it('is compressed with gzip where the browser knows nothing better, and not at all where it knows none', async () => {
    const ask = async (accepted: string) => {
      const { headers } = await api.web.request('/assets/console.css', {
        headers: { 'accept-encoding': accepted },
      })
      return headers.get('content-encoding')
    }
    expect([await ask('gzip, deflate'), await ask('identity'), await ask('br;q=1, gzip')]).toEqual([
      'gzip',
      null,
      'br',
    ])
  })
})

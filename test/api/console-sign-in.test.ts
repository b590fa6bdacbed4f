import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, type ApiHarness, expectNoSecrets, startApiHarness } from '../harness/api-harness.ts'

const APP = 'wxconsole0000002'
const PASSWORD = 'test-lins-password'
const SCRIPT = '<script>alert("x")</script>'
const ROLES = ['viewer', 'operator', 'admin'] as const

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: '小鹿读书' })
  for (const role of ROLES) await addUser(`a-${role}`, role)
})
afterAll(() => api?.close())

const addUser = (name: string, role: string) =>
  api.call('POST', '/api/users', { json: { name, role, password: PASSWORD } })

interface Given {
  name?: string
  password?: string
  token?: string
  headers?: Record<string, string>
  from?: string
}
async function enter({ headers = {}, from, ...fields }: Given) {
  const env = from ? { incoming: { socket: { remoteAddress: from } } } : undefined
  const body = new URLSearchParams(fields)
  const response = await api.web.request('/signin', { method: 'POST', headers, body }, env)
  const html = await response.text()
  expectNoSecrets(html, response.headers)
  expect(html).not.toContain(PASSWORD)
  const set = response.headers.get('set-cookie') ?? ''
  return { status: response.status, headers: response.headers, html, set, cookie: set.split(';')[0] ?? '' }
}
async function page(path: string, cookie: string) {
  const response = await api.web.request(path, { headers: { cookie } })
  const html = await response.text()
  expectNoSecrets(html, response.headers)
  expect(html).not.toContain(SCRIPT)
  return { status: response.status, html }
}

describe('a person', () => {
  it('signs in with name and password: a cookie of 256 random bits that scripts and other sites cannot use', async () => {
    const { status, headers, set, cookie } = await enter({ name: 'A-Viewer', password: PASSWORD })
    expect([status, headers.get('location')]).toEqual([302, '/'])
    expect(cookie).toMatch(/^nurture_session=[\w-]{43}\.[0-9a-f]{32}$/)
    for (const attribute of [/;\s*HttpOnly/i, /;\s*SameSite=Strict/i, /;\s*Path=\/(;|$)/i])
      expect(set).toMatch(attribute)
    const { html } = await page('/', cookie)
    for (const word of ['小鹿读书', 'a-viewer', '只读']) expect(html).toContain(word)
  })

  it('has a cookie for https alone where the request came by https', async () => {
    const given = { name: 'a-viewer', password: PASSWORD }
    expect((await enter(given)).set).not.toMatch(/;\s*Secure/i)
    const headers = { 'x-forwarded-proto': 'https' }
    expect((await enter({ ...given, headers, from: '127.0.0.1' })).set).toMatch(/;\s*Secure/i)
    expect((await enter({ ...given, headers, from: '203.0.113.5' })).set).not.toMatch(/;\s*Secure/i)
  })

  it.each([
    [{ name: 'a-viewer', password: 'wrong' }, '用户名或密码不正确'],
    [{ name: 'nobody', password: PASSWORD }, '用户名或密码不正确'],
    [{ name: 'admin-token', password: ADMIN_TOKEN }, '用户名或密码不正确'],
    [{ name: 'a-viewer' }, '用户名或密码不正确'],
    [{}, '令牌不正确'],
  ])('is refused with %j, without a hint which of the two is wrong', async (given, word) => {
    const { status, html, set } = await enter(given)
    expect([status, set]).toEqual([401, ''])
    expect(html).toContain(word)
  })

  it('keeps the name that was typed, and not the password', async () => {
    const { html } = await enter({ name: 'a-"viewer', password: 'test-wrong-password' })
    expect(html).toContain('value="a-&quot;viewer"')
    expect(html).not.toContain('test-wrong-password')
  })

  it('cannot send a form of any size', async () => {
    expect((await enter({ name: 'x'.repeat(20_000), password: PASSWORD })).status).toBe(413)
  })

  it('is out once disabled, and with a new password', async () => {
    await addUser('zoe', 'viewer')
    const change = (json: unknown) => api.call('PATCH', '/api/users/zoe', { json })
    const enterZoe = (password = PASSWORD) => enter({ name: 'zoe', password })
    const first = await enterZoe()
    await change({ disabled: true })
    expect((await page('/', first.cookie)).status).toBe(302)
    expect((await enterZoe()).status).toBe(401)
    await change({ disabled: false })
    const second = await enterZoe()
    expect((await page('/', second.cookie)).status).toBe(200)
    await change({ password: `${PASSWORD}-2` })
    expect((await page('/', second.cookie)).status).toBe(302)
    expect((await enterZoe()).status).toBe(401)
    expect((await enterZoe(`${PASSWORD}-2`)).status).toBe(302)
  })

  it('does not open the API with the cookie, not even as an admin', async () => {
    const { cookie } = await enter({ name: 'a-admin', password: PASSWORD })
    for (const [method, path] of [
      ['GET', '/api/accounts'],
      ['POST', `/api/accounts/${APP}/verify`],
      ['GET', '/metrics'],
    ] as const)
      expect((await api.call(method, path, { token: null, headers: { cookie } })).status).toBe(401)
  })
})

describe('the pages of people, tokens and the audit log', () => {
  const PAGES = ['/users', '/tokens', '/audit']

  it.each(['viewer', 'operator'])('are not for a %s, who sees no link to them either', async (role) => {
    const { cookie } = await enter({ name: `a-${role}`, password: PASSWORD })
    for (const path of PAGES) {
      const { status, html } = await page(path, cookie)
      expect([path, status]).toEqual([path, 403])
      expect(html).toContain('你的角色不能查看')
      for (const link of PAGES) expect(html).not.toContain(`href="${link}"`)
    }
  })

  it('are for admins, and escape all texts', async () => {
    await api.call('POST', '/api/tokens', { json: { name: `脚本${SCRIPT}`, role: 'viewer', expires: '30d' } })
    for (const given of [{ name: 'a-admin', password: PASSWORD }, { token: ADMIN_TOKEN }]) {
      const { cookie } = await enter(given)
      const users = (await page('/users', cookie)).html
      for (const word of ['成员', 'a-operator', '运营', '正常']) expect(users).toContain(word)
      const tokens = (await page('/tokens', cookie)).html
      for (const word of ['令牌', '脚本&lt;script&gt;', 'admin-token']) expect(tokens).toContain(word)
      const audit = (await page('/audit', cookie)).html
      for (const word of ['操作记录', '创建令牌', 'token.create', '脚本&lt;script&gt;', '添加成员'])
        expect(audit).toContain(word)
      for (const html of [users, tokens, audit])
        expect(html).not.toMatch(/fnt_|scrypt|style=|<script(?![^>]*src=)/)
    }
  })

  it('show the signed-in user', async () => {
    const { cookie } = await enter({ token: ADMIN_TOKEN })
    expect((await page('/users', cookie)).html).toContain('管理令牌')
  })
})

describe('a page of another site', () => {
  const evil = { origin: 'https://evil.example' }
  it('cannot sign anybody in or out', async () => {
    const given = { name: 'a-viewer', password: PASSWORD }
    for (const headers of [
      evil,
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
    ])
      expect([headers, (await enter({ ...given, headers })).status]).toEqual([headers, 403])
    const { cookie } = await enter(given)
    const out = await api.web.request('/signout', { method: 'POST', headers: { ...evil, cookie } })
    expect(out.status).toBe(403)
    expect((await page('/', cookie)).status).toBe(200)
  })

  it('is distinguished from the console’s own, also behind a proxy that terminates TLS', async () => {
    const given = { name: 'a-viewer', password: PASSWORD }
    expect((await enter({ ...given, headers: { origin: 'http://localhost' } })).status).toBe(302)
    expect((await enter({ ...given, headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(302)
    const headers = { origin: 'https://localhost', 'x-forwarded-proto': 'https' }
    expect((await enter({ ...given, headers, from: '127.0.0.1' })).status).toBe(302)
    expect((await enter({ ...given, headers, from: '203.0.113.5' })).status).toBe(403)
  })
})

describe('a guessing client', () => {
  it('gets a page with the time to wait, and so does the correct password meanwhile', async () => {
    const from = '198.51.100.20'
    for (let i = 0; i < 10; i++) expect((await enter({ token: `wrong-${i}`, from })).status).toBe(401)
    for (const given of [{ token: 'wrong' }, { name: 'a-viewer', password: PASSWORD }]) {
      const { status, headers, html, set } = await enter({ ...given, from })
      expect([status, set]).toEqual([429, ''])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(html).toContain('尝试次数过多')
    }
    // Failed attempts of others from a shared address never lock out the holder of the admin token.
    const ready = await api.web.request(
      `/signin?token=${ADMIN_TOKEN}`,
      {},
      { incoming: { socket: { remoteAddress: from } } },
    )
    expect(ready.status).toBe(302)
    expect((await enter({ token: ADMIN_TOKEN, from })).status).toBe(302)
  })
})

describe('the page that was asked for before the sign-in', () => {
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const { headers: answered } = await api.web.request(path, { headers })
    return answered.get('set-cookie')
  }
  const signedIn = async (cookie: string) => {
    const { headers, set } = await enter({ name: 'a-viewer', password: PASSWORD, headers: { cookie } })
    return { location: headers.get('location'), set }
  }

  it('is shown after it, once, and only to this browser', async () => {
    const set = (await ask(`/followers?campaign=welcome&status=active`)) ?? ''
    for (const attribute of [/;\s*HttpOnly/i, /;\s*SameSite=Strict/i, /;\s*Path=\/(;|$)/i])
      expect(set).toMatch(attribute)
    const done = await signedIn(set.split(';')[0] ?? '')
    expect(done.location).toBe('/followers?campaign=welcome&status=active')
    expect(done.set).toMatch(/nurture_return=;/)
    expect((await signedIn('')).location).toBe('/')
  })

  it('is also the one in which a fragment refreshed itself', async () => {
    const at = {
      'hx-request': 'true',
      'hx-current-url': 'http://elsewhere.invalid/campaigns/welcome?range=7',
    }
    const cookie = ((await ask(`/followers/${APP}/oX/run`, at)) ?? '').split(';')[0] ?? ''
    expect((await signedIn(cookie)).location).toBe('/campaigns/welcome?range=7')
  })

  it('is never one of another server, nor one that only a script asked for', async () => {
    for (const path of [
      '//elsewhere.invalid',
      '/\\elsewhere.invalid',
      'https://elsewhere.invalid',
      '',
      `/${'x'.repeat(2_000)}`,
    ])
      expect((await signedIn(`nurture_return=${encodeURIComponent(path)}`)).location).toBe('/')
    const hx = { 'hx-request': 'true' }
    for (const url of [
      'http://host.invalid//elsewhere.invalid',
      'not a URL',
      `http://host.invalid/${'x'.repeat(2_000)}`,
    ])
      expect(await ask('/followers', { ...hx, 'hx-current-url': url })).toBeNull()
    expect(await ask('/overview/stream', { 'sec-fetch-dest': 'empty' })).toBeNull()
    expect(await ask('/')).toContain('nurture_return=%2F;')
  })
})

it('a fragment that refreshes itself leads to the sign-in page once the session has ended', async () => {
  const response = await api.web.request(`/followers/${APP}/oX/run`, { headers: { 'hx-request': 'true' } })
  expect([response.status, response.headers.get('hx-redirect'), await response.text()]).toEqual([
    200,
    '/signin',
    '',
  ])
})

it('a script learns that the session has ended, in the language of the reader', async () => {
  const call = async (method: string, path: string, language: string) => {
    const headers = { 'x-nurture-console': '1', 'accept-language': language }
    const response = await api.web.request(path, { method, headers })
    return [response.status, response.headers.get('location'), await response.json()]
  }
  const answer = (message: unknown) => [401, null, { error: { code: 'unauthorised', message } }]
  expect(await call('GET', '/console/api/campaigns', 'en')).toEqual(
    answer(expect.stringContaining('signed out')),
  )
  expect(await call('PUT', '/console/api/campaigns/x/draft', 'zh')).toEqual(
    answer(expect.stringContaining('登录已失效')),
  )
  expect((await call('POST', '/campaigns/x/edit/analysis', 'zh'))[0]).toBe(401)
})

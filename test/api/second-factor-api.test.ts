import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { totpCode } from '../../src/auth/sign-in/totp.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { type ApiHarness, type Page, startApiHarness } from '../harness/api-harness.ts'

const PASSWORD = 'test-meis-password'
const links = () => ({ simulatorUrl: null, temporalUiUrl: null, namespace: 'default' })

let api: ApiHarness
let strict: ApiHarness['web']
beforeAll(async () => {
  api = await startApiHarness()
  strict = createHttpApp(api.app.services, {
    adminToken: 'test-admin-token',
    links,
    publicUrl: 'https://nurture.example.com',
    requireSecondFactor: true,
  })
  for (const name of ['mei', 'hua'])
    await api.call('POST', '/api/users', { json: { name, role: 'admin', password: PASSWORD } })
})
afterAll(() => api?.close())

/** A browser that keeps cookies. */
function browser(web: () => ApiHarness['web']) {
  const jar = new Map<string, string>()
  const ask = async (path: string, fields?: Record<string, string>) => {
    const cookie = [...jar].map(([k, v]) => `${k}=${v}`).join('; ')
    const post = fields ? { method: 'POST', body: new URLSearchParams(fields) } : {}
    const response = await web().request(path, { headers: { cookie }, ...post })
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';')
      const [name = '', value = ''] = pair.split('=')
      if (/Max-Age=0/i.test(set)) jar.delete(name)
      else jar.set(name, value)
    }
    const html = await response.text()
    const secret = /<code[^>]* class="key">([A-Z2-7 ]+)</.exec(html)?.[1]?.replaceAll(' ', '') ?? ''
    const sealed = /name="sealed" value="([^"]+)"/.exec(html)?.[1] ?? ''
    return {
      status: response.status,
      location: response.headers.get('location'),
      headers: response.headers,
      html,
      secret,
      sealed,
    }
  }
  return { jar, ask }
}
const actions = async (actor: string) =>
  (await api.get<Page<{ actor: string; action: string }>>('/api/audit?limit=200')).body.items
    .filter((e) => e.actor === actor)
    .map((e) => e.action)

describe('a user', () => {
  it('enables the second factor in the console, on a page without script, and then needs it for each sign-in', async () => {
    const { ask, jar } = browser(() => api.web)
    expect(await ask('/signin', { name: 'mei', password: PASSWORD })).toMatchObject({ location: '/' })
    const page = await ask('/account/second-factor')
    expect(page.html).toContain('<svg')
    expect(page.html).not.toMatch(/style=|<script(?![^>]*src=)|javascript:/)
    const set = await ask('/account/second-factor', {
      sealed: page.sealed,
      code: totpCode(page.secret, Date.now()),
    })
    expect(set.status).toBe(200)
    const codes = [...set.html.matchAll(/<code>([0-9A-Z-]{19})<\/code>/g)].map((m) => m[1] ?? '')
    expect(codes).toHaveLength(10)
    await ask('/signout', {})
    expect([...jar.keys()]).toEqual([])
    expect(await ask('/signin', { name: 'mei', password: PASSWORD })).toMatchObject({
      location: '/signin/second-factor',
    })
    for (const path of ['/', '/audit', '/account/second-factor'])
      expect(await ask(path)).toMatchObject({ status: 302, location: '/signin/second-factor' })
    expect((await ask('/signin/second-factor')).html).toContain('两步验证')
    expect((await ask('/signin/second-factor', { code: '000000' })).status).toBe(401)
    expect(await ask('/signin/second-factor', { code: codes[0] ?? '' })).toMatchObject({
      // The last page that was asked for.
      location: '/account/second-factor',
    })
    expect((await ask('/users')).html).toContain('已启用')
    expect(await actions('mei')).toEqual([
      'session.begin',
      'session.end',
      'second-factor.set',
      'session.begin',
    ])
    const off = await ask('/account/second-factor/remove', { code: codes[1] ?? '' })
    expect(off).toMatchObject({ status: 302, location: '/account/second-factor' })
    expect((await actions('mei'))[0]).toBe('second-factor.remove')
  })

  it('must set up the second factor first if REQUIRE_2FA is on, and gets __Host- cookies', async () => {
    const { ask, jar } = browser(() => strict)
    await ask('/signin', { name: 'hua', password: PASSWORD })
    expect([...jar.keys()]).toEqual(['__Host-nurture_second_step'])
    expect(await ask('/')).toMatchObject({ status: 302, location: '/signin/second-factor' })
    const page = await ask('/signin/second-factor')
    const wrong = await ask('/signin/second-factor', { sealed: page.sealed, code: '000000' })
    expect([wrong.status, wrong.secret]).toEqual([401, page.secret])
    jar.set('nurture_session', 'of-an-earlier-version')
    const set = await ask('/signin/second-factor', {
      sealed: wrong.sealed,
      code: totpCode(page.secret, Date.now()),
    })
    expect(set.html).toContain('恢复码')
    expect([...jar.keys()].sort()).toEqual(['__Host-nurture_return', '__Host-nurture_session'])
    const cookie = set.headers.getSetCookie().find((s) => s.startsWith('__Host-nurture_session=')) ?? ''
    for (const attribute of [/;\s*Secure/i, /;\s*HttpOnly/i, /;\s*SameSite=Strict/i, /;\s*Path=\/(;|$)/i])
      expect(cookie).toMatch(attribute)
    expect(cookie).not.toMatch(/Domain=/i)
    expect((await ask('/accounts')).status).toBe(200)
    expect((await ask('/account/second-factor/remove', { code: '000000' })).html).toContain('管理员重置')
    const reset = await api.call('DELETE', '/api/users/hua/second-factor')
    expect(reset.status).toBe(204)
    expect((await ask('/')).status).toBe(302)
    expect((await api.call('DELETE', '/api/users/hua/second-factor')).status).toBe(409)
    expect((await api.call('DELETE', '/api/users/nobody/second-factor')).status).toBe(404)
  })

  it('gets a new QR code with a notice if the page has expired', async () => {
    await api.call('POST', '/api/users', { json: { name: 'old', role: 'viewer', password: PASSWORD } })
    for (const [web, path, status] of [
      [() => api.web, '/account/second-factor', 422],
      [() => strict, '/signin/second-factor', 401],
    ] as const) {
      const { ask } = browser(web)
      await ask('/signin', { name: 'old', password: PASSWORD })
      const page = await ask(path)
      // A form that cannot be decrypted counts as expired.
      const late = await ask(path, { sealed: 'v2.too.old', code: totpCode(page.secret, Date.now()) })
      expect({ status: late.status, isNew: late.secret !== page.secret }).toEqual({ status, isNew: true })
      expect(late.html).toContain('二维码已更换')
      const wrong = await ask(path, { sealed: late.sealed, code: '000000' })
      expect(wrong.secret).toBe(late.secret)
      expect(wrong.html).not.toContain('二维码已更换')
    }
  })

  it('with the admin token signs in without a second factor', async () => {
    const { ask } = browser(() => strict)
    expect(await ask('/signin', { token: 'test-admin-token' })).toMatchObject({ location: '/' })
    expect((await ask('/account/second-factor')).status).toBe(404)
  })
})

describe('every form of the console that changes something', () => {
  it('has a test above, or makes calls of the operator API, which are all recorded', () => {
    const own = ['POST /account/second-factor', 'POST /account/second-factor/remove', 'POST /signin']
    const registered = new Set(api.web.routes.map((r) => `${r.method} ${r.path}`))
    expect(own.filter((route) => !registered.has(route))).toEqual([])
    const folder = new URL('../../src/console/', import.meta.url)
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file) && !file.startsWith('browser'),
    )
    expect(sources.length).toBeGreaterThan(50)
    const writes = /\b(?:db|tx)\)?\.(?:insert|update|delete|transaction|execute)\(|\bauditedChange\(/
    expect(sources.filter((file) => writes.test(readFileSync(new URL(file, folder), 'utf8')))).toEqual([])
  })

  it('changes nothing if the audit log cannot be written', async () => {
    const { db } = api.app.services
    const inside = browser(() => api.web)
    await inside.ask('/signin', { name: 'mei', password: PASSWORD })
    const page = await inside.ask('/account/second-factor')
    await db.execute('ALTER TABLE audit_log RENAME TO audit_log_away')
    try {
      const outside = browser(() => api.web)
      expect((await outside.ask('/signin', { name: 'mei', password: PASSWORD })).status).toBe(500)
      expect((await outside.ask('/signin', { token: 'wrong' })).status).toBe(401)
      expect([...outside.jar.keys()]).toEqual([])
      const code = totpCode(page.secret, Date.now())
      expect((await inside.ask('/account/second-factor', { sealed: page.sealed, code })).status).toBe(500)
      expect((await inside.ask('/signout', {})).status).toBe(500)
    } finally {
      await db.execute('ALTER TABLE audit_log_away RENAME TO audit_log')
    }
    expect((await inside.ask('/account/second-factor')).html).toContain('启用后')
  })
})

describe('a link with the admin token', () => {
  const open = (headers: Record<string, string>) =>
    api.web.request('/signin?token=test-token-of-the-admin', { headers })

  it('signs in a user who types or pastes it, and a program that opens it', async () => {
    for (const headers of [{}, { 'sec-fetch-site': 'none' }] as Record<string, string>[]) {
      const response = await open(headers)
      expect([headers, response.status]).toEqual([headers, 302])
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none', 'sec-purpose': 'prefetch' },
  ] as Record<string, string>[])(
    'does not sign in from another site or a prefetch, and shows a form: %j',
    async (headers) => {
      const response = await open(headers)
      expect([response.status, response.headers.get('set-cookie')]).toEqual([200, null])
      const html = await response.text()
      expect(html).toContain('method="post"')
      expect(html).not.toMatch(/<script/)
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    },
  )
})

describe('a rejected request', () => {
  it('is counted by place and reason', async () => {
    const metric = async (where: string, reason: string) => {
      const { text } = await api.call('GET', '/metrics')
      const line = `nurture_refused_requests_total{where="${where}",reason="${reason}"} `
      return Number(
        text
          .split('\n')
          .find((l) => l.startsWith(line))
          ?.slice(line.length),
      )
    }
    const kinds = [
      ['api', 'none', () => api.call('GET', '/api/accounts', { token: null })],
      ['api', 'wrong', () => api.call('GET', '/api/accounts', { token: 'wrong' })],
      ['codec', 'none', () => api.call('POST', '/codec/decode', { token: null, json: {} })],
      ['sign-in', 'wrong', () => browser(() => api.web).ask('/signin', { token: 'wrong' })],
      [
        'console',
        'origin',
        () =>
          api.web.request('/signin', {
            method: 'POST',
            headers: { origin: 'https://evil.example' },
            body: new URLSearchParams({ token: 'x' }),
          }),
      ],
    ] as const
    for (const [where, reason, refuse] of kinds) {
      const before = await metric(where, reason)
      await refuse()
      expect([where, reason, await metric(where, reason)]).toEqual([where, reason, before + 1])
    }
  })
})

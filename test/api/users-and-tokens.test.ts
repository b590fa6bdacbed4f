import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ADMIN_TOKEN,
  type ApiHarness,
  type ErrorBody,
  type Page,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxpeople00000001'
const PASSWORD = 'test-lins-password'
const ROLES = ['viewer', 'operator', 'admin'] as const
type Role = (typeof ROLES)[number]

let api: ApiHarness
const tokens: Record<string, string> = {}
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP })
  for (const role of ROLES) tokens[role] = (await makeToken({ name: `of ${role}`, role })).token
})
afterAll(() => api?.close())

interface Token {
  id: string
  token: string
  name: string
  role: string
  createdBy: string
  expiresAt: string | null
  lastUsedAt: string | null
}
async function makeToken(json: { name: string; role: Role; expires?: string }): Promise<Token> {
  const { status, body } = await api.call<Token>('POST', '/api/tokens', { json })
  expect(status).toBe(201)
  return body
}
const as = (role: Role, method: string, path: string, json?: unknown) =>
  api.call<ErrorBody>(method, path, { token: tokens[role] ?? null, ...(json === undefined ? {} : { json }) })

interface Document {
  paths: Record<string, Record<string, { 'x-role'?: Role; responses: Record<string, unknown> }>>
}
/** Every call in the OpenAPI document, with path parameters that match nothing. */
async function documentedCalls(): Promise<{ method: string; path: string; role: Role | undefined }[]> {
  const { body } = await api.get<Document>('/api/openapi.json')
  return Object.entries(body.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, 'none0000'),
      role: operation['x-role'],
    })),
  )
}

describe('a role', () => {
  it('is documented for every call, and checked before anything else', async () => {
    const calls = await documentedCalls()
    expect(calls.length).toBeGreaterThan(25)
    for (const { method, path, role } of calls) {
      expect([path, ROLES]).toEqual([path, expect.arrayContaining([role])])
      for (const given of ROLES) {
        const { status, body } = await as(given, method, path)
        const may = ROLES.indexOf(given) >= ROLES.indexOf(role ?? 'admin')
        expect([method, path, given, status === 403]).toEqual([method, path, given, !may])
        expect(status).not.toBe(401)
        if (may) continue
        expect(body.error).toEqual({ code: 'forbidden', message: expect.stringContaining(`role ${role}`) })
      }
    }
  })

  it('viewer can read everything except users, tokens and the audit log', async () => {
    const calls = await documentedCalls()
    const reads = calls.filter((c) => c.role === 'viewer').map((c) => c.method)
    expect(new Set(reads)).toEqual(new Set(['GET']))
    const forAdmins = calls.filter((c) => c.method === 'GET' && c.role !== 'viewer').map((c) => c.path)
    expect(forAdmins.sort()).toEqual(['/api/audit', '/api/tokens', '/api/users'])
    expect((await as('viewer', 'GET', '/metrics')).status).toBe(200)
  })

  it('operator can pause an account and change its name and variables, but no secret', async () => {
    const change = (json: unknown) => as('operator', 'PATCH', `/api/accounts/${APP}`, json)
    expect((await change({ state: 'paused' })).status).toBe(200)
    expect((await change({ state: 'active', name: '改名', variables: { city: '上海' } })).status).toBe(200)
    for (const json of [
      { appSecret: 'test-other' },
      { state: 'active', token: 'test_other' },
      { apiBase: 'http://127.0.0.1:9' },
      { forward: { url: 'https://example.com/', token: 'test_forward' } },
      { mode: 'plain' },
      { keepTexts: 30 },
    ]) {
      const { status, body } = await change(json)
      expect([json, status, body.error?.code]).toEqual([json, 403, 'forbidden'])
    }
    expect((await api.get<{ apiBase: string }>(`/api/accounts/${APP}`)).body.apiBase).not.toContain(':9')
  })
})

describe('users', () => {
  it('can be added, listed, changed and removed by an admin, and no answer has a password', async () => {
    const json = { name: 'Lin', role: 'operator', password: PASSWORD }
    const added = await api.call('POST', '/api/users', { json })
    expect(added.status).toBe(201)
    expect(added.body).toEqual({
      name: 'lin',
      role: 'operator',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      disabledAt: null,
    })
    expect(await api.call('POST', '/api/users', { json })).toMatchObject({ status: 409 })
    const list = await api.get<Page<unknown>>('/api/users')
    expect(list.body).toEqual({ items: [added.body], next: null })
    const changed = await api.call('PATCH', '/api/users/LIN', { json: { role: 'admin', disabled: true } })
    expect(changed.body).toMatchObject({ name: 'lin', role: 'admin', disabledAt: expect.any(String) })
    expect((await api.call('DELETE', '/api/users/lin')).status).toBe(204)
    expect((await api.call('DELETE', '/api/users/lin')).status).toBe(404)
    expect((await api.call('PATCH', '/api/users/lin', { json: { role: 'admin' } })).status).toBe(404)
    for (const { text } of [added, list, changed]) expect(text).not.toMatch(/password|scrypt/)
  })

  it.each([
    [{ name: 'lin', role: 'boss', password: PASSWORD }, 'role'],
    [{ name: 'lin', role: 'admin', password: 'short' }, 'password'],
    [{ name: 'lin', role: 'admin' }, 'password'],
    [{ name: 'twelve-chars', role: 'admin', password: 'Twelve-Chars' }, 'password'],
    [{ name: 'a b', role: 'admin', password: PASSWORD }, 'name'],
    [{ name: 'admin-token', role: 'admin', password: PASSWORD }, 'name'],
    [{ name: 'tok_1', role: 'admin', password: PASSWORD }, 'name'],
    [{ name: 'lin', role: 'admin', password: PASSWORD, admin: true }, 'admin'],
  ])('are rejected if they are invalid: %j', async (json, path) => {
    const { status, body, text } = await api.call<ErrorBody>('POST', '/api/users', { json })
    expect([status, body.error.issues?.map((i) => i.path)]).toEqual([422, [path]])
    expect(text).not.toContain(PASSWORD)
  })

  it('are listed in pages', async () => {
    for (const name of ['p-a', 'p-b', 'p-c'])
      await api.call('POST', '/api/users', { json: { name, role: 'viewer', password: PASSWORD } })
    const first = await api.get<Page<{ name: string }>>('/api/users?limit=2')
    expect(first.body.items.map((u) => u.name)).toEqual(['p-a', 'p-b'])
    const rest = await api.get<Page<{ name: string }>>(`/api/users?limit=2&cursor=${first.body.next}`)
    expect(rest.body).toMatchObject({ items: [{ name: 'p-c' }], next: null })
    for (const name of ['p-a', 'p-b', 'p-c']) await api.call('DELETE', `/api/users/${name}`)
  })
})

describe('an API token', () => {
  it('is shown only at its creation, and has an id', async () => {
    const made = await makeToken({ name: '小王的脚本', role: 'viewer', expires: '30d' })
    expect(made).toMatchObject({
      id: expect.stringMatching(/^tok_/),
      createdBy: 'admin-token',
      role: 'viewer',
    })
    expect(made.token).toMatch(/^fnt_[\w-]{43}$/)
    const lifetimeMs = Date.parse(made.expiresAt ?? '') - Date.now()
    expect(Math.abs(lifetimeMs - 30 * 86_400_000)).toBeLessThan(60_000)
    expect((await api.call('GET', '/api/accounts', { token: made.token })).status).toBe(200)
    const { body, text } = await api.get<Page<Token>>('/api/tokens')
    const listed = body.items.find((t) => t.id === made.id)
    expect(listed).toMatchObject({ name: '小王的脚本', lastUsedAt: expect.any(String) })
    expect(text).not.toContain('fnt_')
    expect((await api.call('DELETE', `/api/tokens/${made.id}`)).status).toBe(204)
    expect((await api.call('GET', '/api/accounts', { token: made.token })).status).toBe(401)
    expect((await api.call('DELETE', `/api/tokens/${made.id}`)).status).toBe(404)
  })

  it.each([
    [{ name: '', role: 'viewer' }, 'name'],
    [{ name: 'x', role: 'root' }, 'role'],
    [{ name: 'x', role: 'viewer', expires: 'soon' }, 'expires'],
    [{ name: 'x', role: 'viewer', expires: '0d' }, 'expires'],
  ])('is rejected if it is invalid: %j', async (json, path) => {
    const { status, body } = await api.call<ErrorBody>('POST', '/api/tokens', { json })
    expect([status, body.error.issues?.map((i) => i.path)]).toEqual([422, [path]])
  })

  it('of an admin can create others, which record their creator', async () => {
    const made = await api.call<Token>('POST', '/api/tokens', {
      token: tokens.admin ?? null,
      json: { name: 'by a token', role: 'viewer' },
    })
    expect(made.body.createdBy).toMatch(/^tok_/)
    const { body } = await api.get<Page<{ actor: string; target: string }>>('/api/audit?limit=1')
    expect(body.items[0]).toMatchObject({ actor: made.body.createdBy, target: made.body.id })
  })
})

describe('an address that guesses tokens', () => {
  const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } })
  const ask = (token: string, address: string) =>
    api.web.request('/api/accounts', { headers: { authorization: `Bearer ${token}` } }, from(address))

  it('gets 429 with Retry-After, but other addresses and the admin token are served', async () => {
    for (let i = 0; i < 100; i++) expect((await ask(`wrong-${i}`, '198.51.100.7')).status).toBe(401)
    const stopped = await ask('wrong', '198.51.100.7')
    expect(stopped.status).toBe(429)
    expect(stopped.headers.get('retry-after')).toBe('1')
    expect(await stopped.json()).toMatchObject({ error: { code: 'too-many' } })
    expect((await ask(tokens.viewer ?? '', '203.0.113.9')).status).toBe(200)
    expect((await ask(ADMIN_TOKEN, '198.51.100.7')).status).toBe(200)
  })
})

describe('the headers of every answer', () => {
  it.each(['/api/accounts', '/api/none', '/metrics', '/healthz', '/wechat/none', '/signin', '/no/page', '/'])(
    'forbid foreign scripts, frames and type sniffing: %s',
    async (path) => {
      const { headers } = await api.call('GET', path)
      const policy = headers.get('content-security-policy') ?? ''
      for (const rule of [
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
      ])
        expect(policy).toContain(rule)
      expect(policy).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('strict-transport-security')).toBeNull()
    },
  )

  it('require HTTPS from now on if a trusted proxy received the request over HTTPS', async () => {
    const headers = { 'x-forwarded-proto': 'https' }
    const behind = (remoteAddress: string) =>
      api.web.request('/signin', { headers }, { incoming: { socket: { remoteAddress } } })
    expect((await behind('127.0.0.1')).headers.get('strict-transport-security')).toMatch(/^max-age=\d+$/)
    expect((await behind('203.0.113.7')).headers.get('strict-transport-security')).toBeNull()
  })
})

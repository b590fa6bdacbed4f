import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ADMIN_TOKEN,
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  expectNoSecrets,
  SECRETS,
  startApiHarness,
} from '../harness/api-harness.ts'
import { signIn } from '../harness/console-session.ts'

const APP = 'wxauth0000000001'

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP })
})
afterAll(() => api?.close())

/** Every call of docs/contract.md#6-operator-api, and `/metrics`. */
const GUARDED: [method: string, path: string][] = [
  ['POST', '/api/accounts'],
  ['GET', '/api/accounts'],
  ['GET', `/api/accounts/${APP}`],
  ['PATCH', `/api/accounts/${APP}`],
  ['DELETE', `/api/accounts/${APP}`],
  ['PUT', '/api/campaigns/some'],
  ['DELETE', '/api/campaigns/some'],
  ['POST', '/api/media'],
  ['GET', '/api/campaigns'],
  ['GET', '/api/campaigns/some'],
  ['POST', '/api/campaigns/some/pause'],
  ['POST', '/api/campaigns/some/resume'],
  ['POST', '/api/campaigns/preview'],
  ['POST', '/api/campaigns/dry-run'],
  ['GET', '/api/followers'],
  ['GET', `/api/followers/${APP}/oSome`],
  ['POST', `/api/followers/${APP}/oSome/cancel`],
  ['POST', `/api/followers/${APP}/oSome/pause`],
  ['POST', `/api/followers/${APP}/oSome/resume`],
  ['GET', '/api/inbox'],
  ['GET', '/metrics'],
  ['GET', '/api/no-such-call'],
]

describe('access to the API', () => {
  it.each(GUARDED)('needs the token: %s %s', async (method, path) => {
    for (const token of [null, 'wrong', `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1), '']) {
      const { status, body } = await api.call<ErrorBody>(method, path, { token })
      expect(status).toBe(401)
      expect(body.error).toEqual({ code: expect.any(String), message: expect.any(String) })
    }
  })

  it('needs the token in the header', async () => {
    const inQuery = await api.call('GET', `/api/accounts?token=${ADMIN_TOKEN}`, { token: null })
    expect(inQuery.status).toBe(401)
    const basic = { authorization: `Basic ${ADMIN_TOKEN}` }
    expect((await api.call('GET', '/api/accounts', { token: null, headers: basic })).status).toBe(401)
    const bare = { authorization: ADMIN_TOKEN }
    expect((await api.call('GET', '/api/accounts', { token: null, headers: bare })).status).toBe(401)
  })

  it('does not accept the console’s cookie, which another site could send', async () => {
    const cookie = (await signIn(api.web, { token: ADMIN_TOKEN })) ?? ''
    expect(cookie).not.toBe('')
    expect((await api.call('GET', '/api/accounts', { token: null, headers: { cookie } })).status).toBe(401)
  })

  it('changes nothing when it is refused', async () => {
    await api.call('DELETE', `/api/accounts/${APP}`, { token: 'wrong' })
    expect((await api.get(`/api/accounts/${APP}`)).status).toBe(200)
  })

  it('is open for the public calls, whatever the token', async () => {
    for (const path of ['/healthz', '/readyz', '/api/openapi.json', '/api/campaign.schema.json']) {
      for (const token of [null, 'wrong']) {
        expect([path, (await api.call('GET', path, { token })).status]).toEqual([path, 200])
      }
    }
  })

  it('is given with the token', async () => {
    expect((await api.get('/api/accounts')).status).toBe(200)
    expect((await api.get('/metrics')).status).toBe(200)
  })
})

describe('an error', () => {
  it('has one shape, whatever went wrong', async () => {
    const broken = { raw: campaignYaml('x', []), type: 'application/yaml' }
    const wrong: [status: number, answer: Promise<{ status: number; body: unknown }>][] = [
      [401, api.call('GET', '/api/accounts', { token: null })],
      [404, api.get('/api/accounts/wxnobody00000001')],
      [404, api.get('/api/campaigns/nobody')],
      [404, api.get(`/api/followers/${APP}/oNobody`)],
      [404, api.get('/api/no-such-call')],
      [404, api.call('POST', '/api/inbox')],
      [409, api.call('POST', '/api/accounts', { json: { appId: APP, ...SECRETS, mode: 'plain' } })],
      [422, api.call('POST', '/api/accounts', { json: {} })],
      [422, api.call('PUT', '/api/campaigns/x', broken)],
      [422, api.get('/api/followers?status=none')],
    ]
    for (const [status, answer] of wrong) {
      const { status: was, body } = await answer
      expect(was).toBe(status)
      const { error, ...rest } = body as ErrorBody
      expect(rest).toEqual({})
      expect(Object.keys(error).filter((k) => !['code', 'message', 'issues'].includes(k))).toEqual([])
      expect([typeof error.code, typeof error.message]).toEqual(['string', 'string'])
      for (const issue of error.issues ?? []) {
        expect(issue).toMatchObject({ path: expect.any(String), message: expect.any(String) })
      }
      if (status === 422) expect(error.issues?.length).toBeGreaterThan(0)
    }
  })

  it('reports all errors of a request at once', async () => {
    const json = { appId: APP, mode: 'none', secret: 'typo', colour: 'red' }
    const { status, body } = await api.call<ErrorBody>('POST', '/api/accounts', { json })
    expect(status).toBe(422)
    expect(body.error.issues?.map((i) => i.path).sort()).toEqual([
      'appSecret',
      'colour',
      'mode',
      'secret',
      'token',
    ])
  })

  it.each([
    ['POST', '/api/accounts'],
    ['PATCH', `/api/accounts/${APP}`],
    ['POST', '/api/campaigns/preview'],
  ])('refuses a body that is no JSON: %s %s', async (method, path) => {
    const { status, body } = await api.call<ErrorBody>(method, path, {
      raw: '{"half":',
      type: 'application/json',
    })
    expect(status).toBe(422)
    expect(body.error.message).toEqual(expect.any(String))
  })

  it('refuses a text that cannot be stored', async () => {
    const requests = [
      api.get('/api/followers?appId=%00'),
      api.get(`/api/followers/${APP}/%00`),
      api.call('POST', '/api/accounts', { json: { ...SECRETS, appId: 'wx\u0000', mode: 'plain' } }),
    ]
    for (const { status, body } of await Promise.all(requests)) {
      expect(status).toBe(422)
      expect((body as ErrorBody).error.code).toBe('refused')
    }
  })

  it('shows no internals after a fault', async () => {
    const { list } = api.app.services.accounts
    api.app.services.accounts.list = () => Promise.reject(new Error(`broken with ${SECRETS.appSecret}`))
    try {
      const { status, body } = await api.call<ErrorBody>('GET', '/api/accounts')
      expect(status).toBe(500)
      expect(JSON.stringify(body)).not.toContain('broken')
      expect(body.error.code).toEqual(expect.any(String))
    } finally {
      api.app.services.accounts.list = list
    }
  })
})

describe('unknown request fields', () => {
  const account = { appId: 'wxfields00000001', ...SECRETS, mode: 'plain' }
  it.each([
    ['POST', '/api/accounts', { ...account, extra: 1 }],
    ['PATCH', `/api/accounts/${APP}`, { extra: 1 }],
    ['POST', '/api/campaigns/preview', { campaign: campaignYaml('x', []), events: [], extra: 1 }],
    ['POST', `/api/followers/${APP}/oSome/cancel`, { extra: 1 }],
    ['POST', `/api/followers/${APP}/oSome/pause`, { extra: 1 }],
    ['POST', `/api/followers/${APP}/oSome/resume`, { extra: 1 }],
  ])('are refused: %s %s', async (method, path, json) => {
    const { status, body } = await api.call<ErrorBody>(method, path, { json })
    expect(status).toBe(422)
    expect(body.error.issues?.map((i) => i.path)).toContain('extra')
  })

  it.each([
    ['GET', '/api/accounts?offset=2'],
    ['POST', '/api/accounts?verified=true'],
    ['PATCH', `/api/accounts/${APP}?force=true`],
    ['DELETE', `/api/accounts/${APP}?force=true`],
    ['PUT', '/api/campaigns/fields?body=running'],
    ['GET', '/api/campaigns?status=live'],
    ['GET', `/api/followers?app=${APP}`],
  ])(
    'are refused in the query as well, where a typo would list or change something else: %s %s',
    async (method, path) => {
      const yaml = campaignYaml('fields', ['{ id: a, after: 5s, send: { text: hi } }'])
      const sent =
        method === 'POST' || method === 'PATCH'
          ? { json: method === 'POST' ? account : { name: 'x' } }
          : method === 'PUT'
            ? { raw: yaml, type: 'application/yaml' }
            : {}
      const { status, body } = await api.call<ErrorBody>(method, path, sent)
      expect(status).toBe(422)
      expect(body.error.issues?.map((i) => i.path)).toContain(/\?(\w+)=/.exec(path)?.[1])
      expect((await api.get('/api/accounts/wxfields00000001')).status).toBe(404)
      expect((await api.get('/api/campaigns/fields')).status).toBe(404)
      expect((await api.get(`/api/accounts/${APP}`)).body).toMatchObject({ name: '测试账号' })
    },
  )
})

describe('secrets', () => {
  it('are in no answer; the search that says so finds one', async () => {
    const paths = [
      '/api/accounts',
      `/api/accounts/${APP}`,
      '/api/campaigns',
      '/api/followers',
      '/api/inbox',
      '/metrics',
    ]
    for (const path of paths) expect((await api.get(path)).status).toBe(200)
    await api.call('PATCH', `/api/accounts/${APP}`, { json: { ...SECRETS } })
    const verified = await api.call('POST', `/api/accounts/${APP}/verify`)
    expect(verified.status).toBe(200)
    const access = await api.app.services.tokens.getToken(APP)
    if (!access.ok) throw new Error(access.reason)
    for (const path of paths) expect((await api.get(path)).text).not.toContain(access.accessToken)
    for (const secret of [...Object.values(SECRETS), ADMIN_TOKEN]) {
      expect(() => expectNoSecrets(`{"x":"${secret}"}`, new Headers())).toThrow()
      expect(() => expectNoSecrets('', new Headers({ 'x-test': secret }))).toThrow()
    }
  })

  it('are not repeated when they are refused', async () => {
    const json = {
      appId: '!',
      ...SECRETS,
      encodingAesKey: `${SECRETS.encodingAesKey}x`,
      token: SECRETS.appSecret,
    }
    expect((await api.call('POST', '/api/accounts', { json })).status).toBe(422)
    expect((await api.call('PATCH', `/api/accounts/${APP}`, { json })).status).toBe(422)
    // As the name of a field: answered as unknown, and that is what its sender called it.
    const half = `{"appSecret":"${SECRETS.appSecret}"`
    expect(
      (await api.call('POST', '/api/accounts', { raw: half, type: 'application/json' })).status,
    ).not.toBe(201)
  })
})

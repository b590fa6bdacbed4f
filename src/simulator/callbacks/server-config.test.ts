import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSimulator, type Simulator } from '../index.ts'

const APP = 'wxtest0000000001'
const OLD = 'http://127.0.0.1:9/old'
const TOKEN = 'testtoken'
const AES_KEY = 'testtesttesttesttesttesttesttesttesttesttes'

interface ReceivedRequest {
  method: string
  path: string
  query: URLSearchParams
  body: string
}

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A developer's callback server. By default it answers the GET check as WeChat's guide requires, and POST with `success`. */
async function ownServer(
  onGet: (request: ReceivedRequest, response: ServerResponse) => unknown = (request, response) => {
    const { query } = request
    const parts = [TOKEN, query.get('timestamp') ?? '', query.get('nonce') ?? '']
    const isGood = createHash('sha1').update(parts.sort().join('')).digest('hex') === query.get('signature')
    response.end(isGood ? query.get('echostr') : 'wrong signature')
  },
) {
  const received: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const url = new URL(request.url ?? '', 'http://here')
      const read = { method: request.method ?? '', path: url.pathname, query: url.searchParams, body }
      received.push(read)
      if (read.method === 'GET') return onGet(read, response)
      response.end('success')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUps.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function simulatorOf(options: Parameters<typeof createSimulator>[0] = {}): Simulator {
  const simulator = createSimulator({ answerTimeoutMs: 1_000, ...options })
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'old-token',
    mode: 'plain',
    callbackUrl: OLD,
  })
  return simulator
}

async function call(
  simulator: Simulator,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await simulator.app.request(path, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const put = (simulator: Simulator, body: unknown) =>
  call(simulator, 'PUT', `/_sim/accounts/${APP}/server`, body)

describe('a callback URL', () => {
  it('is checked by GET, and receives the account’s messages once it has returned the echostr', async () => {
    const server = await ownServer()
    const simulator = simulatorOf()
    const settings = {
      callbackUrl: `${server.url}/wx?a=1`,
      token: TOKEN,
      mode: 'security',
      encodingAesKey: AES_KEY,
    }
    expect(await put(simulator, settings)).toEqual({
      status: 200,
      body: {
        callbackUrl: `${server.url}/wx?a=1`,
        mode: 'security',
        format: 'xml',
        check: { ok: true, ms: expect.any(Number) },
      },
    })
    expect(Object.fromEntries(server.received[0]?.query ?? [])).toEqual({
      a: '1',
      signature: expect.stringMatching(/^[0-9a-f]{40}$/),
      timestamp: expect.stringMatching(/^\d{10}$/),
      nonce: expect.stringMatching(/^\d+$/),
      echostr: expect.stringMatching(/^\d{19}$/),
    })
    expect(await simulator.account(APP).follow('oTest')).toMatchObject({ ok: true, attempts: 1 })
    const push = server.received[1]
    expect([push?.method, push?.path, push?.query.get('a')]).toEqual(['POST', '/wx', '1'])
    expect(push?.body).toContain('<Encrypt>')
  })

  it.each<[string, (request: ReceivedRequest, response: ServerResponse) => unknown, string, RegExp]>([
    ['never answers', () => {}, 'time-out', /did not answer within 1 s/],
    ['answers 403', (_, r) => r.writeHead(403).end('no'), 'status', /HTTP 403/],
    ['answers nothing', (_, r) => r.end(), 'body', /the body is empty/],
    ['answers something else', (_, r) => r.end('success'), 'body', /not the echostr but "success"/],
    ['adds a line end', (s, r) => r.end(`${s.query.get('echostr')}\n`), 'body', /more than the echostr/],
    ['adds quotes', (s, r) => r.end(JSON.stringify(s.query.get('echostr'))), 'body', /more than the echostr/],
    [
      'never stops answering',
      (_, r) => {
        const timer = setInterval(() => r.write('x'.repeat(1000)), 1)
        r.on('close', () => clearInterval(timer))
      },
      'body',
      /not the echostr/,
    ],
    [
      'answers with a redirect',
      (_, r) => r.writeHead(302, { location: '/signin' }).end(),
      'redirect',
      /redirect \(HTTP 302 to \/signin\)/,
    ],
    ['closes the connection', (_, r) => r.destroy(), 'unreachable', /cannot be reached/],
  ])(
    'is rejected with the reason when the server %s, and the old URL stays',
    async (_, onGet, why, reason) => {
      const server = await ownServer(onGet)
      const simulator = simulatorOf()
      const rejected = await put(simulator, { callbackUrl: server.url, token: TOKEN })
      expect(rejected).toMatchObject({ status: 400, body: { check: { ok: false, why } } })
      expect(rejected.body.error).toMatch(reason)
      expect((rejected.body.reason as { zh: string }).zh).toMatch(/\p{Script=Han}/u)
      expect(server.received.every((s) => s.path !== '/signin')).toBe(true)
      expect(simulator.wechat.account(APP)).toMatchObject({ callbackUrl: OLD, token: 'old-token' })
    },
  )

  it.each([
    ['no URL', { callbackUrl: 'example' }, /callbackUrl: .*http/],
    ['another scheme', { callbackUrl: 'file:///etc/passwd' }, /callbackUrl/],
    ['a password in it', { callbackUrl: 'http://a:b@127.0.0.1/' }, /callbackUrl/],
    ['a token of two characters', { callbackUrl: OLD, token: 'ab' }, /token: .*3 to 32/],
    ['a short key', { callbackUrl: OLD, encodingAesKey: 'abc' }, /43 letters and digits/],
    ['security mode without a key', { callbackUrl: OLD, mode: 'security' }, /need an EncodingAESKey/],
    ['an unknown field', { callbackUrl: OLD, colour: 'red' }, /colour/],
  ])('is rejected before the check with %s', async (_, settings, reason) => {
    const simulator = simulatorOf()
    expect(await put(simulator, settings)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(reason), check: null },
    })
    expect(simulator.wechat.account(APP).callbackUrl).toBe(OLD)
  })

  it('can be set without a check, and removed', async () => {
    const simulator = simulatorOf()
    expect(await put(simulator, { callbackUrl: 'http://127.0.0.1:9/new', check: false })).toMatchObject({
      status: 200,
      body: { check: null },
    })
    expect(await put(simulator, { callbackUrl: null })).toMatchObject({ status: 200 })
    expect(simulator.wechat.servedBy(simulator.wechat.account(APP)).by).toBe('nobody')
  })

  it('can be set by a test in one call', async () => {
    const server = await ownServer()
    const simulator = simulatorOf()
    const sim = simulator.account(APP)
    expect(await sim.setServer({ callbackUrl: server.url, token: TOKEN })).toMatchObject({ ok: true })
    await expect(sim.setServer({ callbackUrl: server.url, token: 'wrongtoken' })).rejects.toThrow(
      'not the echostr but "wrong signature"',
    )
  })

  it('is rejected with a reason in each language', async () => {
    const rejected = await put(simulatorOf(), { callbackUrl: 'ftp://own', token: 'a b' })
    const { zh, en } = rejected.body.reason as { zh: string; en: string }
    expect(zh).toMatch(/callbackUrl: 请填写.*token: Token 为 3–32 位/)
    expect(zh).not.toContain('must be')
    expect(en).toMatch(/callbackUrl: must be .*; token: must be 3 to 32/)
    expect(en).not.toMatch(/\p{Script=Han}/u)
  })
})

describe('a push that is answered with a redirect', () => {
  it('has failed, and the redirect is not followed', async () => {
    const paths: string[] = []
    const server = createServer((request, response) => {
      paths.push(request.url ?? '')
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanUps.push(() => new Promise((resolve) => server.close(resolve)))
    const simulator = simulatorOf()
    const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/wx`
    await put(simulator, { callbackUrl, check: false })
    expect(await simulator.account(APP).follow('oTest')).toMatchObject({
      ok: false,
      status: 302,
      attempts: 4,
    })
    expect(paths.every((p) => p.startsWith('/wx?'))).toBe(true)
  })
})

describe('an account made by the control API', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sim-'))
    cleanUps.push(() => rmSync(folder, { recursive: true }))
  })

  it('gets generated credentials, which are valid', async () => {
    const simulator = simulatorOf()
    const { status, body } = await call(simulator, 'POST', '/_sim/accounts', { name: '我的号' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      appId: expect.stringMatching(/^wxtest[0-9a-f]{12}$/),
      token: expect.stringMatching(/^[a-z0-9]{3,32}$/),
      encodingAesKey: expect.stringMatching(/^[A-Za-z0-9]{43}$/),
      mode: 'plain',
      callbackUrl: null,
    })
    const token = await call(simulator, 'POST', '/cgi-bin/stable_token', {
      grant_type: 'client_credential',
      appid: body.appId,
      secret: body.appSecret,
    })
    expect(token.body).toMatchObject({ access_token: expect.any(String), expires_in: 7200 })
  })

  it('is restored after a restart, with its server; a program’s account keeps the program’s settings', async () => {
    const server = await ownServer()
    const statePath = join(folder, 'state.json')
    const first = simulatorOf({ statePath })
    const made = await call(first, 'POST', '/_sim/accounts', {
      appId: 'wxmade01',
      token: TOKEN,
      callbackUrl: server.url,
      mode: 'security',
    })
    expect(made.status).toBe(201)
    await put(first, { callbackUrl: 'http://127.0.0.1:9/new', check: false })
    await first.account('wxmade01').follow('oTest')
    await first.close()
    const second = simulatorOf({ statePath })
    expect(second.wechat.account('wxmade01')).toMatchObject({
      callbackUrl: server.url,
      token: TOKEN,
      mode: 'security',
      encodingAesKey: made.body.encodingAesKey,
      appSecret: made.body.appSecret,
    })
    expect(second.wechat.follower({ appId: 'wxmade01', openId: 'oTest' }).following).toBe(true)
    expect(second.wechat.account(APP).callbackUrl).toBe(OLD)
  })

  it.each([
    ['a known appId', { appId: APP }, /exists already/],
    ['a bad appId', { appId: 'gh_1' }, /appId/],
    ['a server that does not answer', { callbackUrl: 'http://127.0.0.1:9/' }, /cannot be reached/],
  ])('is rejected with %s', async (_, settings, reason) => {
    const simulator = simulatorOf()
    const rejected = await call(simulator, 'POST', '/_sim/accounts', settings)
    expect(rejected).toMatchObject({ status: 400, body: { error: expect.stringMatching(reason) } })
    expect(simulator.wechat.accounts.size).toBe(1)
  })
})

describe('a platform made by the control API', () => {
  const PLATFORM = { appId: 'wxplatform01', appSecret: 'test-secret', token: TOKEN, aesKey: AES_KEY }

  it('gets its ticket at its server, can be moved, and is restored after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sim-'))
    cleanUps.push(() => rmSync(folder, { recursive: true }))
    const [first, second] = [await ownServer(), await ownServer()]
    const statePath = join(folder, 'state.json')
    const simulator = createSimulator({ statePath })
    const made = await call(simulator, 'POST', '/_sim/component', {
      ...PLATFORM,
      authorisationUrl: `${first.url}/ticket`,
      callbackUrl: `${first.url}/$APPID$`,
    })
    expect(made).toMatchObject({
      status: 201,
      body: { push: { ok: true, infoType: 'component_verify_ticket' } },
    })
    expect(first.received.map((s) => s.path)).toEqual(['/ticket'])
    const moved = await call(simulator, 'PUT', '/_sim/component/wxplatform01/server', {
      authorisationUrl: `${second.url}/other`,
    })
    expect(moved).toMatchObject({
      status: 200,
      body: { push: { ok: true }, callbackUrl: `${first.url}/$APPID$` },
    })
    expect(second.received.map((s) => s.path)).toEqual(['/other'])
    await simulator.close()
    const again = createSimulator({ statePath })
    expect(again.wechat.components.get('wxplatform01')?.options).toMatchObject({
      authorisationUrl: `${second.url}/other`,
      appSecret: 'test-secret',
    })
    await again.close()
  })

  it('is rejected when it exists already or its settings are not valid', async () => {
    const simulator = createSimulator()
    const urls = { authorisationUrl: 'http://127.0.0.1:9/', callbackUrl: 'http://127.0.0.1:9/$APPID$' }
    await call(simulator, 'POST', '/_sim/component', { ...PLATFORM, ...urls })
    const twice = await call(simulator, 'POST', '/_sim/component', { ...PLATFORM, ...urls })
    expect(twice).toMatchObject({ status: 400, body: { error: 'the platform wxplatform01 exists already' } })
    const wrong = await call(simulator, 'PUT', '/_sim/component/wxplatform01/server', {
      callbackUrl: 'ftp://a/',
    })
    expect(wrong).toMatchObject({ status: 400, body: { error: expect.stringMatching(/callbackUrl/) } })
    expect((await call(simulator, 'PUT', '/_sim/component/wxother01/server', {})).status).toBe(404)
    await simulator.close()
  })
})

describe('control calls and pages', () => {
  const paths = [
    '/_sim/faults',
    `/_sim/${APP}/oTest/act`,
    `/accounts/${APP}/server`,
    `/accounts/${APP}/revoke`,
  ]

  it.each(paths)('are rejected from another site’s page: %s', async (path) => {
    const simulator = simulatorOf()
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example', host: '127.0.0.1:3001' },
      { 'sec-fetch-site': 'cross-site', host: '127.0.0.1:3001' },
      { 'sec-fetch-site': 'same-site', host: '127.0.0.1:3001' },
      { origin: 'null', host: '127.0.0.1:3001' },
      { origin: 'http://127.0.0.1:4000', host: '127.0.0.1:3001' },
    ]
    for (const headers of foreign) expect((await call(simulator, 'POST', path, {}, headers)).status).toBe(403)
  })

  it('are rejected under a foreign host name, reads too', async () => {
    const simulator = simulatorOf({ allowedHosts: ['sim.test'] })
    const status = async (host: string) =>
      (await simulator.app.request('/_sim/accounts', { headers: { host } })).status
    expect(await status('evil.example:3001')).toBe(403)
    expect(await status('127.0.0.1.evil.example')).toBe(403)
    for (const host of ['127.0.0.1:3001', 'localhost:3001', '[::1]:3001', 'sim.test:3001', '10.0.0.5'])
      expect(await status(host)).toBe(200)
  })

  it('are accepted from scripts and from the simulator’s own pages', async () => {
    const simulator = simulatorOf()
    const accepted: Record<string, string>[] = [
      {},
      { origin: 'http://127.0.0.1:3001', host: '127.0.0.1:3001' },
      { 'sec-fetch-site': 'same-origin', origin: 'null', host: '127.0.0.1:3001' },
    ]
    for (const headers of accepted) {
      const added = await call(simulator, 'POST', '/_sim/faults', { errcode: -1 }, headers)
      expect(added.status).toBe(200)
    }
  })
})

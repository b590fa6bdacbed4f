import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createLink } from '../../src/store/links/links.ts'
import { followers, hooks, inbox, links, outbox, webhookEndpoints } from '../../src/store/schema.ts'
import { enqueueWebhook } from '../../src/store/webhooks/outbox.ts'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type Page,
  startApiHarness,
} from '../harness/api-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxhooked00000001'
const OTHER = 'wxhooked00000002'
const FORBIDDEN = 'wxhooked00000003'

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness({ webhookPrivate: true })
  for (const appId of [APP, OTHER, FORBIDDEN]) await api.addAccount({ appId })
  const entry = 'entry: { event: message, keywords: [谢谢] }'
  await api.put(
    campaignYaml('thanks', ['{ id: hi, after: 0s, since: entry, send: { text: 谢谢 } }'], [entry]),
  )
})
afterAll(() => api?.close())

const db = () => api.app.services.db
const tokenOf = async (role: string) =>
  (await api.call<{ token: string }>('POST', '/api/tokens', { json: { name: role, role } })).body.token

/** A follower of an account who has typed something. */
async function known(openId: string, appId = APP) {
  api.app.simulator.wechat.follower({ appId, openId }).following = true
  await api.app.simulator.account(appId).type(openId, '在吗')
  const row = () => db().select().from(followers).where(eq(followers.openId, openId))
  await waitFor(row, { until: (rows) => rows.length === 1 })
}

describe('a receiver of webhooks', () => {
  const put = (name: string, url: string) =>
    api.call<{ secret?: string } & ErrorBody>('PUT', `/api/webhooks/${name}`, { json: { url } })

  async function receiver() {
    const received: { body: string; signature: string }[] = []
    let status = 200
    const server = createServer((req, res) => {
      let body = ''
      req.on('data', (part) => {
        body += part
      })
      req.on('end', () => {
        received.push({ body, signature: String(req.headers['nurture-signature']) })
        res.writeHead(status).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`
    return {
      received,
      url,
      answer: (next: number) => {
        status = next
      },
    }
  }
  const enqueue = (endpoint: string, step: string) =>
    enqueueWebhook(
      db(),
      { appId: APP, openId: 'oOne' },
      endpoint,
      {
        campaign: 'c',
        version: 1,
        step,
        runKey: 'run-1',
        qrScene: null,
        variant: null,
        facts: {},
        at: Date.now(),
      },
      Date.now(),
    )

  it('is added with a secret that only this answer has, and that verifies its webhooks', async () => {
    const crm = await receiver()
    const added = await put('crm', crm.url)
    expect(added.status).toBe(201)
    const secret = added.body.secret ?? ''
    expect(secret).toMatch(/^whs_[\w-]{43}$/)
    for (const url of ['/api/webhooks', '/api/webhooks/crm', '/api/audit'])
      expect((await api.get(url)).text).not.toContain(secret)
    const [row] = await db().select().from(webhookEndpoints)
    expect(JSON.stringify(row)).not.toContain(secret)

    await enqueue('crm', 'coupon')
    await waitFor(async () => crm.received.length, { until: (n) => n === 1 })
    const [{ body, signature } = { body: '', signature: '' }] = crm.received
    const t = /^t=(\d+),/.exec(signature)?.[1]
    const expected = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
    expect(signature).toBe(`t=${t},v1=${expected}`)
    expect(JSON.parse(body)).toMatchObject({ id: 'run-1/coupon', appId: APP, openId: 'oOne', step: 'coupon' })
  })

  it('keeps its secret when its URL changes; a new secret signs beside the previous one', async () => {
    const crm = await receiver()
    const first = (await put('rotated', crm.url)).body.secret ?? ''
    expect(await put('rotated', `${crm.url}?v=2`)).toMatchObject({
      status: 200,
      body: { url: `${crm.url}?v=2` },
    })
    expect((await put('rotated', crm.url)).body.secret).toBeUndefined()
    const changed = await api.call<{ secret: string }>('POST', '/api/webhooks/rotated/secret')
    await enqueue('rotated', 'coupon-2')
    await waitFor(async () => crm.received.length, { until: (n) => n === 1 })
    const { body, signature } = crm.received[0] ?? { body: '', signature: '' }
    const t = /^t=(\d+),/.exec(signature)?.[1]
    const by = (secret: string) => createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
    expect(signature).toBe(`t=${t},v1=${by(changed.body.secret)},v1=${by(first)}`)
  })

  it.each([
    ['no URL', 'x'],
    ['another scheme', 'ftp://example.com/'],
    ['credentials', 'https://a:b@example.com/'],
    ['a fragment', 'https://example.com/#a'],
  ])('is refused with %s', async (_, url) => {
    const { status, body } = await put('bad', url)
    expect([status, body.error.issues?.map((i) => i.path)]).toEqual([422, ['url']])
    expect((await api.get('/api/webhooks/bad')).status).toBe(404)
  })

  it('is refused with a bad name, an unknown field and a huge body', async () => {
    expect((await put('a b', 'https://example.com/')).status).toBe(422)
    expect((await put('-a', 'https://example.com/')).status).toBe(422)
    const more = await api.call('PUT', '/api/webhooks/a', {
      json: { url: 'https://example.com/', secret: 'own' },
    })
    expect(more.status).toBe(422)
    const huge = await api.call('PUT', '/api/webhooks/a', { json: { url: 'x'.repeat(300_000) } })
    expect(huge.status).toBe(413)
  })

  it('is changed by admins, and its webhooks are repeated by operators', async () => {
    await put('roles', 'http://127.0.0.1:9/')
    const [viewer, operator] = [await tokenOf('viewer'), await tokenOf('operator')]
    const as = async (token: string, method: string, url: string, json?: object) =>
      (await api.call(method, url, { token, ...(json ? { json } : {}) })).status
    for (const token of [viewer, operator]) {
      expect(await as(token, 'PUT', '/api/webhooks/roles', { url: 'http://127.0.0.1:9/x' })).toBe(403)
      expect(await as(token, 'POST', '/api/webhooks/roles/secret')).toBe(403)
      expect(await as(token, 'DELETE', '/api/webhooks/roles')).toBe(403)
      expect(await as(token, 'GET', '/api/webhooks')).toBe(200)
      expect(await as(token, 'GET', '/api/outbox')).toBe(200)
    }
    expect(await as(viewer, 'POST', '/api/webhooks/roles/retry')).toBe(403)
    expect(await as(operator, 'POST', '/api/webhooks/roles/retry')).toBe(202)
    expect(await as(operator, 'POST', '/api/outbox/1/retry')).not.toBe(403)
  })

  it('that is away shows its webhooks; a retry delivers them', async () => {
    const crm = await receiver()
    crm.answer(503)
    await put('away', crm.url)
    await enqueue('away', 'late')
    const list = (query = '') =>
      api.get<Page<{ id: number; state: string; lastError: string; step: string }> & { failed: number }>(
        `/api/outbox?endpoint=away${query}`,
      )
    const shown = await waitFor(list, { until: ({ body }) => body.items[0]?.lastError === 'HTTP 503' })
    expect(shown.body.items).toMatchObject([{ state: 'waiting', step: 'late' }])
    await db().update(outbox).set({ state: 'failed', endedAt: Date.now() }).where(eq(outbox.endpoint, 'away'))
    expect((await list()).body).toMatchObject({ items: [{ state: 'failed' }], failed: 1 })
    const metrics = async () => {
      const { text } = await api.get('/metrics')
      return /^nurture_webhooks_failed (\d+)$/m.exec(text)?.[1]
    }
    expect(await metrics()).toBe('1')
    crm.answer(200)
    const id = shown.body.items[0]?.id
    expect(await api.call('POST', `/api/outbox/${id}/retry`)).toMatchObject({
      status: 202,
      body: { retried: 1 },
    })
    await waitFor(() => list('&state=delivered'), { until: ({ body }) => body.items.length === 1 })
    expect((await api.call('POST', `/api/outbox/${id}/retry`)).status).toBe(409)
    expect((await api.call('POST', '/api/outbox/999999/retry')).status).toBe(404)
    expect((await api.call('POST', '/api/outbox/x/retry')).status).toBe(422)
    expect(await metrics()).toBe('0')
  })
})

describe('a hook', () => {
  interface Sent {
    name?: string
    secret?: string
    at?: number
    headers?: Record<string, string>
  }
  let secret = ''
  let mapped = ''
  const put = (name: string, json: unknown) =>
    api.call<{ secret?: string } & ErrorBody>('PUT', `/api/hooks/${name}`, { json })
  beforeAll(async () => {
    secret = (await put('plain', { accounts: [APP] })).body.secret ?? ''
    const fields = {
      appId: 'shop',
      openId: 'buyer.openid',
      id: 'no',
      campaign: 'start',
      facts: { paid: 'order.paid', amount: 'order.total' },
    }
    mapped = (await put('mapped', { accounts: [APP, OTHER], fields })).body.secret ?? ''
  })

  function post(
    body: unknown,
    { name = 'plain', secret: by = secret, at = Date.now(), headers = {} }: Sent = {},
  ) {
    const raw = typeof body === 'string' ? body : JSON.stringify(body)
    const t = Math.floor(at / 1000)
    const signature = `t=${t},v1=${createHmac('sha256', by).update(`${t}.${raw}`).digest('hex')}`
    const signed = { 'nurture-signature': signature, ...headers }
    return api.call<ErrorBody & { duplicate?: boolean }>('POST', `/hooks/${name}`, {
      raw,
      type: 'application/json',
      token: null,
      headers: signed,
    })
  }
  const factsOf = async (openId: string, appId = APP) =>
    (await api.get<{ facts: object }>(`/api/followers/${appId}/${openId}/facts`)).body.facts
  const settledFacts = (openId: string, expected: object, appId = APP) =>
    waitFor(() => factsOf(openId, appId), {
      until: (facts) => JSON.stringify(facts) === JSON.stringify(expected),
    })

  it('sets facts with a signature of its secret', async () => {
    await known('oHook')
    expect(await post({ openId: 'oHook', facts: { paid: true } })).toMatchObject({ status: 202 })
    await settledFacts('oHook', { paid: true })
  })

  it('reads fields by its settings, and starts the campaign that the body names', async () => {
    await known('oMapped', OTHER)
    const body = { shop: OTHER, buyer: { openid: 'oMapped' }, no: 7, start: 'thanks', order: { paid: true } }
    const sent = { name: 'mapped', secret: mapped }
    expect((await post(body, sent)).status).toBe(202)
    await api.app.waitForRun(OTHER, 'oMapped', (r) => r.state.steps[0]?.state === 'sent')
    expect(await factsOf('oMapped', OTHER)).toEqual({ paid: true })
    // The sender repeats the event with a new signature.
    expect(await post(body, { ...sent, at: Date.now() + 2_000 })).toMatchObject({ body: { duplicate: true } })
    const unlike = await post({ ...body, start: 'other' }, sent)
    expect(unlike.status).toBe(404)
  })

  it.each<[string, (good: Sent) => Promise<{ status: number }>]>([
    ['no signature', () => api.call('POST', '/hooks/plain', { json: { openId: 'oHook' }, token: null })],
    ['another secret', () => post({ openId: 'oHook', facts: { a: 1 } }, { secret: mapped })],
    ['an old signature', () => post({ openId: 'oHook', facts: { a: 1 } }, { at: Date.now() - 301_000 })],
    [
      'a signature of the future',
      () => post({ openId: 'oHook', facts: { a: 1 } }, { at: Date.now() + 302_000 }),
    ],
    ['an unknown name', () => post({ openId: 'oHook', facts: { a: 1 } }, { name: 'nothing' })],
    [
      'the admin token only',
      () => api.call('POST', '/hooks/plain', { json: { openId: 'oHook', facts: { a: 1 } } }),
    ],
  ])('refuses %s with the same 401, before it reads anything', async (_, send) => {
    const answer = await send({})
    expect(answer).toMatchObject({
      status: 401,
      body: {
        error: {
          code: 'unauthorised',
          message: 'A valid Nurture-Signature of a known hook is required, at most 5 minutes old.',
        },
      },
    })
    expect(await factsOf('oHook')).toEqual({ paid: true })
  })

  it('changes nothing when a request is replayed, whatever headers are added', async () => {
    await known('oReplay')
    const at = Date.now()
    const body = { openId: 'oReplay', facts: { n: 1 } }
    expect(await post(body, { at })).toMatchObject({ status: 202, body: { duplicate: false } })
    await settledFacts('oReplay', { n: 1 })
    await post({ openId: 'oReplay', facts: { n: 2 } })
    await settledFacts('oReplay', { n: 2 })
    const replayed = await post(body, { at, headers: { 'idempotency-key': 'fresh' } })
    expect(replayed).toMatchObject({ status: 202, body: { duplicate: true } })
    const rows = await db().select().from(inbox).where(eq(inbox.openId, 'oReplay'))
    expect(rows.filter((r) => r.kind === 'fact')).toHaveLength(2)
  })

  it.each<[string, unknown, string[] | null]>([
    ['broken JSON', '{"openId":', null],
    ['no JSON', 'openId=oHook', null],
    ['an empty body', '', null],
    ['a list', '[]', ['']],
    ['no openId', { facts: { a: 1 } }, ['openId']],
    ['bad facts', { openId: 'oHook', facts: { 'a b': 1, c: null } }, ['facts.a b', 'facts.c']],
    ['nothing to do', { openId: 'oHook' }, ['']],
    ['half an emoji', '{"openId":"oHook","facts":{"a":"\\ud83d"}}', ['facts.a']],
    ['deep nesting', `{"openId":"oHook","facts":${'['.repeat(40)}${']'.repeat(40)}}`, null],
    [
      'thousands of values',
      { openId: 'oHook', facts: {}, more: Array.from({ length: 3_000 }, () => 1) },
      null,
    ],
  ])('refuses %s with the field: 422', async (_, body, paths) => {
    const before = await db().$count(inbox)
    const { status, body: answer } = await post(body)
    expect([status, answer.error.issues?.map((i) => i.path) ?? null]).toEqual([422, paths])
    expect(await db().$count(inbox)).toBe(before)
  })

  it('refuses a body over 64 KiB: 413', async () => {
    expect((await post({ openId: 'oHook', facts: { a: 1 }, more: 'x'.repeat(70_000) })).status).toBe(413)
  })

  it('answers 404 for an unknown follower and campaign, and 409 as the API', async () => {
    expect((await post({ openId: 'oNobody', facts: { a: 1 } })).status).toBe(404)
    const sent = { name: 'mapped', secret: mapped }
    const start = (openId: string, campaign: string, no: number, shop = APP) =>
      post({ shop, buyer: { openid: openId }, no, start: campaign }, sent)
    await known('oBusy')
    expect((await start('oBusy', 'nothing', 100)).status).toBe(404)
    expect((await start('oBusy', 'thanks', 101)).status).toBe(202)
    await api.app.waitForRun(APP, 'oBusy', (r) => r.status === 'ended')
    const gone = await start('oHook', 'thanks', 102, OTHER)
    expect(gone.status).toBe(404)
  })

  it('reaches no follower of another account', async () => {
    await known('oForbidden', FORBIDDEN)
    // `plain` serves one account only: the follower is not there.
    expect((await post({ openId: 'oForbidden', appId: FORBIDDEN, facts: { a: 1 } })).status).toBe(404)
    const sent = { name: 'mapped', secret: mapped }
    const body = { shop: FORBIDDEN, buyer: { openid: 'oForbidden' }, no: 1, start: 'thanks' }
    const { status, body: answer } = await post(body, sent)
    expect([status, answer.error.issues?.map((i) => i.path)]).toEqual([422, ['shop']])
    expect(await factsOf('oForbidden', FORBIDDEN)).toEqual({})
  })

  it('accepts its previous secret for a day, and none after it was removed', async () => {
    const first = (await put('brief', { accounts: [APP] })).body.secret ?? ''
    const second = (await api.call<{ secret: string }>('POST', '/api/hooks/brief/secret')).body.secret
    await known('oBrief')
    const send = async (by: string, n: number) =>
      (await post({ openId: 'oBrief', facts: { n } }, { name: 'brief', secret: by })).status
    expect([await send(first, 1), await send(second, 2)]).toEqual([202, 202])
    await db().update(hooks).set({ previousSecretUntil: 1 }).where(eq(hooks.name, 'brief'))
    // As another process would see the change.
    await waitFor(() => send(first, 3), { until: (status) => status === 401 })
    expect(await send(second, 4)).toBe(202)
    expect((await api.call('DELETE', '/api/hooks/brief')).status).toBe(204)
    expect(await send(second, 5)).toBe(401)
  })

  it.each<[string, unknown, string[]]>([
    ['no account', { accounts: [] }, ['accounts']],
    ['an unknown account', { accounts: [APP, 'wxnobody00000001'], fields: { appId: 'a' } }, ['accounts.1']],
    ['two accounts and no path', { accounts: [APP, OTHER] }, ['fields.appId']],
    [
      'two campaigns',
      { accounts: [APP], campaign: 'thanks', fields: { campaign: 'c' } },
      ['fields.campaign'],
    ],
    ['a bad name of a fact', { accounts: [APP], fields: { facts: { 'a b': 'x' } } }, ['fields.facts.a b']],
    ['a bad path', { accounts: [APP], fields: { openId: 'a..b' } }, ['fields.openId']],
    ['an unknown field', { accounts: [APP], secret: 'own' }, ['secret']],
  ])('is not added with %s', async (_, json, paths) => {
    const { status, body } = await put('bad', json)
    expect([status, body.error.issues?.map((i) => i.path)]).toEqual([422, paths])
    expect((await api.get('/api/hooks/bad')).status).toBe(404)
  })

  it('is shown without its secret, and changed by admins only', async () => {
    expect((await api.get('/api/hooks/plain')).text).not.toContain(secret)
    expect(await put('plain', { accounts: [APP] })).toMatchObject({ status: 200 })
    for (const role of ['viewer', 'operator']) {
      const token = await tokenOf(role)
      const as = async (method: string, url: string, json?: object) =>
        (await api.call(method, url, { token, ...(json ? { json } : {}) })).status
      expect(await as('PUT', '/api/hooks/plain', { accounts: [APP] })).toBe(403)
      expect(await as('DELETE', '/api/hooks/plain')).toBe(403)
      expect(await as('POST', '/api/hooks/plain/secret')).toBe(403)
      expect(await as('GET', '/api/hooks')).toBe(200)
    }
  })
})

describe('a short link', () => {
  const TARGET = 'https://example.com/guide?a=1'
  const open = (token: string, agent = 'Mozilla/5.0 MicroMessenger/8.0.50', method = 'GET') =>
    api.call(method, `/l/${token}`, { token: null, headers: { 'user-agent': agent } })
  const clicksOf = async (token: string) =>
    (await db().select().from(links).where(eq(links.token, token)))[0]?.clicks
  const link = (name: string, url = TARGET) =>
    createLink(db(), { runKey: 'run-of-links', stepId: 'gift', name, url }, Date.now())

  it('leads to its stored URL and nowhere else', async () => {
    const token = await link('guide')
    for (const query of ['', '?url=https://evil.example', '?redirect=//evil.example', '/', '#x']) {
      const answer = await open(`${token}${query}`)
      if (query === '/') expect(answer.status).not.toBe(200)
      else expect([answer.status, answer.headers.get('location')]).toEqual([302, TARGET])
    }
    const { headers } = await open(token)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  it.each(['A'.repeat(22), 'x', '', '..%2f..%2fetc', 'https:%2f%2fevil.example', '%00', 'A'.repeat(5_000)])(
    'with the token %j leads nowhere',
    async (token) => {
      const answer = await open(token)
      expect(answer.headers.get('location') ?? '/signin').toBe('/signin')
      if (/^[A-Za-z0-9]{1,30}$/.test(token)) expect(answer.status).toBe(404)
    },
  )

  it('counts opens in WeChat only', async () => {
    const token = await link('counted')
    await open(token, 'curl/8')
    await open(token, 'Mozilla/5.0 (Macintosh) Safari/605')
    await open(token, 'Mozilla/5.0 MicroMessenger/8.0.50', 'HEAD')
    expect(await clicksOf(token)).toBe(0)
    await open(token)
    await open(token)
    expect(await clicksOf(token)).toBe(2)
  })

  it('leads on when it is opened very often, and counts a bounded number', async () => {
    const token = await link('often')
    const answers = await Promise.all(Array.from({ length: 50 }, () => open(token)))
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([302]))
    expect(await clicksOf(token)).toBe(5)
  })
})

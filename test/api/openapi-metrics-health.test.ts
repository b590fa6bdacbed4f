import { Ajv2020 } from 'ajv/dist/2020.js'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { createServices } from '../../src/bootstrap/services.ts'
import { openStore } from '../../src/store/open-store.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import {
  ADMIN_TOKEN,
  type ApiHarness,
  campaignYaml,
  type Page,
  SECRETS,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxmetrics0000001'

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP })
  await api.put(
    campaignYaml(
      'measured',
      [
        '{ id: first, after: 1s, since: entry, send: { text: 你好 } }',
        '{ id: never, after: 5s, since: reply, send: { text: 谢谢 } }',
      ],
      [`accounts: [${APP}]`],
    ),
  )
})
afterAll(() => api?.close())

interface Operation {
  operationId?: string
  security?: Record<string, string[]>[]
  parameters?: { name: string; in: string; required?: boolean; schema: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}
interface Document {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> }
}

const readDocument = async () => (await api.call<Document>('GET', '/api/openapi.json', { token: null })).body
const operationsOf = (doc: Document) =>
  Object.entries(doc.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )

/** Validates a response against its schema in the document. */
function checkerOf(doc: Document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'doc', ...doc })
  return (path: string, method: string, status: number, body: unknown): string | null => {
    const pointer = `/paths/${path.replaceAll('/', '~1')}/${method}/responses/${status}`
    const $ref = `doc#${encodeURI(pointer)}/content/application~1json/schema`
    return ajv.validate({ $ref }, body) ? null : ajv.errorsText()
  }
}

describe('the OpenAPI document', () => {
  it('is a 3.1 document whose parts fit together', async () => {
    const doc = await readDocument()
    expect(doc.openapi).toMatch(/^3\.1\.\d+$/)
    expect(doc.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    const at = (ref: string) =>
      ref
        .slice(2)
        .split('/')
        .reduce<unknown>((x, key) => (x as Record<string, unknown> | undefined)?.[key], doc)
    const refs = [...JSON.stringify(doc).matchAll(/"\$ref":"([^"]+)"/g)].map((m) => m[1] ?? '')
    expect(refs.length).toBeGreaterThan(0)
    for (const ref of refs) expect([ref, typeof at(ref)]).toEqual([ref, 'object'])

    const ids = operationsOf(doc).flatMap(({ operation }) => operation.operationId ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, method, operation } of operationsOf(doc)) {
      const where = `${method} ${path}`
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1])
      const declared = (operation.parameters ?? []).filter((p) => p.in === 'path')
      expect([where, declared.map((p) => p.name).sort()]).toEqual([where, inPath.sort()])
      expect(declared.every((p) => p.required === true)).toBe(true)
      const keys = (operation.parameters ?? []).map((p) => `${p.in} ${p.name}`)
      expect(new Set(keys).size).toBe(keys.length)
      expect([where, Object.keys(operation.responses).length > 0]).toEqual([where, true])
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[1-5]\d\d$/)
        expect(response.description).toEqual(expect.any(String))
      }
      for (const name of (operation.security ?? []).flatMap((s) => Object.keys(s))) {
        expect(Object.keys(doc.components.securitySchemes)).toContain(name)
      }
    }
  })

  it('has schemas that are JSON Schema 2020-12', async () => {
    const doc = await readDocument()
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ $id: 'doc', ...doc })
    const named = Object.values(doc.components.schemas)
    const inner = operationsOf(doc).flatMap(({ operation }) => [
      ...(operation.parameters ?? []).map((p) => p.schema),
      ...Object.values(operation.requestBody?.content ?? {}).map((c) => c.schema),
      ...Object.values(operation.responses).flatMap((r) =>
        Object.values(r.content ?? {}).map((c) => c.schema),
      ),
    ])
    expect(inner.length).toBeGreaterThan(50)
    for (const schema of [...named, ...inner]) {
      expect(ajv.validateSchema(schema)).toBe(true)
    }
  })

  it.each([
    ['/api/accounts', 'post', [201, 401, 409, 422]],
    ['/api/accounts', 'get', [200, 401]],
    ['/api/accounts/{appId}', 'get', [200, 401, 404]],
    ['/api/accounts/{appId}', 'patch', [200, 401, 404, 422]],
    ['/api/accounts/{appId}', 'delete', [204, 401, 404, 409]],
    ['/api/campaigns/{id}', 'put', [200, 201, 401, 422]],
    ['/api/campaigns/{id}', 'delete', [204, 401, 404]],
    ['/api/media', 'post', [201, 401, 422]],
    ['/api/campaigns', 'get', [200, 401]],
    ['/api/campaigns/{id}', 'get', [200, 401, 404]],
    ['/api/campaigns/{id}/pause', 'post', [200, 401, 404]],
    ['/api/campaigns/{id}/resume', 'post', [200, 401, 404]],
    ['/api/campaigns/preview', 'post', [200, 401, 422]],
    ['/api/followers', 'get', [200, 401, 422]],
    ['/api/followers/{appId}/{openId}', 'get', [200, 401, 404]],
    ['/api/followers/{appId}/{openId}/cancel', 'post', [202, 401, 404, 409, 422]],
    ['/api/followers/{appId}/{openId}/pause', 'post', [202, 401, 404, 409]],
    ['/api/followers/{appId}/{openId}/resume', 'post', [202, 401, 404, 409]],
    ['/api/inbox', 'get', [200, 401]],
    ['/api/followers/{appId}/{openId}/facts', 'patch', [202, 401, 404, 422]],
    ['/api/followers/{appId}/{openId}/enter', 'post', [202, 401, 404, 409, 422]],
    ['/api/followers/{appId}/{openId}/tags', 'post', [200, 401, 404, 422, 503]],
    ['/api/webhooks/{name}', 'put', [200, 201, 401, 403, 422]],
    ['/api/outbox', 'get', [200, 401]],
    ['/api/outbox/{id}/retry', 'post', [202, 401, 404, 409]],
    ['/api/hooks/{name}', 'put', [200, 201, 401, 403, 422]],
  ])('has %s %s with what it answers, and asks for the token', async (path, method, statuses) => {
    const operation = (await readDocument()).paths[path]?.[method]
    expect(Object.keys(operation?.responses ?? {}).map(Number)).toEqual(expect.arrayContaining(statuses))
    expect(operation?.security).toEqual([{ token: [] }])
  })

  it('names every field and parameter that the contract has', async () => {
    const doc = await readDocument()
    const query = (path: string, method: string) =>
      (doc.paths[path]?.[method]?.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name)
    expect(query('/api/accounts', 'post')).toEqual(['verify'])
    expect(query('/api/accounts', 'get').sort()).toEqual(['cursor', 'limit'])
    expect(query('/api/accounts/{appId}', 'delete')).toEqual(['cancel'])
    expect(query('/api/campaigns/{id}', 'put')).toEqual(['bodies', 'note'])
    expect(query('/api/followers', 'get').sort()).toEqual([
      'appId',
      'bulkJob',
      'bulkResult',
      'campaign',
      'closing',
      'cursor',
      'limit',
      'openId',
      'outcome',
      'reason',
      'scene',
      'status',
      'tag',
      'version',
    ])
    const put = doc.paths['/api/campaigns/{id}']?.put?.requestBody?.content ?? {}
    expect(Object.keys(put).sort()).toEqual(['application/json', 'application/yaml'])
    expect(Object.keys(doc.paths['/api/media']?.post?.requestBody?.content ?? {})).toEqual([
      'multipart/form-data',
    ])
  })

  it('describes the real responses', async () => {
    const wechat = api.app.simulator.account(APP)
    await wechat.follow('oDescribed')
    await api.app.waitForRun(APP, 'oDescribed', (r) => r.runId !== null)
    const wrong = checkerOf(await readDocument())
    const at = (call: string) => [`/api/followers/{appId}/{openId}/${call}`] as const
    const cases: [path: string, method: string, url: string, json?: object][] = [
      ['/api/accounts', 'get', '/api/accounts'],
      ['/api/accounts', 'post', '/api/accounts', { appId: APP, ...SECRETS, mode: 'plain' }],
      ['/api/accounts/{appId}', 'get', `/api/accounts/${APP}`],
      ['/api/accounts/{appId}', 'patch', `/api/accounts/${APP}`, { name: '新' }],
      ['/api/accounts/{appId}', 'patch', `/api/accounts/${APP}`, { mode: 'x' }],
      ['/api/campaigns', 'get', '/api/campaigns'],
      ['/api/campaigns/{id}', 'get', '/api/campaigns/measured'],
      ['/api/campaigns/{id}', 'get', '/api/campaigns/nobody'],
      ['/api/campaigns/{id}', 'put', '/api/campaigns/broken', { id: 'broken' }],
      ['/api/campaigns/preview', 'post', '/api/campaigns/preview', { campaign: 'measured', events: [] }],
      ['/api/followers', 'get', '/api/followers'],
      ['/api/followers/{appId}/{openId}', 'get', `/api/followers/${APP}/oDescribed`],
      ['/api/followers/{appId}/{openId}/pause', 'post', `/api/followers/${APP}/oNobody/pause`],
      ['/api/inbox', 'get', '/api/inbox'],
      ['/api/webhooks/{name}', 'put', '/api/webhooks/crm', { url: 'https://example.com/' }],
      ['/api/webhooks/{name}', 'put', '/api/webhooks/crm', { url: 'http://10.0.0.1/' }],
      ['/api/webhooks', 'get', '/api/webhooks'],
      ['/api/webhooks/{name}/secret', 'post', '/api/webhooks/crm/secret'],
      ['/api/webhooks/{name}/retry', 'post', '/api/webhooks/crm/retry'],
      ['/api/outbox', 'get', '/api/outbox'],
      ['/api/hooks/{name}', 'put', '/api/hooks/his', { accounts: [APP] }],
      ['/api/hooks/{name}', 'get', '/api/hooks/his'],
      ['/api/hooks', 'get', '/api/hooks'],
      [...at('facts'), 'patch', `/api/followers/${APP}/oDescribed/facts`, { paid: true }],
      [...at('facts'), 'patch', `/api/followers/${APP}/oDescribed/facts`, { 'p d': true }],
      [...at('facts'), 'get', `/api/followers/${APP}/oDescribed/facts`],
      [...at('enter'), 'post', `/api/followers/${APP}/oDescribed/enter`, { campaign: 'measured' }],
    ]
    for (const [path, method, url, json] of cases) {
      const { status, body } = await api.call(method.toUpperCase(), url, json ? { json } : {})
      expect([url, status, wrong(path, method, status, body)]).toEqual([url, status, null])
    }
    const bent = { items: [{ appId: 5 }], next: null }
    expect(wrong('/api/accounts', 'get', 200, bent)).toEqual(expect.any(String))
  })
})

describe('the campaign file’s JSON Schema', () => {
  it('is open, and tells a good file from a bad one', async () => {
    const { status, body } = await api.call<object>('GET', '/api/campaign.schema.json', { token: null })
    expect(status).toBe(200)
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(body)
    const good = {
      id: 'good',
      name: '好的',
      entry: { event: 'subscribe' },
      steps: [{ id: 'a', after: '5s', send: { text: '你好' } }],
    }
    expect(validate(good)).toBe(true)
    expect(validate({ ...good, colour: 'red' })).toBe(false)
    expect(validate({ ...good, steps: [] })).toBe(false)
    expect(validate({ ...good, entry: { event: 'dream' } })).toBe(false)
  })
})

describe('health', () => {
  it('is healthy, and ready when store and Temporal are up', async () => {
    expect((await api.call('GET', '/healthz', { token: null })).status).toBe(200)
    const ready = await api.call('GET', '/readyz', { token: null })
    expect(ready).toMatchObject({ status: 200, body: { store: 'up', engine: 'up' } })
  })

  /** A process without workers. By default nothing listens at its Temporal address. */
  async function bare(temporalAddress = '127.0.0.1:9') {
    const store = await openStore({ databaseUrl: undefined, dataDir: null })
    const link = connectTemporal({ namespace: 'default', connection: { address: temporalAddress } }, 'test')
    const config = {
      wechatApiBase: 'http://127.0.0.1:9',
      callbackMaxAgeMs: 600_000,
      retentionDays: 30,
      runRetentionDays: 90,
    }
    const log = pino({ level: 'silent' })
    const product = createServices({
      config,
      db: store.db,
      temporal: link,
      encryptionKey: 'test-encryption-key',
      log,
    })
    const links = () => ({ simulatorUrl: null, temporalUiUrl: null, namespace: 'default' })
    return { store, link, web: createHttpApp(product, { adminToken: ADMIN_TOKEN, links }) }
  }

  it('stays ready without Temporal, since callbacks can be stored', async () => {
    const { store, link, web } = await bare()
    try {
      const ready = await web.request('/readyz')
      expect(ready.status).toBe(200)
      expect(await ready.json()).toEqual({ store: 'up', engine: 'down' })
      const metrics = await web.request('/metrics', { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
      expect(await metrics.text()).toMatch(/^nurture_engine_up 0$/m)
    } finally {
      await link.close()
      await store.close()
    }
  })

  it('is alive but not ready when the store is closed', async () => {
    const { store, link, web } = await bare(inject('temporalAddress'))
    try {
      expect((await web.request('/readyz')).status).toBe(200)
      await store.close()
      const ready = await web.request('/readyz')
      expect(ready.status).toBe(503)
      expect(await ready.json()).toMatchObject({ store: 'down' })
      expect((await web.request('/healthz')).status).toBe(200)
    } finally {
      await link.close()
    }
  })
})

describe('the inbox', () => {
  interface Inbox {
    pending: number
    oldestAgeMs: number
    accepted: number
    duplicates: number
    refused: number
  }

  it('counts pending events, and the accepted, duplicate and refused callbacks of this process', async () => {
    const before = (await api.get<Inbox>('/api/inbox')).body
    expect(Object.keys(before).sort()).toEqual([
      'accepted',
      'duplicates',
      'oldestAgeMs',
      'pending',
      'refused',
    ])
    await api.app.simulator.account(APP).follow('oInbox', { times: 3 })
    const forged = api.app.simulator.account(APP).envelope({ ToUserName: 'gh_x', FromUserName: 'oForger' })
    forged.query.set('msg_signature', '0'.repeat(40))
    const refusal = await api.call('POST', `/wechat/${APP}?${forged.query}`, { raw: forged.body })
    expect(refusal.status).toBe(401)
    const after = await api.waitForBody<Inbox>('/api/inbox', (i) => i.pending === 0)
    expect(after).toEqual({
      pending: 0,
      oldestAgeMs: 0,
      accepted: before.accepted + 1,
      duplicates: before.duplicates + 2,
      refused: before.refused + 1,
    })
  })

  it('counts undispatched events, and reports the age of the oldest', async () => {
    const { dispatcher } = api.app.services
    await dispatcher.stop()
    try {
      const wechat = api.app.simulator.account(APP)
      await wechat.follow('oWaitsOne')
      await wechat.follow('oWaitsTwo')
      const waiting = await api.waitForBody<Inbox>('/api/inbox', (i) => i.oldestAgeMs > 0)
      expect(waiting.pending).toBe(2)
      const metrics = await api.get('/metrics')
      expect(metrics.text).toMatch(/^nurture_inbox_pending 2$/m)
      expect(Number(/^nurture_inbox_oldest_seconds (\S+)$/m.exec(metrics.text)?.[1])).toBeGreaterThan(0)
    } finally {
      dispatcher.start()
    }
    await api.waitForBody<Inbox>('/api/inbox', (i) => i.pending === 0)
  })
})

describe('metrics', () => {
  /** The sum of a metric's samples whose labels contain `labels`. */
  const sum = (text: string, name: string, ...labels: string[]) =>
    text
      .split('\n')
      .filter((l) => l.startsWith(`${name} `) || l.startsWith(`${name}{`))
      .filter((l) => labels.every((label) => l.includes(label)))
      .reduce((n, l) => n + Number(l.split(' ').at(-1)), 0)

  it('count the events of a run under every name of docs/contract.md#8-metrics-prometheus', async () => {
    const wechat = api.app.simulator.account(APP)
    const before = (await api.get('/metrics')).text
    await wechat.follow('oMeasured', { times: 2 })
    await api.app.waitForRun(APP, 'oMeasured', (r) => r.state.steps[0]?.state === 'sent')
    await wechat.fastForward('oMeasured', 49 * 3_600_000)
    await api.app.waitForRun(APP, 'oMeasured', (r) => r.outcome === 'window-closed')
    const { status, headers, text } = await api.get('/metrics')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('text/plain')

    const grown = (name: string, ...labels: string[]) =>
      sum(text, name, ...labels) - sum(before, name, ...labels)
    expect(grown('nurture_callbacks_total', 'result="accepted"')).toBe(1)
    expect(grown('nurture_callbacks_total', 'result="duplicate"')).toBe(1)
    expect(grown('nurture_callback_seconds_count')).toBe(2)
    expect(grown('nurture_runs_started_total')).toBe(1)
    expect(grown('nurture_runs_ended_total', 'outcome="window-closed"')).toBe(1)
    expect(grown('nurture_sends_total', 'result="sent"', 'errcode=')).toBeGreaterThanOrEqual(1)
    expect(grown('nurture_step_lateness_seconds_count')).toBeGreaterThanOrEqual(1)
    expect(grown('nurture_steps_skipped_total', 'reason="no-reply"')).toBe(1)
    expect(sum(text, 'nurture_token_refreshes_total', 'result="')).toBeGreaterThanOrEqual(1)
    expect(text).toMatch(/^nurture_inbox_pending 0$/m)
    expect(text).toMatch(/^nurture_inbox_oldest_seconds 0$/m)
    expect(text).toMatch(/^nurture_engine_up 1$/m)
    expect(sum(text, 'process_cpu_seconds_total')).toBeGreaterThan(0)
  })

  it('contain no follower’s id', async () => {
    const { items } = (await api.get<Page<{ openId: string }>>('/api/followers')).body
    expect(items.length).toBeGreaterThan(0)
    const { text } = await api.get('/metrics')
    for (const { openId } of items) expect(text).not.toContain(openId)
  })

  it('include those of the SDK, and are served without them when they fail', async () => {
    const links = () => ({ simulatorUrl: null, temporalUiUrl: null, namespace: 'default' })
    const ask = async (sdkMetrics: () => Promise<string>) => {
      const web = createHttpApp(api.app.services, { adminToken: ADMIN_TOKEN, links, sdkMetrics })
      const answer = await web.request('/metrics', { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
      expect(answer.status).toBe(200)
      return answer.text()
    }
    expect(await ask(async () => 'temporal_request_total 5\n')).toMatch(/^temporal_request_total 5$/m)
    expect(await ask(() => Promise.reject(new Error('away')))).toMatch(/^nurture_inbox_pending /m)
  })
})

import { defaultPayloadConverter, type Payload } from '@temporalio/common'
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import type { Role } from '../../auth/roles.ts'
import type { Store } from '../../store/db.ts'
import { openStore } from '../../store/open-store.ts'
import { listAudit } from '../../store/users/audit-log.ts'
import { createPayloadCodec } from '../../temporal/codec.ts'
import { createBodyBudget } from '../body/body-budget.ts'
import { createCodecEndpoint } from './codec-endpoint.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const UI = 'http://127.0.0.1:8233'
type TestAuth = Parameters<typeof createCodecEndpoint>[0]['auth']
const ROLES: Record<string, Role> = { 'test-admin-token': 'admin', 'test-viewer-token': 'viewer' }
const principalOf = (name: string) => {
  const role = ROLES[name]
  return role ? { actor: name, role } : null
}
const refused: string[] = []
const auth: TestAuth = {
  async authenticate(authorization) {
    if (!authorization) return { kind: 'none' }
    const found = principalOf(authorization.replace('Bearer ', ''))
    return found ? { kind: 'authenticated', principal: found } : { kind: 'wrong' }
  },
  client: () => ({ address: '127.0.0.1', https: false }),
  signIn: { principalOf: async (cookie) => principalOf(cookie ?? '') },
  refusals: { record: ({ where, reason }) => refused.push(`${where} ${reason}`) },
  cookies: { session: 'session', challenge: 'challenge', returnPath: 'return', legacy: [] },
}
const codec = createPayloadCodec({ current: 'test-key' })
const log = pino({ level: 'silent' })
const bodyBudget = createBodyBudget()
const clock = { at: 1_800_000_000_000 }
let store: Store
let app: ReturnType<typeof endpoint>
const endpoint = (uiUrl: () => string | null) =>
  createCodecEndpoint({ codec, auth, bodyBudget, db: store.db, now: () => clock.at, webUiUrl: uiUrl, log })
beforeAll(async () => {
  store = await openStore({ dataDir: null })
  app = endpoint(() => `${UI}/`)
})
afterAll(() => store?.close())
const BEARER = { authorization: 'Bearer test-admin-token' }

const post = (path: string, body: unknown, headers: Record<string, string> = BEARER) =>
  app.request(path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-namespace': 'default', ...headers },
  })
type Payloads = { payloads: Parameters<typeof JSONToPayload>[0][] }
const plain = payloadToJSON(defaultPayloadConverter.toPayload('秘密'))
const valuesOf = ({ payloads }: Payloads) =>
  payloads.map((p) => defaultPayloadConverter.fromPayload(JSONToPayload(p)))

describe('the codec endpoint', () => {
  it('encodes payloads and decodes them', async () => {
    const encoded = (await (await post('/codec/encode', { payloads: [plain] })).json()) as Payloads
    expect(JSON.stringify(encoded)).not.toContain(plain.data)
    const decoded = (await (await post('/codec/decode', encoded)).json()) as Payloads
    expect(valuesOf(decoded)).toEqual(['秘密'])
  })

  it('accepts an empty request, and returns plain payloads unchanged', async () => {
    expect(await (await post('/codec/decode', {})).json()).toEqual({ payloads: [] })
    expect(await (await post('/codec/decode', { payloads: [plain] })).json()).toEqual({ payloads: [plain] })
  })

  it('returns a payload that no key decrypts, with the others of the request', async () => {
    const lost = await createPayloadCodec({ current: 'lost-test-key' }).encode([JSONToPayload(plain)])
    const payloads = [...lost.map(payloadToJSON), plain]
    expect(await (await post('/codec/decode', { payloads })).json()).toEqual({ payloads })
  })

  const filled = (mib: number) => Buffer.alloc(mib * 1024 * 1024, 97)
  const sealedOf = async (payload: Payload) => {
    const [sealed] = await codec.encode([payload])
    return payloadToJSON(sealed ?? {})
  }

  it.each<[string, Payload]>([
    ['data', { metadata: {}, data: filled(3) }],
    ['metadata', { metadata: { note: filled(3) }, data: Buffer.alloc(0) }],
    ['a name', { metadata: { [filled(3).toString()]: Buffer.from('a') }, data: Buffer.alloc(0) }],
    ['both', { metadata: { note: filled(1), more: filled(1) }, data: filled(1) }],
  ])('decodes at most 8 MiB in one request: %s', async (_, payload) => {
    const payloads = Array(3).fill(await sealedOf(payload))
    const answer = await post('/codec/decode', { payloads })
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({
      error: { code: 'too-large', message: expect.stringContaining('Request fewer at a time') },
    })
    const few = await post('/codec/decode', { payloads: payloads.slice(0, 2) })
    expect(few.status).toBe(200)
    expect(((await few.json()) as Payloads).payloads).toEqual(Array(2).fill(payloadToJSON(payload)))
  })

  it('encodes at most 8 MiB in one request', async () => {
    const payloads = Array(3).fill(payloadToJSON({ metadata: {}, data: filled(3) }))
    expect((await post('/codec/encode', { payloads })).status).toBe(413)
    expect((await post('/codec/encode', { payloads: payloads.slice(0, 2) })).status).toBe(200)
  })

  it('answers each of many concurrent requests with its own payloads', async () => {
    const texts = ['一', '二', 'three']
    const answers = await Promise.all(
      texts.map(async (text) => {
        const payload = await sealedOf(defaultPayloadConverter.toPayload(text))
        return valuesOf((await (await post('/codec/decode', { payloads: [payload] })).json()) as Payloads)
      }),
    )
    expect(answers).toEqual(texts.map((text) => [text]))
  })

  it('refuses to encode a payload that would be too large to decode', async () => {
    const data = Buffer.alloc(9 * 1024 * 1024, 97).toString('base64')
    const answer = await post('/codec/encode', { payloads: [{ metadata: {}, data }] })
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({ error: { code: 'too-large' } })
  })

  it.each(['', 'no json', '[]', '{"payloads":[{"data":"no base64!"}]}'])('refuses %j', async (body) => {
    const answer = await post('/codec/decode', body)
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ error: { code: 'refused' } })
  })

  it('accepts 16 fields of metadata, and reports the limit', async () => {
    const fields = (many: number) =>
      Object.fromEntries(Array.from({ length: many }, (_, n) => [`f${n}`, 'YQ==']))
    expect((await post('/codec/decode', { payloads: [{ metadata: fields(16) }] })).status).toBe(200)
    const answer = await post('/codec/decode', { payloads: [{ metadata: fields(17) }] })
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 422,
      body: { error: { issues: [{ path: 'payloads.0.metadata', message: 'at most 16 fields' }] } },
    })
  })

  it('decodes the maximum number of payloads with the fields of this product', async () => {
    const payloads = Array(10_000).fill({ metadata: { encoding: 'YQ==', key: 'YQ==' }, data: 'YQ==' })
    expect((await post('/codec/decode', { payloads })).status).toBe(200)
  })

  it.each([
    ['brackets', `{"payloads":${'['.repeat(1_000_000)}`, 'more than 8 levels deep'],
    ['fields', `{"payloads":[{"metadata":{${'"a":"",'.repeat(150_000)}`, 'more than 100000 values'],
    ['bad values', `{"payloads":[${'1,'.repeat(150_000)}1]}`, 'more than 100000 values'],
  ])('does not parse a body with many %s', async (_, body, why) => {
    const parse = vi.spyOn(JSON, 'parse')
    const answer = await post('/codec/decode', body)
    expect(parse).not.toHaveBeenCalled()
    parse.mockRestore()
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining(why) } })
  })

  it('reports the first of many invalid values, and the number of the others', async () => {
    const answer = await post('/codec/decode', { payloads: Array(9_000).fill({ data: '!' }) })
    const text = await answer.text()
    expect(text.length).toBeLessThan(20_000)
    expect(JSON.parse(text).error.issues.at(-1)).toEqual({ path: '', message: 'and 8800 more errors' })
  })

  describe('access', () => {
    const cookie = (of = 'test-admin-token') => `session=${of}`
    const statusOf = async (headers: Record<string, string>) =>
      (await post('/codec/decode', { payloads: [plain] }, headers)).status

    it('needs a token or a session', async () => {
      expect(await statusOf({})).toBe(401)
      expect(await statusOf({ authorization: 'Bearer wrong' })).toBe(401)
      expect(await statusOf({ origin: UI })).toBe(401)
    })

    it('needs more than the role viewer, because histories have the messages of followers', async () => {
      expect(await statusOf({ authorization: 'Bearer test-viewer-token' })).toBe(403)
      expect(await statusOf({ cookie: cookie('test-viewer-token'), origin: UI })).toBe(403)
    })

    it("is open to the Web UI's page with the session of the console", async () => {
      const answer = await post('/codec/decode', { payloads: [plain] }, { cookie: cookie(), origin: UI })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('access-control-allow-origin')).toBe(UI)
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
    })

    it('is closed to pages of other origins, even with a session', async () => {
      for (const origin of ['http://127.0.0.1:9999', 'https://evil.example', 'null']) {
        const answer = await post('/codec/decode', { payloads: [plain] }, { cookie: cookie(), origin })
        expect(answer.status).toBe(401)
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      }
      // A session without an origin is not from a page of the Web UI.
      expect(await statusOf({ cookie: cookie() })).toBe(401)
    })

    it("allows a preflight only from the Web UI's origin", async () => {
      const preflight = (origin: string) =>
        app.request('/codec/decode', {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'content-type,x-namespace',
          },
        })
      const allowed = await preflight(UI)
      expect(allowed.status).toBe(204)
      expect(allowed.headers.get('access-control-allow-origin')).toBe(UI)
      expect(allowed.headers.get('access-control-allow-headers')).toContain('x-namespace')
      expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
    })

    it('is closed to all pages if no Web UI is configured', async () => {
      const withoutWebUi = endpoint(() => null)
      const headers = { cookie: cookie(), origin: UI, 'content-type': 'application/json' }
      const answer = await withoutWebUi.request('/codec/decode', { method: 'POST', body: '{}', headers })
      expect(answer.status).toBe(401)
    })
  })
})

describe('the audit log', () => {
  const rows = async (actor: string) =>
    (await listAudit(store.db, { after: null, limit: 200 })).filter((row) => row.actor === actor)

  it('has one row a minute for who decoded how many payloads, without their content', async () => {
    clock.at += 3_600_000
    const before = (await rows('test-admin-token')).length
    const asked = Array.from({ length: 20 }, () => post('/codec/decode', { payloads: [plain, plain] }))
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200)
    clock.at += 59_999
    await post('/codec/decode', { payloads: [plain] })
    const [first, ...older] = await rows('test-admin-token')
    expect(older).toHaveLength(before)
    expect(first).toMatchObject({ action: 'codec.decode', details: { payloads: 41, requests: 21 } })
    expect(JSON.stringify(first)).not.toContain(plain.data)
    clock.at += 1
    await post('/codec/decode', { payloads: [plain] })
    expect((await rows('test-admin-token'))[0]).toMatchObject({ details: { payloads: 1, requests: 1 } })
  })

  it('is written before payloads are decoded: if it cannot be, nothing is returned', async () => {
    clock.at += 3_600_000
    await store.db.execute('ALTER TABLE audit_log RENAME TO audit_log_away')
    try {
      const answer = await post('/codec/decode', { payloads: [plain] })
      expect(answer.status).toBe(500)
      expect(await answer.text()).not.toContain(plain.data)
    } finally {
      await store.db.execute('ALTER TABLE audit_log_away RENAME TO audit_log')
    }
    expect((await post('/codec/decode', { payloads: [plain] })).status).toBe(200)
  })
})

it('counts refused requests by reason', async () => {
  refused.length = 0
  await post('/codec/decode', {}, {})
  await post('/codec/decode', {}, { authorization: 'Bearer wrong' })
  await post('/codec/decode', {}, { authorization: 'Bearer test-viewer-token' })
  await post('/codec/decode', {}, { origin: 'http://127.0.0.1:9', cookie: 'session=test-admin-token' })
  await post('/codec/decode', {}, { origin: UI, cookie: 'session=test-viewer-token' })
  expect(refused).toEqual(['codec none', 'codec wrong', 'codec role', 'codec origin', 'codec role'])
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  SECRETS,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxtextbodies0001'
const YAML = campaignYaml('text-body', ['{ id: a, after: 5s, send: { text: 你好 } }'], [`accounts: [${APP}]`])
/** 「name: 欢迎」 in the encoding of Chinese Windows. */
const GBK = Uint8Array.from(Buffer.from('id: text-body\nname: \xbb\xb6\xd3\xad\n', 'latin1'))
const utf16 = (text: string) => Uint8Array.from(Buffer.from(`\ufeff${text}`, 'utf16le'))

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
})
afterAll(() => api?.close())

const put = (raw: string | Uint8Array<ArrayBuffer>, type = 'application/yaml') =>
  api.call<ErrorBody>('PUT', '/api/campaigns/text-body', { raw, type })

describe('a text body', () => {
  it.each([
    ['GBK', GBK],
    ['UTF-16', utf16(YAML)],
  ])('is rejected in %s with advice, and nothing is published', async (encoding, raw) => {
    const { status, body } = await put(raw, 'application/yaml; charset=gbk')
    expect(status).toBe(422)
    expect(body.error).toMatchObject({
      code: 'refused',
      message: expect.stringContaining(`looks like ${encoding}`),
    })
    expect(body.error.message).toContain('请用 UTF-8 编码保存')
    expect((await api.get('/api/campaigns/text-body')).status).toBe(404)
  })

  it('may begin with a byte order mark, as YAML and as JSON', async () => {
    expect((await put(`\ufeff${YAML}`)).status).toBe(201)
    const account = {
      appId: APP,
      appSecret: SECRETS.appSecret,
      token: SECRETS.token,
      mode: 'plain',
      name: '账号',
    }
    const made = await api.call<{ name: string }>('POST', '/api/accounts', {
      raw: `\ufeff${JSON.stringify(account)}`,
      type: 'application/json',
    })
    expect(made).toMatchObject({ status: 201, body: { name: '账号' } })
    const cancelled = await api.call('POST', `/api/followers/${APP}/nobody/cancel`, {
      raw: '\ufeff{"reason":"x"}',
      type: 'application/json',
    })
    expect(cancelled.status).toBe(404)
  })

  it('is rejected in GBK as JSON too, and the error does not repeat its content', async () => {
    const raw = Uint8Array.from(
      Buffer.from(`{"name":"\xbb\xb6\xd3\xad","appSecret":"${SECRETS.appSecret}"}`, 'latin1'),
    )
    const { status, body } = await api.call<ErrorBody>('PATCH', `/api/accounts/${APP}`, {
      raw,
      type: 'application/json',
    })
    expect({ status, message: body.error.message }).toEqual({
      status: 422,
      message: expect.stringMatching(/^The body is not UTF-8: it looks like GBK/),
    })
    expect(body.error.message).not.toContain('欢')
  })

  it('has a maximum size', async () => {
    expect((await put('#'.repeat(1024 * 1024 + 1))).status).toBe(413)
    const raw = JSON.stringify({ campaign: '#'.repeat(4 * 1024 * 1024) })
    const preview = await api.call('POST', '/api/campaigns/preview', { raw, type: 'application/json' })
    expect(preview.status).toBe(413)
  })

  it.each([
    ['deeply nested', '/api/campaigns/preview', '['.repeat(4_000_000), 'more than 32 levels deep'],
    [
      'deeply nested and declared as a form',
      '/api/campaigns/preview',
      '['.repeat(4_000_000),
      'more than 32 levels deep',
    ],
    [
      'an object of many fields',
      '/api/campaigns/preview',
      `{${'"a":1,'.repeat(400_000)}`,
      'more than 50000 values',
    ],
    [
      'deeply nested, below a smaller size limit',
      `/api/followers/${APP}/nobody/cancel`,
      '['.repeat(200_000),
      'more than 32 levels deep',
    ],
  ])('is not parsed when it is %s', async (name, path, raw, why) => {
    const type = name.includes('form') ? 'multipart/form-data; boundary=x' : 'application/json'
    const { status, body } = await api.call<ErrorBody>('POST', path, { raw, type })
    expect({ status, message: body.error.message }).toEqual({
      status: 422,
      message: expect.stringContaining(why),
    })
  })

  it.each([
    ['many', Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`field${n}`, 1]))],
    ['long', { ['x'.repeat(1_000_000)]: 1 }],
  ])('gets a short error if its unknown fields are %s', async (name, fields) => {
    const { status, body } = await api.call<ErrorBody>('POST', '/api/campaigns/preview', { json: fields })
    expect(status).toBe(422)
    expect(JSON.stringify(body).length).toBeLessThan(50_000)
    if (name === 'many')
      expect(body.error.issues?.at(-1)).toEqual({ path: '', message: 'and 39801 more errors' })
  })

  it('gets a short error if a long field name contains many invalid texts', async () => {
    const json = { ['x'.repeat(100_000)]: Array(10_000).fill('\0') }
    const { status, body } = await api.call<ErrorBody>('PATCH', `/api/accounts/${APP}`, { json })
    expect(status).toBe(422)
    expect(JSON.stringify(body).length).toBeLessThan(100_000)
  })

  it('is rejected with advice if a number is in the place of a text', async () => {
    const json = { variables: { tel: 21 } }
    const { status, body } = await api.call<ErrorBody>('PATCH', `/api/accounts/${APP}`, { json })
    expect({ status, issues: body.error.issues }).toEqual({
      status: 422,
      issues: [{ path: 'variables.tel', message: 'must be a text: write it in quotes' }],
    })
  })
})

describe('a field named __proto__', () => {
  const PROTO = '"__proto__": {"path": "x"}'
  const file = (id: string, step: string, type = 'application/json') =>
    ['PUT', `/api/campaigns/${id}`, step, type] as const
  const step = '"id": "a", "after": "5s", "send": {"text": "你好"}'
  const campaign = (more: string, inStep = '') =>
    `{"id": "own-name", "name": "n", "entry": {"event": "subscribe"}, "steps": [{${step}${inStep}}]${more}}`

  it.each([
    [
      'facts of a hook',
      'PUT',
      '/api/hooks/shop',
      `{"accounts": ["${APP}"], "fields": {"facts": {"__proto__": "a"}}}`,
    ],
    ['facts of a follower', 'PATCH', `/api/followers/${APP}/oProto/facts`, '{"paid": true, "__proto__": 1}'],
    ['an entry', 'POST', `/api/followers/${APP}/oProto/enter`, `{"campaign": "x", "facts": {${PROTO}}}`],
    ['variables', 'PATCH', `/api/accounts/${APP}`, '{"variables": {"shop": "a", "\\u005f_proto__": "b"}}'],
    [
      'a menu',
      'PUT',
      `/api/accounts/${APP}/menu`,
      `{"button": [{"name": "a", "type": "click", "key": "k", ${PROTO}}]}`,
    ],
    ['a filter', 'POST', '/api/followers/bulk', `{"action": "pause", "dryRun": true, "filter": {${PROTO}}}`],
    ['a preview', 'POST', '/api/campaigns/preview', `{"campaign": ${campaign(`, ${PROTO}`)}, "events": []}`],
    ['a file', ...file('own-name', campaign(`, ${PROTO}`))],
    ['a step', ...file('own-name', campaign('', ', "set": {"__proto__": 1}'))],
    ['a condition', ...file('own-name', campaign('', ', "when": {"facts": {"__proto__": 1}}'))],
    ['YAML', ...file('own-name', 'id: own-name\nname: n\n__proto__: {a: 1}\n', 'application/yaml')],
  ])(
    'in %s is refused with its place, not left out',
    async (_, method, path, raw, type = 'application/json') => {
      const { status, body } = await api.call<ErrorBody>(method, path, { raw, type })
      expect(status).toBe(422)
      expect(body.error.issues).toContainEqual(
        expect.objectContaining({
          path: expect.stringMatching(/(^|\.)__proto__$/),
          message: 'the name __proto__ is reserved: choose another name',
        }),
      )
    },
  )

  it('may be a value', async () => {
    expect((await api.call('PATCH', `/api/accounts/${APP}`, { json: { name: '__proto__' } })).status).toBe(
      200,
    )
  })
})

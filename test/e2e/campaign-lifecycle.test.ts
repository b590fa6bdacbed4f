import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFollower } from '../../src/store/runs/follower-rows.ts'
import { deliveries } from '../../src/store/schema.ts'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type FollowerBody,
  startApiHarness,
} from '../harness/api-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxtestsend000001'
const ENTRY = ['accounts: [wxtestsend000001]', 'entry: { qrScenes: [never-used] }']

interface TestAnswer {
  version: number | 'draft'
  duplicate: boolean
  grant: { scene: string; left: number }
  messages: { step: string; result: string; errcode: number | null; reason: string | null }[]
}

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: '试发' })
})
afterAll(() => api?.close())

const wechat = () => api.app.simulator.account(APP)
const follower = (openId: string) => `/api/followers/${APP}/${openId}`
const test = <T = TestAnswer>(id: string, json: object, headers: Record<string, string> = {}) =>
  api.call<T>('POST', `/api/campaigns/${id}/test-send`, { json: { appId: APP, ...json }, headers })
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body.text as { content: string } | undefined)?.content)
const known = (openId: string) =>
  waitFor(() => readFollower(api.app.services.db, { appId: APP, openId }), {
    until: (row) => row !== null && row.grants.length > 0,
  })

describe('a test send', () => {
  const steps = [
    '{ id: hello, after: 20h, when: replied, send: { text: "你好 {{ account.name }}，{{ reply.text }}" } }',
    '{ id: two, after: 20h, send: [{ text: 一 }, { text: 二 }] }',
    '{ id: quiet, tag: [老粉] , after: 1h }',
  ]

  it('sends a step to the tester now, and counts in no run', async () => {
    await api.put(campaignYaml('tested', steps, ENTRY))
    await wechat().follow('oTester1')
    await wechat().type('oTester1', 'hi')
    await known('oTester1')
    const sent = await test('tested', { openId: 'oTester1', step: 'hello', reply: '试' })
    expect(sent).toMatchObject({
      status: 200,
      body: { version: 1, duplicate: false, messages: [{ step: 'hello', result: 'sent', errcode: null }] },
    })
    expect(textsTo('oTester1')).toEqual(['你好 试发，试'])
    const all = await test('tested', { openId: 'oTester1' })
    expect(all.body.messages.map((m) => [m.step, m.result])).toEqual([
      ['hello', 'sent'],
      ['two', 'sent'],
      ['two.2', 'sent'],
    ])
    expect(textsTo('oTester1')).toHaveLength(4)
    expect(await api.get(follower('oTester1'))).toMatchObject({ status: 404 })
    expect(await api.app.services.db.select().from(deliveries)).toEqual([])
    expect(await api.get('/api/campaigns/tested/totals')).toMatchObject({ body: { items: [] } })
  })

  it('is sent once for one key, and the repetition gets the same answer', async () => {
    await wechat().follow('oTester2')
    await wechat().type('oTester2', 'hi')
    await known('oTester2')
    const json = { openId: 'oTester2', step: 'hello' }
    const key = { 'idempotency-key': 'double-click' }
    const both = await Promise.all([test('tested', json, key), test('tested', json, key)])
    expect(both.map(({ status }) => status)).toContain(200)
    expect(both.every(({ status }) => status === 200 || status === 409)).toBe(true)
    const again = await test('tested', json, key)
    expect(again).toMatchObject({ status: 200, body: { duplicate: true, messages: [{ result: 'sent' }] } })
    expect(textsTo('oTester2')).toHaveLength(1)
    expect(await test('tested', { ...json, step: 'two' }, key)).toMatchObject({ status: 422 })
  })

  it('is refused with what to do when WeChat accepts no message to the tester', async () => {
    const unknown = await test<ErrorBody>('tested', { openId: 'oNobody' })
    expect(unknown).toMatchObject({ status: 404 })
    expect(unknown.body.error.message).toContain('Ask the tester to follow the account')

    await wechat().follow('oTester3')
    await known('oTester3')
    // A follow allows three messages within a minute.
    for (const step of ['hello', 'hello', 'hello']) await test('tested', { openId: 'oTester3', step })
    const used = await test<ErrorBody>('tested', { openId: 'oTester3', step: 'hello' })
    expect(used).toMatchObject({ status: 409, body: { error: { code: 'no-grant' } } })
    expect(used.body.error.message).toContain('Ask the tester to send any message to the account')
    expect(textsTo('oTester3')).toHaveLength(3)
    await wechat().unfollow('oTester3')
    await waitFor(() => readFollower(api.app.services.db, { appId: APP, openId: 'oTester3' }), {
      until: (row) => row?.unfollowedAt != null,
    })
    expect(await test('tested', { openId: 'oTester3', step: 'hello' })).toMatchObject({
      status: 409,
      body: { error: { code: 'unfollowed' } },
    })
  })

  it('counts the messages of runs that have ended', async () => {
    const entry = ['accounts: [wxtestsend000001]', "entry: { keywords: ['领'] }"]
    await api.put(campaignYaml('short', ['{ id: gift, after: 0s, send: { text: 书单 } }'], entry))
    await wechat().follow('oTester4')
    await wechat().type('oTester4', '领')
    await api.waitForBody<FollowerBody>(follower('oTester4'), ({ status }) => status === 'ended')
    const grants = () =>
      wechat()
        .grants('oTester4')
        .filter((g) => g.expiresAt > Date.now())
    expect(grants().some((g) => g.used > 0)).toBe(true)
    const allowed = grants().reduce((sum, g) => sum + g.quota - g.used, 0)
    const sent = await test('tested', { openId: 'oTester4', step: 'hello' })
    expect(sent.body.grant.left).toBe(allowed)
  })

  it('names the steps that can be sent, and refuses a draft with errors', async () => {
    const none = await test<ErrorBody>('tested', { openId: 'oTester1', step: 'quiet' })
    expect(none.status).toBe(422)
    expect(none.body.error.issues?.[0]?.message).toContain('hello, two, two.2')
    await api.call('PUT', '/api/campaigns/tested/draft', { raw: 'id: tested\n', type: 'application/yaml' })
    expect(await test('tested', { openId: 'oTester1', version: 'draft' })).toMatchObject({ status: 422 })
    expect(await test('tested', { openId: 'oTester1', version: 7 })).toMatchObject({ status: 404 })
    const draft = campaignYaml('tested', steps, ENTRY).replace('你好', '草稿')
    await api.call('PUT', '/api/campaigns/tested/draft', { raw: draft, type: 'application/yaml' })
    await wechat().type('oTester1', 'again')
    const sent = await waitFor(
      () => test('tested', { openId: 'oTester1', version: 'draft', step: 'hello' }),
      { until: ({ status }) => status === 200 },
    )
    expect(sent.body).toMatchObject({ version: 'draft', messages: [{ result: 'sent' }] })
    expect(textsTo('oTester1').at(-1)).toContain('草稿')
  })

  it('is erased with the data of the tester', async () => {
    await api.call('POST', `${follower('oTester2')}/erase`)
    const rows = async () =>
      (await api.app.services.db.execute(`SELECT 1 FROM test_sends WHERE open_id = 'oTester2'`)) as {
        rows: unknown[]
      }
    await waitFor(rows, { until: (found) => found.rows.length === 0 })
  })
})

describe('draft, publication and rollback', () => {
  it('change what a new follower gets, and nothing for the followers inside', async () => {
    const gift = (text: string) =>
      campaignYaml(
        'living',
        [
          `{ id: gift, after: 0s, send: { text: ${text} } }`,
          '{ id: last, after: 50s, send: { text: 再见 } }',
        ],
        ['accounts: [wxtestsend000001]'],
      )
    const enter = async (openId: string) => {
      await wechat().follow(openId)
      await waitFor(() => textsTo(openId), { until: (texts) => texts.length === 1 })
      const { body } = await api.get<FollowerBody>(follower(openId))
      return { version: body.version, text: textsTo(openId)[0] }
    }
    await api.put(gift('第一版'))
    expect(await enter('oLiving1')).toEqual({ version: 1, text: '第一版' })
    await api.call('PUT', '/api/campaigns/living/draft', { raw: gift('第二版'), type: 'application/yaml' })
    expect(await enter('oLiving2')).toEqual({ version: 1, text: '第一版' })
    expect((await api.call('POST', '/api/campaigns/living/draft/publish')).status).toBe(200)
    expect(await enter('oLiving3')).toEqual({ version: 2, text: '第二版' })
    expect((await api.call('POST', '/api/campaigns/living/rollback', { json: { version: 1 } })).status).toBe(
      200,
    )
    expect(await enter('oLiving4')).toEqual({ version: 3, text: '第一版' })
    expect((await api.get<FollowerBody>(follower('oLiving1'))).body).toMatchObject({
      version: 1,
      status: 'active',
    })
  })
})

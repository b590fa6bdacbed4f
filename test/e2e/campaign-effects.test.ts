import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { runsByFollower } from '../../src/store/runs/run-rows.ts'
import { type ApiHarness, startApiHarness } from '../harness/api-harness.ts'
import { TEST_PUBLIC_URL } from '../harness/app-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxtest0000000001'

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness({ webhookPrivate: true })
  await api.addAccount({ appId: APP })
})
afterAll(() => api?.close())

const wechat = () => api.app.simulator.account(APP)
const texts = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId && s.delivered)
    .map((s) => (s.body.text as { content: string }).content)
const received = (openId: string, text: string) =>
  waitFor(() => texts(openId), { until: (all) => all.some((t) => t.includes(text)) })
const setFacts = (openId: string, json: unknown) =>
  api.call('PATCH', `/api/followers/${APP}/${openId}/facts`, { json })
const ended = async (openId: string, campaign: string) => {
  const run = await api.app.waitForRun(APP, openId, (r) => r.campaign === campaign && r.status === 'ended')
  return [run.outcome, ...run.state.steps.map((s) => [s.id, s.state, s.reason ?? ''].join(' ').trim())]
}

/** A server on this machine that keeps the bodies of webhooks. */
async function receiver() {
  const bodies: Record<string, unknown>[] = []
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (part) => {
      body += part
    })
    req.on('end', () => {
      bodies.push(JSON.parse(body))
      res.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { bodies, url: `http://127.0.0.1:${port}/in` }
}

describe('facts, webhooks and other campaigns', () => {
  it('lead a follower from one campaign to the next', async () => {
    const crm = await receiver()
    await api.call('PUT', '/api/webhooks/crm', { json: { url: crm.url } })
    await api.put(`
id: members
name: 会员
entry: { event: api }
steps:
  - { id: welcome, send: { text: '会员 {{ fact.level }} 您好' } }
`)
    await api.put(`
id: pay
name: 付款
entry: { event: message, keywords: [付款] }
steps:
  - { id: ask, send: { text: 请付款 } }
  - id: paid
    wait: 20h
    branches:
      - name: 已付
        on: { facts: { paid: true } }
        steps:
          - { id: thanks, send: { text: 谢谢 }, set: { level: 2 }, webhook: crm }
          - { id: move, when: { facts: { level: { atLeast: 2 } } }, go: members }
  - { id: reminder, send: { text: 还没付款 } }
`)
    await wechat().follow('oPaying')
    await wechat().type('oPaying', '付款')
    await received('oPaying', '请付款')
    expect((await setFacts('oPaying', { paid: false })).status).toBe(202)
    expect((await setFacts('oPaying', { paid: true })).status).toBe(202)
    expect(await ended('oPaying', 'members')).toEqual(['completed', 'welcome sent'])
    expect(texts('oPaying')).toEqual(['请付款', '谢谢', '会员 2 您好'])
    await waitFor(() => crm.bodies, { until: (all) => all.length > 0 })
    expect(crm.bodies).toMatchObject([
      { campaign: 'pay', step: 'thanks', openId: 'oPaying', facts: { paid: true, level: 2 } },
    ])
    const facts = await api.get<{ facts: unknown }>(`/api/followers/${APP}/oPaying/facts`)
    expect(facts.body.facts).toEqual({ paid: true, level: 2 })
    const runs = await runsByFollower(api.app.services.db, { appId: APP, openId: 'oPaying' }, 9)
    expect(runs.map((r) => [r.campaign, r.outcome, r.state.reason])).toEqual([
      ['members', 'completed', null],
      ['pay', 'completed', 'go members'],
    ])
  })
})

describe('a tracked link', () => {
  it('is a short link, and its first open takes the branch', async () => {
    await api.put(`
id: guide
name: 指南
entry: { event: message, keywords: [指南] }
steps:
  - { id: link, send: { text: "{{ 'https://example.com/guide?a=1' | track: 'guide' }}" } }
  - id: opened
    wait: 20h
    branches:
      - { on: { links: [guide] }, steps: [{ id: read, send: { text: 读完了吗 } }] }
    else: [end]
`)
    await wechat().follow('oReader')
    await wechat().type('oReader', '指南')
    const [message = ''] = await received('oReader', TEST_PUBLIC_URL)
    const path = message.slice(TEST_PUBLIC_URL.length)
    const headers = { 'user-agent': 'Mozilla/5.0 MicroMessenger/8.0.50' }
    const answer = await api.call('GET', path, { token: null, headers })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://example.com/guide?a=1'])
    expect(await ended('oReader', 'guide')).toEqual(['completed', 'link sent', 'read sent'])
    expect(texts('oReader').at(-1)).toBe('读完了吗')
  })
})

describe('a goal', () => {
  const goalOf = async (openId: string) =>
    (await api.get<{ goal?: unknown }>(`/api/followers/${APP}/${openId}`)).body.goal
  const reached = (openId: string) => waitFor(() => goalOf(openId), { until: (goal) => goal !== undefined })
  const coupon = (id: string, goal: string) =>
    api.put(`
id: ${id}
name: 优惠券
entry: { event: message, keywords: [${id}] }
steps:
  - { id: gift, send: { text: 您的券 } }
  ${goal.includes('later') ? '' : '- { id: remind, after: 20h, send: { text: 券快到期了 } }'}
goal: ${goal.replace('later', '')}
`)

  it('ends the run once the coupon is used, and counts its value', async () => {
    await coupon('coupon', '{ on: { facts: { used: true } }, value: amount }')
    await wechat().follow('oBuyer')
    await wechat().type('oBuyer', 'coupon')
    await received('oBuyer', '您的券')
    await setFacts('oBuyer', { city: '上海' })
    await setFacts('oBuyer', { used: true, amount: 58.5 })
    expect(await ended('oBuyer', 'coupon')).toEqual([
      'goal-reached',
      'gift sent',
      'remind skipped goal-reached',
    ])
    expect(await reached('oBuyer')).toEqual({ at: expect.any(String), value: 58.5, step: 'gift' })
    await setFacts('oBuyer', { used: true, amount: 99 })
    await waitFor(() => api.get<{ pending: number }>('/api/inbox'), { until: (r) => r.body.pending === 0 })
    expect(await goalOf('oBuyer')).toMatchObject({ value: 58.5 })
  })

  it('counts after the end of the run, which nothing keeps open', async () => {
    await coupon('later', '{ on: { facts: { bought: true } }, value: amount, within: 3d } # later')
    await wechat().follow('oLater')
    await wechat().type('oLater', 'later')
    expect(await ended('oLater', 'later')).toEqual(['completed', 'gift sent'])
    expect(await goalOf('oLater')).toBeUndefined()
    await setFacts('oLater', { bought: true, amount: '12' })
    expect(await reached('oLater')).toEqual({ at: expect.any(String), value: 12, step: 'gift' })
    const run = await api.app.waitForRun(APP, 'oLater', (r) => r.status === 'ended')
    expect(run.outcome).toBe('completed')
  })
})

describe('a campaign that replaces another', () => {
  it('ends its run, answers with its own reply, and begins at once', async () => {
    await api.put(`
id: slow
name: 慢
priority: 1
entry: { event: message, keywords: [慢慢] }
reply: { text: 慢慢来 }
steps: [{ id: first, send: { text: 第一条 } }, { id: second, after: 20h, send: { text: 第二条 } }]
`)
    await api.put(`
id: urgent
name: 急
priority: 1
ifBusy: replace
entry: { event: message, keywords: [加急] }
reply: { text: 马上 }
steps: [{ id: now, send: { text: 加急处理 } }, { id: later, after: 20h, send: { text: 之后 } }]
`)
    await wechat().follow('oBusy')
    await wechat().type('oBusy', '慢慢')
    await received('oBusy', '第一条')
    const replyTo = async (word: string) => (await wechat().type('oBusy', word)).passiveReply?.fields.Content
    expect(await replyTo('加急')).toBe('马上')
    await received('oBusy', '加急处理')
    await api.app.waitForRun(APP, 'oBusy', (r) => r.campaign === 'urgent' && r.runId !== null)
    const stored = await waitFor(
      () => runsByFollower(api.app.services.db, { appId: APP, openId: 'oBusy' }, 9),
      {
        until: (rows) => rows[1]?.status === 'ended',
      },
    )
    expect(stored.map((r) => [r.campaign, r.status, r.outcome, r.state.reason])).toEqual([
      ['urgent', 'active', null, null],
      ['slow', 'ended', 'cancelled', 'replaced by urgent'],
    ])
    // The other campaign does not replace, so its word is only an interaction of the new run.
    expect(await replyTo('慢慢')).toBeUndefined()
    await waitFor(() => api.get<{ pending: number }>('/api/inbox'), { until: (r) => r.body.pending === 0 })
    expect(texts('oBusy')).toEqual(['第一条', '加急处理'])
  })
})

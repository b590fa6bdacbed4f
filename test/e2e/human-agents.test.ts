import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFollower } from '../../src/store/runs/follower-rows.ts'
import { type ApiHarness, startApiHarness } from '../harness/api-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxtest0000000001'
const HOUR = 3_600_000
const AGENT = 'guide@expo'

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP })
  wechat().setAgent(AGENT, { online: true })
})
afterAll(() => api?.close())

const wechat = () => api.app.simulator.account(APP)
const texts = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId && s.delivered)
    .map((s) => (s.body.text as { content: string }).content)
const received = (openId: string, text: string) =>
  waitFor(() => texts(openId), { until: (all) => all.includes(text) })
const agentOf = (openId: string) => api.app.simulator.wechat.peek({ appId: APP, openId }).agent?.account

describe('a visitor of a fair who asks for a guide', () => {
  beforeAll(async () => {
    const { body } = await api.put(`
id: expo
name: 展会扫码
accounts: [${APP}]
entry: { event: subscribe }
reply: { text: 回复 1 领取资料，回复 2 预约讲解。 }
steps:
  - id: ask
    wait: 47h
    branches:
      - name: 礼品
        on: { keywords: ['1'] }
        steps: [{ id: doc, typing: 1s, send: { text: 礼品码 } }]
      - name: 讲解
        on: { keywords: ['2'] }
        steps: [{ id: booked, send: { text: 已为您登记 }, handover: ${AGENT} }]
    else: [end]
  - { id: forum, after: 20h, send: { text: 今天主论坛 } }
`)
    expect(body.warnings).toMatchObject([
      {
        path: 'steps.0.branches.1.steps.0.handover',
        message: `account ${APP} has no human agents switched on`,
      },
    ])
  })

  it('is served by the guide, and gets the next message after the session', async () => {
    await wechat().follow('oVisitor')
    await wechat().type('oVisitor', '2')
    await received('oVisitor', '已为您登记')
    await waitFor(() => agentOf('oVisitor'), { until: (agent) => agent === AGENT })
    const run = await api.app.waitForRun(APP, 'oVisitor', (r) => r.state.agentSession?.open === true)
    expect(run.state.steps.find((s) => s.id === 'booked')).toMatchObject({ state: 'sent', reason: null })
    await wechat().agentLeaves('oVisitor')
    await api.app.waitForRun(APP, 'oVisitor', (r) => r.state.agentSession?.open === false)
    await wechat().fastForward('oVisitor', 20 * HOUR)
    await received('oVisitor', '今天主论坛')
  })

  it('is told all the same when the guide is away', async () => {
    wechat().setAgent(AGENT, { online: false })
    await wechat().follow('oAlone')
    await wechat().type('oAlone', '2')
    await received('oAlone', '已为您登记')
    const run = await api.app.waitForRun(APP, 'oAlone', (r) => r.state.warnings.length > 0)
    expect(run.state.warnings).toEqual([`step booked did not hand over to ${AGENT}: no-agent (65415)`])
    expect(run.state.steps.find((s) => s.id === 'booked')).toMatchObject({ state: 'sent', reason: null })
    expect(await readFollower(api.app.services.db, { appId: APP, openId: 'oAlone' })).toMatchObject({
      agent: false,
    })
  })

  it('sees that the gift is being typed, and gets it once', async () => {
    await wechat().follow('oTyped')
    await wechat().type('oTyped', '1')
    const peek = () => api.app.simulator.wechat.peek({ appId: APP, openId: 'oTyped' })
    await waitFor(peek, { until: (f) => f.typingUntil > Date.now() })
    expect(texts('oTyped')).toEqual([])
    await received('oTyped', '礼品码')
    expect([texts('oTyped'), peek().typingUntil]).toEqual([['礼品码'], 0])
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiHarness, startApiHarness } from '../harness/api-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxtest0000000001'
const HOUR = 3_600_000

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, cap: { messages: 1, per: '20h', perMs: 20 * HOUR } })
})
afterAll(() => api?.close())

const wechat = () => api.app.simulator.account(APP)
const texts = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId && s.delivered)
    .map((s) => (s.body.text as { content: string }).content)
const received = (openId: string, text: string) =>
  waitFor(() => texts(openId), { until: (all) => all.includes(text) })
const publish = async (source: string) => expect((await api.put(source)).status).toBe(201)

describe("a follower who got as many unasked messages as the account's cap allows", () => {
  beforeAll(async () => {
    await publish(`
id: series
name: 系列
accounts: [${APP}]
entry: { keywords: [开始] }
steps:
  - { id: answer, send: { text: 好的 } }
  - { id: first, after: 1h, send: { text: 第一条 } }
  - { id: second, after: 2h, send: { text: 第二条 } }
  - { id: skipped, after: 1h, ifLate: skip, send: { text: 跳过 } }
  - { id: notice, after: 1h, anytime: true, send: { text: 通知 } }
`)
    await publish(`
id: other
name: 另一个
accounts: [${APP}]
entry: { keywords: [另一个] }
steps:
  - { id: later, after: 1h, send: { text: 提醒 } }
`)
  })

  const stepsOf = async (openId: string, campaign: string, ready: (steps: string[]) => boolean) => {
    const row = await api.app.waitForRun(
      APP,
      openId,
      (r) => r.campaign === campaign && ready(r.state.steps.map(named)),
    )
    return row.state.steps.map(named)
  }
  const named = (s: { id: string; state: string; reason: string | null }) =>
    [s.id, s.state, s.reason].filter(Boolean).join(' ')

  it('gets the next one when the oldest leaves the period', async () => {
    await wechat().follow('oMany')
    await wechat().type('oMany', '开始')
    await received('oMany', '好的')
    await wechat().fastForward('oMany', 1.1 * HOUR)
    await received('oMany', '第一条')
    // Due after 3, 4 and 5 hours.
    await wechat().fastForward('oMany', 4.5 * HOUR)
    await received('oMany', '通知')
    expect(await stepsOf('oMany', 'series', (steps) => steps.includes('skipped skipped capped'))).toEqual([
      'answer sent',
      'first sent',
      'second held capped',
      'skipped skipped capped',
      'notice sent',
    ])
    expect(texts('oMany')).toEqual(['好的', '第一条', '通知'])
    // The first message leaves the period 21 hours after the entry, the notice 4 hours later.
    await wechat().fastForward('oMany', 16 * HOUR)
    expect(texts('oMany')).toEqual(['好的', '第一条', '通知'])
    await wechat().fastForward('oMany', 4 * HOUR)
    await received('oMany', '第二条')
    const ended = await api.app.waitForRun(APP, 'oMany', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'completed' })
  })

  it('is not written to by another campaign either, until the follower writes', async () => {
    await wechat().follow('oBoth')
    await wechat().type('oBoth', '另一个')
    await api.app.waitForRun(APP, 'oBoth', (r) => r.campaign === 'other')
    await wechat().fastForward('oBoth', 1.1 * HOUR)
    await received('oBoth', '提醒')
    await api.app.waitForRun(APP, 'oBoth', (r) => r.campaign === 'other' && r.status === 'ended')
    await wechat().type('oBoth', '开始')
    await received('oBoth', '好的')
    await wechat().fastForward('oBoth', 1.1 * HOUR)
    expect(await stepsOf('oBoth', 'series', (steps) => steps.includes('first held capped'))).toContain(
      'first held capped',
    )
    expect(texts('oBoth')).toEqual(['提醒', '好的'])
    await wechat().type('oBoth', '在吗')
    await received('oBoth', '第一条')
  })
})

describe("the account's quiet hours", () => {
  it('count for a run that begins afterwards, in a campaign that names none', async () => {
    // All hours of the day but the one that the account's clock shows now.
    const hour = new Date(Date.now() + 8 * HOUR).getUTCHours()
    const clock = (h: number) => `${String((h + 24) % 24).padStart(2, '0')}:00`
    const quietHours = { from: clock(hour + 2), to: clock(hour) }
    await api.call('PATCH', `/api/accounts/${APP}`, { json: { quietHours, cap: null } })
    await wechat().follow('oNight')
    await wechat().type('oNight', '另一个')
    const run = await api.app.waitForRun(APP, 'oNight', (r) => r.campaign === 'other')
    expect(run.plan).toMatchObject({ quiet: { from: ((hour + 2) % 24) * 60, to: hour * 60 } })
  })
})

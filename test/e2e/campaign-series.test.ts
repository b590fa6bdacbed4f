import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'

const APP = 'wxtest0000000001'
const HOUR = 3_600_000

let app: AppHarness
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  await app.addAccount({ appId: APP })
  const example = readFileSync(new URL('../../campaigns/welcome.yaml', import.meta.url), 'utf8')
  await app.publish(example.replace('wxsimulated000001', APP))
})
afterAll(() => app?.close())

const texts = (openId: string) =>
  app.simulator
    .account(APP)
    .messages(openId)
    .filter((m) => m.from === 'account')
    .map((m) => [m.via, m.kind])

describe('from a follow over HTTP to the messages on the phone', () => {
  it('sends the welcome at once, the gift on the reply, and the other steps on time over two days', async () => {
    const wechat = app.simulator.account(APP)
    const follow = await wechat.follow('oReplier')
    expect(follow).toMatchObject({ ok: true, attempts: 1, passiveReply: { msgType: 'text' } })
    await app.waitForRun(APP, 'oReplier', (r) => r.state.ledger.length === 1)
    await wechat.type('oReplier', '1')
    await app.waitForRun(APP, 'oReplier', (r) => r.state.steps[1]?.state === 'sent')
    await wechat.fastForward('oReplier', 48 * HOUR)
    const run = await app.waitForRun(APP, 'oReplier', (r) => r.status === 'ended')
    expect(run).toMatchObject({ outcome: 'completed' })
    expect(texts('oReplier')).toEqual([
      ['passive', 'text'],
      ['custom', 'news'],
      ['custom', 'text'],
      ['custom', 'text'],
      ['custom', 'text'],
    ])
    expect(wechat.sends.filter((s) => s.openId === 'oReplier').every((s) => s.errcode === 0)).toBe(true)
  })

  it('sends a silent follower the hint within the minute, and nothing that WeChat would refuse', async () => {
    const wechat = app.simulator.account(APP)
    await wechat.follow('oSilent')
    await app.waitForRun(APP, 'oSilent', () => true)
    await wechat.fastForward('oSilent', 49 * HOUR)
    const run = await app.waitForRun(APP, 'oSilent', (r) => r.status === 'ended')
    expect(run).toMatchObject({ outcome: 'window-closed' })
    expect(wechat.sends.filter((s) => s.openId === 'oSilent').map((s) => s.errcode)).toEqual([0])
  })

  it('gives the same passive reply to a callback that comes twice, and starts one run', async () => {
    const wechat = app.simulator.account(APP)
    const result = await wechat.follow('oTwice', { times: 3 })
    expect(result.passiveReply?.msgType).toBe('text')
    await app.waitForRun(APP, 'oTwice', () => true)
    expect(app.services.callbackCounts.duplicates).toBeGreaterThanOrEqual(2)
    await wechat.fastForward('oTwice', 30_000)
    await app.waitForRun(APP, 'oTwice', (r) => r.state.steps[0]?.state === 'sent')
    expect(wechat.sends.filter((s) => s.openId === 'oTwice')).toHaveLength(1)
  })

  it('ends at an unfollow, and begins again with a re-follow', async () => {
    const wechat = app.simulator.account(APP)
    await wechat.follow('oBack')
    await app.waitForRun(APP, 'oBack', () => true)
    await wechat.fastForward('oBack', 2_000)
    await wechat.unfollow('oBack')
    await app.waitForRun(APP, 'oBack', (r) => r.outcome === 'unsubscribed')
    await wechat.fastForward('oBack', 5_000)
    await wechat.follow('oBack')
    await app.waitForRun(APP, 'oBack', (r) => r.status === 'active')
    await wechat.fastForward('oBack', 30_000)
    await app.waitForRun(APP, 'oBack', (r) => r.state.steps[0]?.state === 'sent')
    expect(wechat.sends.filter((s) => s.openId === 'oBack')).toHaveLength(1)
  })
})

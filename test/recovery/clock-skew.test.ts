import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { FEWEST_SAMPLES } from '../../src/wechat/callback/clock-skew.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { callApi } from '../harness/process/program.ts'

const APP = 'wxclocks00000001'
const CAMPAIGN = `
id: welcome
name: 欢迎
entry: { event: subscribe }
steps:
  - { id: hint, after: 5s, send: { text: 还在吗 } }
`

interface Case {
  name: string
  /** This machine's clock minus WeChat's, ms. */
  ahead: number
  correction: number
}

const CASES: Case[] = [
  { name: '70 s ahead of WeChat', ahead: 70_000, correction: 70_000 },
  { name: '70 s behind WeChat', ahead: -70_000, correction: -70_000 },
  { name: 'the same as WeChat’s', ahead: 0, correction: 0 },
]

describe.skipIf(!inject('temporalAddress')).each(CASES)('a machine whose clock is $name', (which) => {
  const { ahead, correction } = which
  let app: AppHarness
  const logged: string[] = []
  const wechatNow = () => Date.now() - ahead
  beforeAll(async () => {
    app = await startAppHarness({
      temporalAddress: inject('temporalAddress'),
      wechatNow,
      log: (line) => logged.push(line),
    })
    await app.addAccount({ appId: APP })
    await app.publish(CAMPAIGN)
    // Users who only write: each of their pushes reveals the skew.
    for (let i = 0; i < FEWEST_SAMPLES; i++) await app.simulator.account(APP).type(`oWrites${i}`, 'hi')
  })
  afterAll(() => app?.close())

  it('sends the steps of the first minute within that minute', async () => {
    const wechat = app.simulator.account(APP)
    await wechat.follow('oFollower')
    const followedAt = wechatNow()
    const run = await app.waitForRun(APP, 'oFollower', (r) => r.status === 'ended')
    expect(run.state.steps).toMatchObject([{ id: 'hint', state: 'sent' }])
    expect(run.outcome).toBe('completed')
    const sends = wechat.sends.filter((s) => s.openId === 'oFollower')
    expect(sends.map((s) => s.errcode)).toEqual([0])
    // By WeChat's clock: after 5 s, and within the minute.
    const after = (sends[0]?.virtualAt ?? 0) - followedAt
    expect(after).toBeGreaterThan(3_000)
    expect(after).toBeLessThan(60_000)
  })

  it('shows the times of the run by its own clock', async () => {
    const run = await app.waitForRun(APP, 'oFollower', () => true)
    const sinceStart = (run.state.steps[0]?.sentAt ?? 0) - run.state.startedAt
    expect(sinceStart).toBeGreaterThanOrEqual(4_500)
    expect(sinceStart).toBeLessThan(60_000)
    expect(Math.abs(run.createdAt - run.startedAt)).toBeLessThan(30_000)
    expect(run.entry.aheadMs ?? 0).toBeGreaterThanOrEqual(correction - 1_000)
    expect(run.entry.aheadMs ?? 0).toBeLessThanOrEqual(correction + 2_000)
    expect('aheadMs' in run.entry).toBe(correction !== 0)
  })

  it('reports the skew in /readyz, in the metrics and in the log', async () => {
    const ready = await fetch(`${app.callbackUrl}/readyz`)
    expect(ready.status).toBe(200)
    const body = (await ready.json()) as { store: string; engine: string; clock?: { skewMs: number }[] }
    expect(body).toMatchObject({ store: 'up', engine: 'up' })
    const { checks } = await callApi<{ checks: { check: string; ok: boolean; message: string }[] }>(
      app.callbackUrl,
      `/api/accounts/${APP}/verify`,
      {},
    )
    const clock = checks.find((c) => c.check === 'clock')
    const metrics = await fetch(`${app.callbackUrl}/metrics`, {
      headers: { authorization: 'Bearer test-admin-token' },
    })
    const shown = /nurture_clock_skew_seconds\{api="[^"]+"\} (\S+)/.exec(await metrics.text())
    expect(Math.abs(Number(shown?.[1]) - ahead / 1_000)).toBeLessThan(2)
    const warnings = logged.filter((line) => line.includes('synchronise it (NTP)'))
    if (correction === 0) {
      expect(body).toEqual({ store: 'up', engine: 'up' })
      expect(clock).toMatchObject({ ok: true })
      expect(warnings).toEqual([])
    } else {
      expect(Math.abs((body.clock?.[0]?.skewMs ?? 0) - ahead)).toBeLessThan(2_000)
      expect(clock).toMatchObject({ ok: false, message: expect.stringMatching(/(ahead of|behind) WeChat/) })
      expect(warnings).toHaveLength(1)
    }
  })
})

describe.skipIf(!inject('temporalAddress'))('a machine whose clock is 12 minutes ahead of WeChat', () => {
  it('refuses every callback, and logs the reason', async () => {
    const logged: string[] = []
    const app = await startAppHarness({
      temporalAddress: inject('temporalAddress'),
      wechatNow: () => Date.now() - 720_000,
      log: (line) => logged.push(line),
    })
    try {
      await app.addAccount({ appId: APP })
      for (let i = 0; i < FEWEST_SAMPLES; i++) {
        const { ok } = await app.simulator.account(APP).type('oRefused', `hi ${i}`)
        expect(ok).toBe(false)
      }
      const ready = await fetch(`${app.callbackUrl}/readyz`)
      expect(ready.status).toBe(200)
      const { clock } = (await ready.json()) as { clock: { refused: number; samples: number }[] }
      expect(clock).toMatchObject([{ correctionMs: 0 }])
      expect(clock[0]?.refused).toBe(clock[0]?.samples)
      expect(
        logged.filter((l) => l.includes('callbacks are refused because of their timestamp')),
      ).toHaveLength(1)
    } finally {
      await app.close()
    }
  })
})

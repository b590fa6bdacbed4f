import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type FollowerBody,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxqrcodes0000001'
const STEP = ['{ id: hello, after: 1s, send: { text: 你好 } }']

interface Code {
  ticket: string
  url: string
  imageUrl: string
  expiresAt: string | null
}

describe.skipIf(!inject('temporalAddress'))('QR codes with a scene', () => {
  let api: ApiHarness
  beforeAll(async () => {
    api = await startApiHarness()
    await api.addAccount({ appId: APP })
    const entry = (event: string, more = '') => `entry: { event: ${event}${more} }`
    await api.put(campaignYaml('expo', STEP, [entry('subscribe', ', qrScenes: [expo*]')]))
    await api.put(campaignYaml('again', STEP, [entry('scan', ', qrScenes: [booth]')]))
    await api.put(campaignYaml('tap', STEP, [entry('click')]))
    await api.put(campaignYaml('theirs', STEP, ['accounts: [wxqrcodes0000009]', entry('subscribe')]))
  })
  afterAll(() => api?.close())

  const make = <T = Code>(json: object) => api.call<T>('POST', '/api/qrcodes', { json })
  const scenes = async () => {
    const answer = await api.app.simulator.app.request(`/_sim/${APP}/oPhone/state`)
    return ((await answer.json()) as { account: { qrScenes: string[] } }).account.qrScenes
  }

  it('are permanent without a duration', async () => {
    const { status, body } = await make({ appId: APP, qrScene: '大堂' })
    expect(status).toBe(201)
    expect(body).toMatchObject({ ticket: expect.any(String), url: expect.stringMatching(/^http/) })
    expect(body.expiresAt).toBeNull()
    const picture = new URL(body.imageUrl)
    expect(picture.origin + picture.pathname).toBe('https://mp.weixin.qq.com/cgi-bin/showqrcode')
    expect(picture.searchParams.get('ticket')).toBe(body.ticket)
    expect(await scenes()).toContain('大堂')
  })

  it('are valid for the given duration, thirty days at most', async () => {
    const before = Date.now()
    const { status, body } = await make({ appId: APP, qrScene: 'short', expires: '30d' })
    expect(status).toBe(201)
    const lifetimeMs = Date.parse(body.expiresAt ?? '') - before
    expect(lifetimeMs).toBeGreaterThanOrEqual(30 * 86_400_000)
    expect(lifetimeMs).toBeLessThan(30 * 86_400_000 + 10_000)
  })

  it('start the campaign that they were created for when scanned', async () => {
    expect((await make({ appId: APP, qrScene: 'expo-7', campaign: 'expo' })).status).toBe(201)
    await api.app.simulator.account(APP).follow('oScans', { qrScene: 'expo-7' })
    const path = `/api/followers/${APP}/oScans`
    expect(await api.waitForBody<FollowerBody>(path, () => true)).toMatchObject({ campaign: 'expo' })
    expect((await make({ appId: APP, qrScene: 'booth', campaign: 'again' })).status).toBe(201)
  })

  it.each([
    ['that is not published', 'nothing', 'there is no campaign nothing'],
    ['with another scene', 'again', 'booth'],
    ['that begins with a menu tap', 'tap', 'click'],
    ['of another account', 'theirs', APP],
  ])('are not made for a campaign %s', async (_, campaign, why) => {
    const { status, body } = await make<ErrorBody>({ appId: APP, qrScene: 'expo-8', campaign })
    expect(status).toBe(422)
    expect(body.error.issues).toMatchObject([{ path: 'campaign', message: expect.stringContaining(why) }])
    expect(await scenes()).not.toContain('expo-8')
  })

  it('are refused with the path of each error', async () => {
    const invalid = { appId: APP, qrScene: '', expires: '31d', colour: 'red' }
    const { status, body } = await make<ErrorBody>(invalid)
    expect(status).toBe(422)
    expect(body.error.issues?.map((i) => i.path).sort()).toEqual(['colour', 'expires', 'qrScene'])
    for (const expires of ['0s', 'soon', '']) {
      expect((await make({ appId: APP, qrScene: 'a', expires })).status).toBe(422)
    }
    expect((await make({ appId: APP, qrScene: 'x'.repeat(65) })).status).toBe(422)
    expect((await make({ appId: 'wxnobody00000001', qrScene: 'a' })).status).toBe(404)
  })

  it('are created after WeChat has refused an expired token', async () => {
    api.app.simulator.account(APP).invalidateToken()
    expect((await make({ appId: APP, qrScene: 'fresh' })).status).toBe(201)
  })

  it('are refused with WeChat’s errcode', async () => {
    api.app.simulator.fault({ api: 'qrcode/create', errcode: 45029 })
    const { status, text } = await make({ appId: APP, qrScene: 'one-too-many' })
    expect(status).toBe(422)
    expect(text).toContain('45029')
  })

  it('are refused with the reason when WeChat does not answer', async () => {
    api.app.simulator.fault({ api: 'qrcode/create', status: 503 })
    const { status, body } = await make<ErrorBody>({ appId: APP, qrScene: 'away' })
    expect([status, body.error.code]).toEqual([503, 'wechat-unavailable'])
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSimulator, type Simulator } from '../index.ts'

const APP = 'wxtest0000000001'

let simulator: Simulator
beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response('success'))
  simulator = createSimulator()
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    name: '测试账号',
    callbackUrl: 'http://callback.invalid',
  })
})
afterEach(async () => {
  await simulator.close()
  vi.unstubAllGlobals()
})

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await simulator.app.request(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
const path = `/_sim/crowds/${APP}`

describe('the crowd of an account, by HTTP', () => {
  it('is started once, shown and stopped', async () => {
    expect((await call('GET', path)).body).toEqual({ state: 'none', version: 0 })
    const started = await call('POST', path, { followers: 100, seconds: 100, mix: { silent: 1 } })
    expect(started).toMatchObject({ status: 201, body: { state: 'arriving', settings: { followers: 100 } } })
    expect(await call('POST', path, { followers: 5 })).toMatchObject({
      status: 409,
      body: { error: expect.stringMatching(/runs already/) },
    })
    await expect.poll(async () => (await call('GET', path)).body.accepted).toBeGreaterThan(0)
    expect(await call('DELETE', path)).toMatchObject({ status: 200, body: { state: 'stopped' } })
    const again = await call('POST', path, { followers: 5, seconds: 1 })
    expect(again.status).toBe(201)
    expect(again.body.id).not.toBe(started.body.id)
  })

  it('keeps its followers out of the list of the accounts and of the page', async () => {
    await call('POST', path, { followers: 3, seconds: 1, mix: { silent: 1 } })
    await expect.poll(() => simulator.wechat.account(APP).followers.size).toBe(3)
    const { body } = await call('GET', '/_sim/accounts')
    expect(body.items).toMatchObject([{ appId: APP, followers: [] }])
    const [openId = ''] = simulator.wechat.account(APP).followers.keys()
    expect((await call('GET', `/_sim/${APP}/${openId}/state`)).body).toMatchObject({ following: true })
  })

  it('streams its view', async () => {
    await call('POST', path, { followers: 3, seconds: 1 })
    const answer = await simulator.app.request(`${path}/events`)
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toMatch(/^event: crowd\ndata: \{"state":"arriving"/)
    await reader.cancel()
  })

  it.each<[string, unknown, RegExp]>([
    ['too many followers', { followers: 20_001 }, /followers must be a whole number from 1 to 20000/],
    ['none', { followers: 0 }, /followers must be/],
    ['half a follower', { followers: 1.5 }, /followers must be/],
    ['more than an hour', { seconds: 3_601 }, /seconds must be/],
    ['too many at once', { followers: 20_000, seconds: 10 }, /at most 500 followers a second.*need 40 s/],
    ['nobody who does anything', { mix: { silent: 0 } }, /mix needs a behaviour above 0/],
    ['an unknown behaviour', { mix: { dances: 5 } }, /mix must have numbers/],
    ['no text', { reply: ' ' }, /reply must be/],
    ['a clock that is neither', { fastClock: 1 }, /fastClock must be true or false/],
    ['a clock that cannot be moved', { fastClock: true }, /clocks of this simulator cannot be moved/],
    ['an unknown field', { size: 5 }, /a crowd is \{followers, seconds, reply, mix, fastClock\}/],
    ['a list', [], /not a list/],
  ])('is refused with the wrong setting: %s', async (_, body, reason) => {
    const refused = await call('POST', path, body)
    expect(refused).toMatchObject({ status: 400, body: { error: expect.stringMatching(reason) } })
    expect((await call('GET', path)).body.state).toBe('none')
  })

  it('is refused for an unknown account, and for another site', async () => {
    expect(await call('POST', '/_sim/crowds/wxunknown', {})).toMatchObject({ status: 400 })
    const foreign = await call('POST', path, {}, { origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    const text = await simulator.app.request(path, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'text/plain' },
    })
    expect(text.status).toBe(415)
    expect((await call('GET', path)).body.state).toBe('none')
  })

  it('has a page, in both languages', async () => {
    const page = async (at: string, language: string) => {
      const answer = await simulator.app.request(at, { headers: { 'accept-language': language } })
      return { status: answer.status, html: await answer.text(), to: answer.headers.get('location') }
    }
    expect((await page('/crowd', 'zh-CN')).to).toBe(`/crowd/${APP}`)
    expect((await page(`/crowd/${APP}`, 'zh-CN')).html).toContain('<h1>人群</h1>')
    expect((await page(`/crowd/${APP}`, 'en')).html).toContain('<h1>Crowd</h1>')
    expect((await page('/crowd/wxunknown', 'en')).status).toBe(404)
  })
})

import { describe, expect, it } from 'vitest'
import { SIM_APP, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'
import { createSimulator } from '../../../index.ts'

const APP = 'wxtest0000000001'
const SEND = '/cgi-bin/message/custom/send'
const INFO = '/cgi-bin/user/info'
type Answer = Record<string, unknown>

async function startApi() {
  const clock = { now: Date.parse('2026-11-23T08:00:00Z') }
  const simulator = createSimulator({ now: () => clock.now })
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: null,
  })
  await simulator.account(APP).follow('oTest')
  const call = async (path: string, body?: unknown) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    return (await (await simulator.app.request(path, init)).json()) as Answer
  }
  const token = async () => {
    const body = { grant_type: 'client_credential', appid: APP, secret: 'test-secret' }
    return (await call('/cgi-bin/stable_token', body)).access_token
  }
  const first = await token()
  const at = (path: string) => `${path}?access_token=${first}`
  return {
    clock,
    simulator,
    call,
    at,
    info: () => call(`${at(INFO)}&openid=oTest`),
    send: () => call(at(SEND), { touser: 'oTest', msgtype: 'text', text: { content: '你好' } }),
    quota: (cgi_path: unknown) => call(at('/cgi-bin/openapi/quota/get'), { cgi_path }),
    clear: (appid: unknown = APP) => call(at('/cgi-bin/clear_quota'), { appid }),
  }
}

describe('the quota of an API', () => {
  // https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html
  it.each([
    ['/cgi-bin/token', 2_000],
    [SEND, 500_000],
    [INFO, 5_000_000],
    ['/cgi-bin/qrcode/create', 100_000],
    ['/cgi-bin/media/upload', 100_000],
    ['/cgi-bin/menu/create', 1_000],
    ['/cgi-bin/menu/get', 10_000],
    ['/cgi-bin/tags/members/batchtagging', 100_000],
  ])('%s has a daily limit of its own: %i', async (path, daily_limit) => {
    const { quota } = await startApi()
    expect(await quota(path)).toMatchObject({
      errcode: 0,
      quota: { daily_limit, used: 0, remain: daily_limit },
      rate_limit: { call_count: expect.any(Number), refresh_second: 60 },
    })
  })

  it('counts the calls of this API only', async () => {
    const { quota, info, send } = await startApi()
    for (let i = 0; i < 3; i++) await info()
    await send()
    expect(await quota(INFO)).toMatchObject({ quota: { used: 3, remain: 4_999_997 } })
    expect(await quota(SEND)).toMatchObject({ quota: { used: 1, remain: 499_999 } })
    expect(await quota('/cgi-bin/tags/get')).toMatchObject({ quota: { used: 0 } })
    expect(await quota('/cgi-bin/stable_token')).toMatchObject({ quota: { used: 1, daily_limit: 500_000 } })
  })

  it('ends with the last call of the day and starts again the next day', async () => {
    const { simulator, clock, info, quota } = await startApi()
    clock.now = Date.parse('2026-11-23T09:59:00Z')
    await info()
    simulator.wechat.account(APP).usage.counts.set(INFO, 4_999_999)
    expect(await info()).toMatchObject({ subscribe: 1 })
    expect(await info()).toMatchObject({ errcode: 45009 })
    expect(await quota(INFO)).toMatchObject({ quota: { used: 5_000_000, remain: 0 } })
    simulator.wechat.account(APP).usage.day -= 1
    expect(await info()).toMatchObject({ subscribe: 1 })
  })

  // https://developers.weixin.qq.com/doc/service/api/apimanage/api_getapiquota
  it.each([
    ['/cgi-bin/nothing', 76021],
    ['/x', 76021],
    ['', 76021],
    [undefined, 76021],
    [7, 76021],
    [`${SEND}/`, 76021],
    ['cgi-bin/message/custom/send', 76003],
    [`https://api.weixin.qq.com${SEND}`, 76003],
    ['/sns/jscode2session', 76022],
    ['/cgi-bin/component/api_create_preauthcode', 76022],
  ])('of %j is rejected with %i', async (path, errcode) => {
    const { quota } = await startApi()
    expect(await quota(path)).toMatchObject({ errcode })
  })
})

describe('the day’s use', () => {
  it('is cleared for every API at once', async () => {
    const { quota, info, send, clear } = await startApi()
    await info()
    await send()
    expect(await clear()).toMatchObject({ errcode: 0 })
    for (const path of [INFO, SEND]) expect(await quota(path)).toMatchObject({ quota: { used: 0 } })
  })

  it('can be cleared ten times a month, and again the next month', async () => {
    const { clear, clock, call } = await startApi()
    for (let i = 0; i < 10; i++) expect(await clear()).toMatchObject({ errcode: 0 })
    expect(await clear()).toMatchObject({
      errcode: 48006,
      errmsg: expect.stringMatching(/^forbid to clear quota because of reaching the limit/),
    })
    // December begins in Beijing eight hours before it does in UTC.
    clock.now = Date.parse('2026-11-30T16:00:00Z')
    const body = { grant_type: 'client_credential', appid: APP, secret: 'test-secret' }
    const { access_token } = await call('/cgi-bin/stable_token', body)
    expect(await call(`/cgi-bin/clear_quota?access_token=${access_token}`, { appid: APP })).toMatchObject({
      errcode: 0,
    })
  })

  it.each([['wxother000000001'], [null], [7]])('is not cleared for another appid: %j', async (appid) => {
    const { clear } = await startApi()
    expect(await clear(appid)).toMatchObject({ errcode: 40013 })
  })
})

describe('clear_quota/v2', () => {
  it('authenticates by the secret, in the query or the body', async () => {
    const { simulator } = await startSimulatorApi()
    async function clear(query: string, body?: object): Promise<unknown> {
      const answer = await simulator.app.request(`/cgi-bin/clear_quota/v2${query}`, {
        method: 'POST',
        body: body ? JSON.stringify(body) : '',
      })
      return answer.json()
    }
    const ok = { errcode: 0, errmsg: 'ok' }
    expect(await clear(`?appid=${SIM_APP}&appsecret=test-secret`)).toEqual(ok)
    expect(await clear('', { appid: SIM_APP, appsecret: 'test-secret' })).toEqual(ok)
    expect(await clear('')).toMatchObject({ errcode: 41002 })
    expect(await clear('?appid=wxother0000000001')).toMatchObject({ errcode: 40013 })
    expect(await clear(`?appid=${SIM_APP}`)).toMatchObject({ errcode: 41004 })
    expect(await clear(`?appid=${SIM_APP}&appsecret=wrong`)).toMatchObject({ errcode: 40125 })
  })
})

import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signatureOf } from '../../src/wechat/callback/crypto.ts'
import { type ApiHarness, startApiHarness } from '../harness/api-harness.ts'

const APP = 'wxaddress00000001'

let api: ApiHarness
let base: URL
beforeAll(async () => {
  api = await startApiHarness({ platform: true })
  await api.app.addAccount({ appId: APP, token: 'test-token', mode: 'plain' })
  base = new URL(api.app.callbackUrl)
})
afterAll(() => api?.close())

/** Sends a request with the path unchanged. `fetch` would normalise it. */
function ask(method: string, path: string, body = '') {
  return new Promise<{ status?: number; type?: string; location?: string; text: string }>((done, failed) => {
    const { hostname, port } = base
    request({ hostname, port, method, path }, (res) => {
      let text = ''
      res.on('data', (part) => {
        text += part
      })
      res.on('end', () => {
        const { 'content-type': type, location } = res.headers
        done({
          text,
          ...(res.statusCode ? { status: res.statusCode } : {}),
          ...(type ? { type } : {}),
          ...(location ? { location } : {}),
        })
      })
    })
      .on('error', failed)
      .end(body)
  })
}

const check = `timestamp=1&nonce=2&echostr=hello&signature=${signatureOf('test-token', '1', '2')}`

describe('the callback address that was entered at WeChat', () => {
  it.each([`/wechat/${APP}`, `/wechat/${APP}/`, `//wechat/${APP}`, `/wechat//${APP}//`])(
    'is served: %s',
    async (path) => {
      expect(await ask('GET', `${path}?${check}`)).toMatchObject({ status: 200, text: 'hello' })
    },
  )

  it.each([
    ['GET', '/wechat', 404],
    ['POST', '/wechat', 404],
    ['GET', '/wechat/', 404],
    ['POST', '//wechat//', 404],
    ['POST', `/wechat/${APP}/more`, 404],
    ['GET', '/wechat/component/nothing', 404],
    ['PUT', `/wechat/${APP}`, 405],
    ['GET', '/WeChat', 404],
    ['GET', '/wechat%2F', 404],
  ])('is refused with plain text, and not redirected: %s %s', async (method, path, status) => {
    const answer = await ask(method, `${path}?${check}`)
    expect(answer).toMatchObject({ status, type: expect.stringContaining('text/plain') })
    expect(answer.location).toBeUndefined()
  })

  it('is counted when it is wrong', async () => {
    const before = api.app.services.callbackCounts.refused
    await ask('POST', '/wechat')
    expect(api.app.services.callbackCounts.refused).toBe(before + 1)
  })

  it('of the platform is accepted with an extra slash', async () => {
    expect((await ask('POST', '/wechat/component/')).status).toBe(400)
    expect((await ask('GET', '//wechat/component/authorized/')).type).toContain('text/html')
  })
})

describe('an account whose mode differs from WeChat’s', () => {
  const signed = () => {
    const timestamp = String(Math.floor(Date.now() / 1000))
    return `timestamp=${timestamp}&nonce=2&signature=${signatureOf('test-token', timestamp, '2')}`
  }
  const sealed = '<xml><ToUserName>gh_1</ToUserName><Encrypt>QUJD</Encrypt></xml>'
  const plain = `<xml><ToUserName>gh_1</ToUserName><FromUserName>oOne</FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime><MsgType>event</MsgType><Event>VIEW</Event></xml>`
  const callbackCheck = async (appId: string) => {
    const { body } = await api.call<{ checks: { check: string }[] }>('POST', `/api/accounts/${appId}/verify`)
    return body.checks.find((c) => c.check === 'callback')
  }
  /** The problem is written after the response. */
  const shows = (appId: string, check: object) =>
    expect.poll(() => callbackCheck(appId)).toMatchObject({ check: 'callback', ...check })

  it('shows the difference and the remedy until a push with its mode arrives', async () => {
    expect(await ask('POST', `/wechat/${APP}?${signed()}`, sealed)).toMatchObject({
      status: 401,
      text: 'refused',
    })
    await shows(APP, {
      ok: false,
      message: expect.stringMatching(/modes differ.*registered as plain.*encrypted/),
      remedy: expect.stringMatching(/明文模式.*PATCH .*"mode": "security", "encodingAesKey"/),
    })
    expect(await ask('POST', `/wechat/${APP}?${signed()}`, plain)).toMatchObject({ status: 200 })
    await shows(APP, { ok: true })
  })

  it('shows the opposite difference, and none once the account was changed', async () => {
    const appId = 'wxaddress00000002'
    await api.app.addAccount({ appId, token: 'test-token', mode: 'security' })
    expect(await ask('POST', `/wechat/${appId}?${signed()}`, plain)).toMatchObject({
      status: 401,
      text: 'refused',
    })
    await shows(appId, {
      ok: false,
      message: expect.stringMatching(/registered as security.*plain/),
      remedy: expect.stringMatching(/安全模式.*"mode": "plain"/),
    })
    await api.call('PATCH', `/api/accounts/${appId}`, { json: { mode: 'plain' } })
    expect(await ask('POST', `/wechat/${appId}?${signed()}`, plain)).toMatchObject({ status: 200 })
    await shows(appId, { ok: true })
  })

  it('reveals no details to the caller at the platform’s address', async () => {
    for (const body of [sealed, plain]) {
      expect(await ask('POST', `/wechat/component?${signed()}`, body)).toMatchObject({
        status: 401,
        text: 'refused',
      })
    }
  })
})

import { describe, expect, it } from 'vitest'
import { createSimulator } from '../index.ts'

const APP = 'wxtest0000000001'

interface Answer {
  status: number
  contentType: string
  errcode?: number
  errmsg?: string
  [field: string]: unknown
}

/** A simulator with one account, and requests to it. */
async function startApi() {
  const simulator = createSimulator()
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: null,
  })
  simulator.wechat.follower({ appId: APP, openId: 'oTest' }).following = true
  async function call(method: string, path: string, body?: string): Promise<Answer> {
    const response = await simulator.app.request(path, { method, ...(body === undefined ? {} : { body }) })
    const text = await response.text()
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      ...(text === '' ? {} : (JSON.parse(text) as object)),
    }
  }
  const body = JSON.stringify({ grant_type: 'client_credential', appid: APP, secret: 'test-secret' })
  const { access_token } = await call('POST', '/cgi-bin/stable_token', body)
  return {
    simulator,
    call,
    at: (path: string) => `${path}?access_token=${access_token}`,
    token: access_token,
  }
}

const SEND = '/cgi-bin/message/custom/send'
const INFO = '/cgi-bin/user/info'

describe('an unknown path', () => {
  it.each([
    ['POST', '/cgi-bin/nothing'],
    ['GET', '/cgi-bin/nothing'],
    ['POST', '/nothing'],
    ['GET', '/'.concat('cgi-bin')],
    ['POST', `${SEND}/`],
    ['POST', `/${SEND}`],
    ['POST', '/cgi-bin/message/custom/Send'],
    ['GET', `${INFO}/`],
    ['POST', '/customservice/nothing'],
    ['POST', '/sns/nothing'],
    ['POST', '/cgi-bin/component/api_nothing'],
    ['GET', '/cgi-bin/component/api_nothing'],
    ['POST', '/cgi-bin/component/constructor'],
    ['POST', '/cgi-bin/component/api_component_token/'],
    ['PUT', '/cgi-bin/nothing'],
    ['DELETE', '/cgi-bin/nothing'],
    ['OPTIONS', '/cgi-bin/nothing'],
  ])('%s %s is answered with 40066 as JSON', async (method, path) => {
    const { call, at } = await startApi()
    for (const url of [at(path), path]) {
      expect(await call(method, url, method === 'GET' ? undefined : '{}')).toEqual({
        status: 200,
        contentType: expect.stringContaining('application/json'),
        errcode: 40066,
        errmsg: expect.stringMatching(/^invalid url rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/),
      })
    }
  })

  it('is answered without a body to HEAD', async () => {
    const { call, at } = await startApi()
    expect(await call('HEAD', at('/cgi-bin/nothing'))).toMatchObject({ status: 200 })
  })

  it('below /_sim is answered with 404', async () => {
    const { call } = await startApi()
    expect(await call('GET', '/_sim/nothing/at/all/here')).toMatchObject({
      status: 404,
      error: expect.any(String),
    })
  })
})

describe('an unsupported method', () => {
  it.each([
    ['GET', SEND, 43002],
    ['HEAD', '/cgi-bin/user/info', null],
    ['PUT', SEND, 43002],
    ['DELETE', SEND, 43002],
    ['OPTIONS', SEND, 43002],
    ['GET', '/cgi-bin/tags/create', 43002],
    ['GET', '/cgi-bin/media/upload', 43002],
    ['GET', '/cgi-bin/qrcode/create', 43002],
    ['GET', '/cgi-bin/openapi/quota/get', 43002],
    ['POST', INFO, 43001],
    ['POST', '/cgi-bin/menu/get', 43001],
    ['POST', '/cgi-bin/getcallbackip', 43001],
    ['PUT', INFO, 43001],
  ])('%s %s is answered with %s', async (method, path, errcode) => {
    const { call, at } = await startApi()
    const answer = await call(method, at(path), method === 'GET' || method === 'HEAD' ? undefined : '{}')
    expect(answer).toMatchObject({ status: 200, contentType: expect.stringContaining('application/json') })
    if (errcode !== null) expect(answer.errcode).toBe(errcode)
  })

  it.each([
    ['GET', '/cgi-bin/stable_token', 43002],
    ['POST', '/cgi-bin/token', 43001],
    ['GET', '/cgi-bin/component/api_component_token', 43002],
  ])('%s %s is rejected without a token too', async (method, path, errcode) => {
    const { call } = await startApi()
    const answer = await call(method, path, method === 'GET' ? undefined : '{}')
    expect(answer).toMatchObject({ status: 200, errcode, errmsg: expect.stringMatching(/^require /) })
  })

  it('is reported after a missing or unknown token', async () => {
    const { call } = await startApi()
    expect(await call('GET', SEND)).toMatchObject({ errcode: 41001 })
    expect(await call('GET', `${SEND}?access_token=made-up`)).toMatchObject({ errcode: 40001 })
  })
})

describe('a malformed request', () => {
  it.each([
    ['no token', SEND, '{}', 41001],
    ['an empty token', `${SEND}?access_token=`, '{}', 41001],
  ])('with %s is rejected', async (_, path, body, errcode) => {
    const { call } = await startApi()
    expect(await call('POST', path, body)).toMatchObject({
      errcode,
      errmsg: expect.stringMatching(/^access_token missing/),
    })
  })

  it.each([
    ['nothing', '', 44002],
    ['truncated JSON', '{"touser":', 47001],
    ['a list', '[]', 47001],
    ['a text', '"x"', 47001],
    ['null', 'null', 47001],
    ['a form', 'touser=oTest&msgtype=text', 47001],
    ['HTML', '<html></html>', 47001],
  ])('with %s in its body is rejected', async (_, body, errcode) => {
    const { call, at } = await startApi()
    for (const path of [SEND, '/cgi-bin/tags/create', '/cgi-bin/qrcode/create'])
      expect(await call('POST', at(path), body)).toMatchObject({ status: 200, errcode })
    const component = await call('POST', '/cgi-bin/component/api_query_auth', body)
    expect(component).toMatchObject({ status: 200, errcode })
  })

  // https://developers.weixin.qq.com/doc/channels/API/basics/commErrCode.html
  it('to the component API without component_appid is rejected', async () => {
    const { call } = await startApi()
    const path = '/cgi-bin/component/api_query_auth?component_access_token=x'
    expect(await call('POST', path, '{}')).toMatchObject({ errcode: 41018 })
    expect(await call('POST', path, '{"component_appid":"wxother"}')).toMatchObject({ errcode: 61011 })
  })

  // https://developers.weixin.qq.com/community/develop/doc/000a06f6edc78040aa11517ab6b800
  it.each([`grant_type=client_credential&appid=${APP}&secret=test-secret`, '', '[]', '{'])(
    'for a token with the body %j has no appid',
    async (body) => {
      const { call } = await startApi()
      expect(await call('POST', '/cgi-bin/stable_token', body)).toMatchObject({ errcode: 41002 })
    },
  )

  it.each([
    ['no parts', 'x'],
    ['broken parts', '--x\r\n'],
  ])('for an upload with %s is answered with JSON', async (_, body) => {
    const { simulator, at } = await startApi()
    const url = `${at('/cgi-bin/media/upload')}&type=image`
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const response = await simulator.app.request(url, { method: 'POST', body, headers })
    expect(((await response.json()) as Answer).errcode).not.toBe(0)
  })
})

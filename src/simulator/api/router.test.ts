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

/** A simulator with one account, its token, and whatever request a test makes. */
async function platform() {
  const simulator = createSimulator()
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: null,
  })
  simulator.wechat.follower({ appId: APP, openId: 'oTest' }).following = true
  async function ask(method: string, path: string, body?: string): Promise<Answer> {
    const response = await simulator.app.request(path, { method, ...(body === undefined ? {} : { body }) })
    const text = await response.text()
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      ...(text === '' ? {} : (JSON.parse(text) as object)),
    }
  }
  const body = JSON.stringify({ grant_type: 'client_credential', appid: APP, secret: 'test-secret' })
  const { access_token } = await ask('POST', '/cgi-bin/stable_token', body)
  return { simulator, ask, at: (path: string) => `${path}?access_token=${access_token}`, token: access_token }
}

const SEND = '/cgi-bin/message/custom/send'
const INFO = '/cgi-bin/user/info'

describe('a path that WeChat does not have', () => {
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
    const { ask, at } = await platform()
    for (const asked of [at(path), path]) {
      expect(await ask(method, asked, method === 'GET' ? undefined : '{}')).toEqual({
        status: 200,
        contentType: expect.stringContaining('application/json'),
        errcode: 40066,
        errmsg: expect.stringMatching(/^invalid url rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/),
      })
    }
  })

  it('is answered without a body to HEAD', async () => {
    const { ask, at } = await platform()
    expect(await ask('HEAD', at('/cgi-bin/nothing'))).toMatchObject({ status: 200 })
  })

  it('is told apart from the simulator’s own calls', async () => {
    const { ask } = await platform()
    expect(await ask('GET', '/_sim/nothing/at/all/here')).toMatchObject({
      status: 404,
      error: expect.any(String),
    })
  })
})

describe('a method that an API does not serve', () => {
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
    const { ask, at } = await platform()
    const answer = await ask(method, at(path), method === 'GET' || method === 'HEAD' ? undefined : '{}')
    expect(answer).toMatchObject({ status: 200, contentType: expect.stringContaining('application/json') })
    if (errcode !== null) expect(answer.errcode).toBe(errcode)
  })

  it.each([
    ['GET', '/cgi-bin/stable_token', 43002],
    ['POST', '/cgi-bin/token', 43001],
    ['GET', '/cgi-bin/component/api_component_token', 43002],
  ])('%s %s needs no token to be refused', async (method, path, errcode) => {
    const { ask } = await platform()
    const answer = await ask(method, path, method === 'GET' ? undefined : '{}')
    expect(answer).toMatchObject({ status: 200, errcode, errmsg: expect.stringMatching(/^require /) })
  })

  it('is asked for its token first, as a browser sees it', async () => {
    const { ask } = await platform()
    expect(await ask('GET', SEND)).toMatchObject({ errcode: 41001 })
    expect(await ask('GET', `${SEND}?access_token=made-up`)).toMatchObject({ errcode: 40001 })
  })
})

describe('a request that WeChat cannot read', () => {
  it.each([
    ['no token', SEND, '{}', 41001],
    ['an empty token', `${SEND}?access_token=`, '{}', 41001],
  ])('%s', async (_, path, body, errcode) => {
    const { ask } = await platform()
    expect(await ask('POST', path, body)).toMatchObject({
      errcode,
      errmsg: expect.stringMatching(/^access_token missing/),
    })
  })

  it.each([
    ['nothing', '', 44002],
    ['half of it', '{"touser":', 47001],
    ['a list', '[]', 47001],
    ['a text', '"x"', 47001],
    ['null', 'null', 47001],
    ['a form', 'touser=oTest&msgtype=text', 47001],
    ['HTML', '<html></html>', 47001],
  ])('%s in its body', async (_, body, errcode) => {
    const { ask, at } = await platform()
    for (const path of [SEND, '/cgi-bin/tags/create', '/cgi-bin/qrcode/create'])
      expect(await ask('POST', at(path), body)).toMatchObject({ status: 200, errcode })
    const component = await ask('POST', '/cgi-bin/component/api_query_auth', body)
    expect(component).toMatchObject({ status: 200, errcode })
  })

  // https://developers.weixin.qq.com/doc/channels/API/basics/commErrCode.html
  it('a platform’s call has no component_appid', async () => {
    const { ask } = await platform()
    const path = '/cgi-bin/component/api_query_auth?component_access_token=x'
    expect(await ask('POST', path, '{}')).toMatchObject({ errcode: 41018 })
    expect(await ask('POST', path, '{"component_appid":"wxother"}')).toMatchObject({ errcode: 61011 })
  })

  // https://developers.weixin.qq.com/community/develop/doc/000a06f6edc78040aa11517ab6b800
  it.each([`grant_type=client_credential&appid=${APP}&secret=test-secret`, '', '[]', '{'])(
    'a token call whose body is %j has no appid',
    async (body) => {
      const { ask } = await platform()
      expect(await ask('POST', '/cgi-bin/stable_token', body)).toMatchObject({ errcode: 41002 })
    },
  )

  it.each([
    ['no parts', 'x'],
    ['broken parts', '--x\r\n'],
  ])('an upload with %s is answered as JSON', async (_, body) => {
    const { simulator, at } = await platform()
    const url = `${at('/cgi-bin/media/upload')}&type=image`
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const response = await simulator.app.request(url, { method: 'POST', body, headers })
    expect(((await response.json()) as Answer).errcode).not.toBe(0)
  })
})

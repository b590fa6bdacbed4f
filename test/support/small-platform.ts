import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import * as wecom from '@wecom/crypto'
import { XMLParser } from 'fast-xml-parser'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'

export const COMPONENT = 'wxcomponent000001'
export const ACCOUNT = 'wxtest0000000001'
export const GH = 'gh_test00000001'
export const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const TOKEN = 'component-token'
const T0 = Date.parse('2026-11-23T08:00:00Z')
const parser = new XMLParser({ parseTagValue: false })

type Fields = Record<string, string>
interface Answer {
  errcode?: number
  [field: string]: unknown
}

/** What came to the small product: the path, the query, what stood outside and inside the seal, and its trailing id. */
export interface Seen {
  path: string
  query: Fields
  outer: Fields
  inner: Fields
  trailingId: string
  signed: boolean
}

/** A platform in a hundred lines, and the simulated WeChat that it serves; a test says what it answers. */
export async function smallPlatform(
  options: Partial<Parameters<Simulator['addComponent']>[0]> = {},
  answerWithinMs = 5_000,
  statePath?: string,
) {
  const clock = { now: T0 }
  const product = {
    key: KEY,
    seen: [] as Seen[],
    onAuthorisation: (_: Fields): string | Promise<string> => 'success',
    onMessage: (_: Fields, _appId: string): string | Promise<string> => 'success',
  }
  const app = new Hono()
  app.post('/wechat/component', async (c) => {
    const { inner } = open(c.req.path, c.req.query(), await c.req.text())
    return c.text(await product.onAuthorisation(inner))
  })
  app.post('/wechat/:appId', async (c) => {
    const { inner, query } = open(c.req.path, c.req.query(), await c.req.text())
    const answer = await product.onMessage(inner, c.req.param('appId'))
    return c.text(answer.startsWith('<xml>') ? seal(answer, query.nonce ?? '') : answer)
  })
  const { server, url } = await listening(app)
  const simulator = createSimulator({
    now: () => clock.now,
    answerWithinMs,
    ...(statePath ? { statePath } : {}),
  })
  simulator.addAccount({
    appId: ACCOUNT,
    appSecret: 'test-secret',
    token: 'own-token',
    mode: 'plain',
    originalId: GH,
    name: '测试账号',
    callbackUrl: 'http://own.invalid',
  })
  const component = simulator.addComponent({
    appId: COMPONENT,
    appSecret: 'component-secret',
    token: TOKEN,
    aesKey: KEY,
    authorisationUrl: `${url}/wechat/component`,
    callbackUrl: `${url}/wechat/$APPID$`,
    ...options,
  })

  function open(path: string, query: Fields, body: string): Seen {
    const outer = parser.parse(body).xml as Fields
    const encrypted = outer.Encrypt ?? ''
    const expected = wecom.getSignature(TOKEN, query.timestamp ?? '', query.nonce ?? '', encrypted)
    const opened = wecom.decrypt(product.key, encrypted)
    if (opened.id !== COMPONENT) throw new HTTPException(401)
    const inner = parser.parse(opened.message).xml as Fields
    const signed = query.msg_signature === expected && query.encrypt_type === 'aes'
    const seen = { path, query, outer, inner, trailingId: opened.id, signed }
    product.seen.push(seen)
    return seen
  }

  function seal(message: string, nonce: string): string {
    const Encrypt = wecom.encrypt(product.key, message, COMPONENT)
    const stamp = String(Math.floor(clock.now / 1000))
    const signature = wecom.getSignature(TOKEN, stamp, nonce, Encrypt)
    return `<xml><Encrypt>${Encrypt}</Encrypt><MsgSignature>${signature}</MsgSignature><TimeStamp>${stamp}</TimeStamp><Nonce>${nonce}</Nonce></xml>`
  }

  async function post(path: string, body: unknown): Promise<Answer> {
    const answer = await simulator.app.request(path, { method: 'POST', body: JSON.stringify(body) })
    return (await answer.json()) as Answer
  }
  const ask = (call: string, token: string, body: object = {}, name = 'access_token') =>
    post(`/cgi-bin/component/${call}?${name}=${token}`, { component_appid: COMPONENT, ...body })
  const askToken = (ticket: unknown, secret = 'component-secret') =>
    post('/cgi-bin/component/api_component_token', {
      component_appid: COMPONENT,
      component_appsecret: secret,
      component_verify_ticket: ticket,
    })
  /** A ticket, then a component access token. */
  async function componentToken(): Promise<string> {
    await component.pushTicket()
    return String((await askToken(component.pushedTickets.at(-1)?.ticket)).component_access_token)
  }
  const preAuthCode = async (token: string) =>
    String((await ask('api_create_preauthcode', token)).pre_auth_code)
  const queryAuth = async (token: string, code: string) =>
    (await ask('api_query_auth', token, { authorization_code: code })).authorization_info as Fields
  /** The account agrees, and its tokens are fetched. */
  async function authorised(funcs?: number[]) {
    const token = await componentToken()
    const consent = await component.authorise(await preAuthCode(token), ACCOUNT, funcs ? { funcs } : {})
    const info = await queryAuth(token, consent.authCode)
    return {
      token,
      consent,
      accessToken: String(info.authorizer_access_token),
      refreshToken: String(info.authorizer_refresh_token),
    }
  }
  const send = (accessToken: string, touser: string, content = '你好') =>
    post(`/cgi-bin/message/custom/send?access_token=${accessToken}`, {
      touser,
      msgtype: 'text',
      text: { content },
    })
  const refresh = (token: string, refreshToken: string) =>
    ask('api_authorizer_token', token, {
      authorizer_appid: ACCOUNT,
      authorizer_refresh_token: refreshToken,
    })

  return {
    clock,
    product,
    simulator,
    component,
    url,
    wechat: simulator.account(ACCOUNT),
    post,
    ask,
    askToken,
    componentToken,
    preAuthCode,
    queryAuth,
    authorised,
    send,
    refresh,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}
export type SmallPlatform = Awaited<ReturnType<typeof smallPlatform>>

/** A passive text, not yet sealed. */
export function textReply(to: Fields, content: string): string {
  return `<xml><ToUserName>${to.FromUserName}</ToUserName><FromUserName>${to.ToUserName}</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>${content}</Content></xml>`
}

async function listening(app: Hono): Promise<{ server: ServerType; url: string }> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (at: AddressInfo) =>
      resolve({ server, url: `http://127.0.0.1:${at.port}` }),
    )
  })
}

import { type Context, Hono } from 'hono'
import {
  type Authorisation,
  authoriserOf,
  type ComponentState,
  maySend,
} from '../platform/component-state.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState, SimFollower } from '../state/model.ts'
import type { SimTokens } from '../state/tokens.ts'
import { type Answer, failed, parseObject, withFaults } from './fault-responses.ts'
import type { Fault, Faults } from './faults.ts'
import { CUSTOM_SEND, countCall } from './quota.ts'

/** The part of the simulated WeChat that the API uses. */
export interface ApiContext {
  accounts: Map<string, SimAccountState>
  tokens: Map<string, SimTokens>
  components: Map<string, ComponentState>
  faults: Faults
  /** Real time, epoch ms. */
  now(): number
  clockOf(follower: SimFollower): number
  /** Reports that a page shows something that has changed. */
  changed(appId: string, openId: string): void
  recordSend: SimulatedWechat['recordSend']
  /** As `changed`, for every follower of an account. */
  accountChanged(appId: string): void
  act: SimulatedWechat['act']
  notify: SimulatedWechat['notify']
}

type Method = 'GET' | 'POST'

/** One request with a valid token. */
export interface Call {
  c: Context
  account: SimAccountState
  /** The `access_token` of the query. */
  token: string
  /** The authorisation that the token belongs to, when a platform calls for the account. */
  authorisation: Authorisation | null
  /** The raw JSON body; '' for GET and forms. */
  raw: string
  /** The parsed JSON body; empty for GET and forms. */
  body: Record<string, unknown>
  /** The fault that applies to the call; empty without one. */
  fault: Fault
}

/** Handles one call. Returns WeChat's JSON answer, or a `Response` for a file. */
export type Handle = (call: Call) => Answer | Response | Promise<Answer | Response>

interface RouteOptions {
  /** The body of a POST. `form`: the handler reads `c.req.parseBody()` itself. Default: `json`. */
  body?: 'json' | 'form'
  /** Accounts without certification may make the call too. */
  forEveryAccount?: boolean
  /** The call sends customer-service messages: a platform needs that permission (61007). */
  sendsMessages?: boolean
  /** Called when a fault prevents the call: with the errcode of the answer, or null when there is no answer. */
  onFault?: (account: SimAccountState, body: Record<string, unknown>, errcode: number | null) => void
}

/** Registers the calls of each API area: `registerXxx(router)` in a file of its own. */
export interface Router {
  app: Hono
  wechat: ApiContext
  /** Adds a call with `access_token=` in the query. Token, body and certification are checked before `handle` runs. */
  route(method: Method, path: string, handle: Handle, options?: RouteOptions): void
  /** Adds a call without an access token. `handle` checks the whole request. */
  open(method: Method, path: string, handle: OpenHandle): void
  /** Whether the account API has this path. */
  knows(path: string): boolean
}

export type OpenHandle = (c: Context) => Response | Promise<Response>

/** The calls of one path, by method. */
interface Endpoint {
  handlers: Map<Method, OpenHandle>
  /** Whether one of the calls needs an access token. */
  needsToken: boolean
}

export function createRouter(wechat: ApiContext): Router {
  const app = new Hono()
  const endpoints = new Map<string, Endpoint>()
  // An exception in a handler is answered as WeChat's own failure (-1), never with an error page.
  app.onError((err, c) => c.json(failed(-1, `system error: ${err.message}`)))

  function add(method: Method, path: string, needsToken: boolean, handle: OpenHandle): void {
    const known = endpoints.get(path)
    const endpoint = known ?? { handlers: new Map(), needsToken }
    endpoint.handlers.set(method, handle)
    endpoint.needsToken ||= needsToken
    if (known) return
    endpoints.set(path, endpoint)
    app.all(path, (c) => {
      const found = endpoint.handlers.get(c.req.method === 'HEAD' ? 'GET' : (c.req.method as Method))
      return found ? found(c) : c.json(wrongMethod(wechat, c, endpoint))
    })
  }

  return {
    app,
    wechat,
    route(method, path, handle, options = {}) {
      add(method, path, true, (c) => serve(wechat, c, { method, path, handle, options }))
    },
    open: (method, path, handle) => add(method, path, false, handle),
    knows: (path) => endpoints.has(path),
  }
}

/**
 * WeChat answers an unknown path with 40066: "请检查API的URL是否与文档一致"
 * (https://developers.weixin.qq.com/doc/channels/API/basics/commErrCode.html), seen at made-up paths like
 * `shop/kf/message/send` with a valid token. Like its other errors, this is JSON with HTTP status 200. Inferred: a trailing
 * slash makes a different path, and the token is not checked first.
 */
export function unknownPath(c: Context): Response {
  return c.json(failed(40066))
}

/**
 * 43002 where only POST is supported, 43001 where only GET is. A missing token is reported first: a POST call opened in a
 * browser answers 41001 access_token missing. The order of an invalid token and a wrong method is inferred.
 * Source: 全局返回码; WxJava issue 2070 (43001) and pull request 3692 (43002), both with a valid token
 */
function wrongMethod(wechat: ApiContext, c: Context, endpoint: Endpoint): Answer {
  const token = c.req.query('access_token') ?? ''
  if (endpoint.needsToken && !token) return failed(41001)
  const code = endpoint.needsToken ? tokenOwnerOf(wechat, token).check() : 0
  return failed(code !== 0 ? code : endpoint.handlers.has('POST') ? 43002 : 43001)
}

interface Route {
  method: Method
  path: string
  handle: Handle
  options: RouteOptions
}

async function serve(wechat: ApiContext, c: Context, route: Route): Promise<Response> {
  const { method, path, handle, options } = route
  const token = c.req.query('access_token') ?? ''
  const owner = tokenOwnerOf(wechat, token)
  const { account } = owner
  const isJson = method === 'POST' && options.body !== 'form'
  const raw = isJson ? await c.req.text() : ''
  const body = isJson ? parseObject(raw) : {}
  const openId = typeof body?.touser === 'string' ? body.touser : null
  return withFaults(
    wechat.faults,
    c,
    account?.appId ?? null,
    async (fault) => {
      if (!token) return failed(41001)
      if (!account) return failed(owner.check())
      account.calls.set(path, (account.calls.get(path) ?? 0) + 1)
      const code = owner.check()
      if (code !== 0) return failed(code)
      const { authorisation } = owner
      if (options.sendsMessages && authorisation && !maySend(authorisation)) return failed(61007)
      if (isJson && !body) return failed(raw === '' ? 44002 : 47001)
      if (!account.certified && !options.forEveryAccount) return failed(48001)
      // `custom/send` counts itself, so that the send log has the requests that exceed a limit.
      const limit = path === CUSTOM_SEND ? 0 : countCall(account, path, wechat.now())
      if (limit !== 0) return failed(limit)
      return handle({ c, account, token, authorisation, raw, body: body ?? {}, fault })
    },
    openId,
    (errcode) => account && options.onFault?.(account, body ?? {}, errcode),
  )
}

interface TokenOwner {
  account: SimAccountState | null
  authorisation: Authorisation | null
  /** WeChat's answer to the token: 0, or a code. */
  check(): number
}

/** The account of a token: the account's own token, or one that a platform obtained for it. */
function tokenOwnerOf(wechat: ApiContext, token: string): TokenOwner {
  const { now } = wechat
  const own = [...wechat.accounts.values()].find((a) => wechat.tokens.get(a.appId)?.owns(token))
  if (own)
    return {
      account: own,
      authorisation: null,
      check: () => wechat.tokens.get(own.appId)?.check(token, now()) ?? 40001,
    }
  const found = authoriserOf(wechat.components.values(), token)
  if (!found) {
    const isComponentToken = [...wechat.components.values()].some((c) => c.tokens.owns(token))
    return { account: null, authorisation: null, check: () => (isComponentToken ? 61015 : 40001) }
  }
  const { authorisation, withdrawn } = found
  return {
    account: wechat.accounts.get(authorisation.appId) ?? null,
    authorisation,
    check: () => (withdrawn ? 61003 : authorisation.tokens.check(token, now())),
  }
}

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
import { type Answer, failed, parse, withFaults } from './fault-responses.ts'
import type { Fault, Faults } from './faults.ts'
import { CUSTOM_SEND, countCall } from './quota.ts'

/** What the API side needs of the simulated platform. */
export interface ApiContext {
  accounts: Map<string, SimAccountState>
  tokens: Map<string, SimTokens>
  components: Map<string, ComponentState>
  faults: Faults
  /** Real time. */
  now(): number
  clockOf(follower: SimFollower): number
  /** Something that a page shows has changed. */
  changed(appId: string, openId: string): void
  /** The same, for every follower of an account. */
  accountChanged(appId: string): void
  act: SimulatedWechat['act']
  notify: SimulatedWechat['notify']
}

type Method = 'GET' | 'POST'

/** One request whose token is good. */
export interface Call {
  c: Context
  account: SimAccountState
  /** The `access_token` of the query. */
  token: string
  /** The consent that the token belongs to, where a platform calls for the account. */
  authorisation: Authorisation | null
  /** The body as it came; '' where it is no JSON. */
  raw: string
  /** The JSON body; empty for GET and forms. */
  body: Record<string, unknown>
  /** What goes wrong with it, if anything does. */
  fault: Fault
}

/** JSON for an answer of WeChat's; a `Response` where it is a file. */
export type Handle = (call: Call) => Answer | Response | Promise<Answer | Response>

interface RouteOptions {
  /** What a POST carries. `form`: the handler reads `c.req.parseBody()` itself. Default `json`. */
  body?: 'json' | 'form'
  /** Accounts without certification may call it too. */
  forEveryAccount?: boolean
  /** It sends customer-service messages: a platform needs that permission for it (61007). */
  sendsMessages?: boolean
  /** Told when a fault keeps a call from being done: the errcode it is answered with, or null for no answer. */
  onFault?: (account: SimAccountState, body: Record<string, unknown>, errcode: number | null) => void
}

/** What each area of the API registers its calls with: `registerXxx(router)` in a file of its own. */
export interface Router {
  app: Hono
  wechat: ApiContext
  /** A call with `access_token=` in the query: token, body and certification are judged before `handle` sees it. */
  route(method: Method, path: string, handle: Handle, options?: RouteOptions): void
  /** A call without an access token: `handle` reads and judges the whole request. */
  open(method: Method, path: string, handle: OpenHandle): void
  /** Whether an account's API has this path. */
  knows(path: string): boolean
}

export type OpenHandle = (c: Context) => Response | Promise<Response>

/** The calls of one path, by method. */
interface Endpoint {
  handlers: Map<Method, OpenHandle>
  /** One of them needs an access token. */
  needsToken: boolean
}

export function createRouter(wechat: ApiContext): Router {
  const app = new Hono()
  const endpoints = new Map<string, Endpoint>()
  // A handler that throws is WeChat's own failure: -1, never a page.
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
 * WeChat answers a path that it does not have with 40066: "请检查API的URL是否与文档一致"
 * (https://developers.weixin.qq.com/doc/channels/API/basics/commErrCode.html), seen at made-up paths like
 * `shop/kf/message/send` with a good token. As its other errors this is JSON with HTTP status 200. That a slash at the end
 * makes another path, and that no token is asked for first, is inferred.
 */
export function unknownPath(c: Context): Response {
  return c.json(failed(40066))
}

/**
 * 43002 where only POST is served, 43001 where only GET is. The token is asked for first: who opens a POST call in a
 * browser reads 41001 access_token missing. The order of a token that is no good and a wrong method is inferred.
 * Source: 全局返回码; WxJava issue 2070 (43001) and pull request 3692 (43002), both with a good token
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
  const body = isJson ? parse(raw) : {}
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
      // `custom/send` counts by itself: the judge must see what met the limit.
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
  /** What WeChat says to the token: 0, or a code. */
  check(): number
}

/** Whose token this is: an account's own, or one that a platform got for it. */
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
    const isComponents = [...wechat.components.values()].some((c) => c.tokens.owns(token))
    return { account: null, authorisation: null, check: () => (isComponents ? 61015 : 40001) }
  }
  const { authorisation, withdrawn } = found
  return {
    account: wechat.accounts.get(authorisation.appId) ?? null,
    authorisation,
    check: () => (withdrawn ? 61003 : authorisation.tokens.check(token, now())),
  }
}

import { FormData, request } from 'undici'
import { noTracing, type SpanStart, type Tracing } from '../tracing/tracing.ts'
import { createDispatcher, NotConnected } from './connection.ts'
import { createHosts, type OnHost } from './hosts.ts'
import type { Menu } from './menu.ts'

/**
 * WeChat's answer to a call, told apart as contract section 4 needs it: an answer with its errcode; certainly not
 * processed (`failed`; `unconnected` when no connection was made); or nobody knows (`unclear`), since the call is not idempotent.
 */
export type WechatAnswer<T> =
  | { kind: 'answered'; errcode: number; errmsg: string; rid: string | null; data: T | null }
  | { kind: 'failed'; reason: string; unconnected?: true }
  | { kind: 'unclear'; after: 'timeout' | 'lost' | 'http'; reason: string }

export interface AccessToken {
  access_token: string
  /** s */
  expires_in: number
}

interface QrTicket {
  ticket: string
  /** What the code says; a picture of it can be drawn from this. */
  url: string
  /** s; absent for a permanent code. */
  expire_seconds?: number
}

interface Quota {
  quota: { daily_limit: number; used: number; remain: number }
  rate_limit?: { call_count: number; refresh_second: number }
}

interface WechatTag {
  id: number
  name: string
}

/** `user/info`; of somebody who does not follow, `subscribe` 0 and `openid` alone. */
interface UserInfo {
  subscribe: 0 | 1
  openid: string
  subscribe_scene?: string
  qr_scene?: number
  qr_scene_str?: string
  tagid_list?: number[]
}

type MediaType = 'image' | 'voice' | 'video' | 'thumb'

/** The API of one account's host. Secrets and tokens appear in no reason. */
export interface WechatClient {
  stableToken(call: {
    appId: string
    appSecret: string
    forceRefresh?: boolean
  }): Promise<WechatAnswer<AccessToken>>
  customSend(accessToken: string, body: object): Promise<WechatAnswer<object>>
  typing(accessToken: string, openId: string): Promise<WechatAnswer<object>>
  userInfo(accessToken: string, openId: string): Promise<WechatAnswer<UserInfo>>
  uploadMedia(
    accessToken: string,
    medium: { type: MediaType; filename: string; contentType: string; bytes: Uint8Array },
  ): Promise<WechatAnswer<{ media_id: string }>>
  /** Every tag of the account. */
  tags(accessToken: string): Promise<WechatAnswer<{ tags: WechatTag[] }>>
  createTag(accessToken: string, name: string): Promise<WechatAnswer<{ tag: WechatTag }>>
  /** Gives one follower a tag, or takes it; both may be asked again. */
  tagFollower(
    accessToken: string,
    call: { openId: string; tagId: number; how: 'tag' | 'untag' },
  ): Promise<WechatAnswer<object>>
  /** `expiresIn` in s, at most 30 days; null: a permanent code, of which an account has 100,000. */
  createQrcode(
    accessToken: string,
    code: { scene: string; expiresIn: number | null },
  ): Promise<WechatAnswer<QrTicket>>
  createMenu(accessToken: string, menu: Menu): Promise<WechatAnswer<object>>
  /** The menu that was made through this interface; 46003 when none was. */
  menu(accessToken: string): Promise<WechatAnswer<{ menu?: { button?: unknown } }>>
  /** The menu in use, also one that was made in WeChat's console. */
  currentMenu(accessToken: string): Promise<WechatAnswer<{ selfmenu_info?: { button?: unknown } }>>
  /** Conditional menus (个性化菜单) go with it. */
  deleteMenu(accessToken: string): Promise<WechatAnswer<object>>
  quota(accessToken: string, cgiPath: string): Promise<WechatAnswer<Quota>>
  apiDomainIp(accessToken: string): Promise<WechatAnswer<{ ip_list: string[] }>>
  /** Any other JSON call of this host; `T` is the shape that WeChat documents for it. */
  post<T>(path: string, query: Record<string, string>, body: object): Promise<WechatAnswer<T>>
}

/** Contract, section 4: one request's time, from its beginning to the last byte of the answer. */
const HTTP_TIMEOUT_MS = 10_000
const UPLOAD_TIMEOUT_MS = 50_000
const CONNECT_TIMEOUT_MS = 5_000
/** Shorter where there is another name to try: two fit into one call. */
const CONNECT_TIMEOUT_OF_MANY_MS = 3_000
/** undici's clock is a second coarse. With less time left than connecting may take, a time-out would be unclear. */
const TIME_FOR_ANOTHER_MS = CONNECT_TIMEOUT_OF_MANY_MS + 1_000

/**
 * @param apiBase `https://api.weixin.qq.com`, or the simulator's address, without a slash at its end
 * @param fallbacks other names of the same API, for calls that are not connected; all within the one call's time
 */
export function createWechatClient(options: {
  apiBase: string
  fallbacks?: readonly string[]
  timeoutMs?: number
  onHost?: OnHost
  /** Each request that is made within a span is one of its own; its query and its body stay out of it. */
  tracing?: Tracing
}): WechatClient {
  const { apiBase, fallbacks = [], timeoutMs = HTTP_TIMEOUT_MS, onHost, tracing = noTracing } = options
  const hosts = createHosts([apiBase, ...fallbacks], onHost)
  const dispatcher = createDispatcher(fallbacks.length > 0 ? CONNECT_TIMEOUT_OF_MANY_MS : CONNECT_TIMEOUT_MS)

  const url = (path: string, query: Record<string, string>) => `${path}?${new URLSearchParams(query)}`
  const get = <T>(path: string, query: Record<string, string>) => call<T>(url(path, query), { method: 'GET' })
  const post = <T>(path: string, query: Record<string, string>, body: object) =>
    call<T>(url(path, query), {
      method: 'POST',
      // JSON.stringify leaves Chinese as it is: WeChat refuses \u escapes (40033).
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })

  async function call<T>(
    pathAndQuery: string,
    init: { method: 'GET' | 'POST'; body?: string | FormData; headers?: Record<string, string> },
    limitMs = timeoutMs,
  ): Promise<WechatAnswer<T>> {
    const began = performance.now()
    const signal = AbortSignal.timeout(limitMs)
    const mayGoOn = () => performance.now() - began + TIME_FOR_ANOTHER_MS < limitMs
    try {
      return await hosts.reach((base) => {
        const [path = ''] = pathAndQuery.split('?')
        return tracing.step(requestSpan(init.method, base, path), async (span) => {
          const response = await request(`${base}${pathAndQuery}`, { ...init, dispatcher, signal })
          span.set({ 'http.response.status_code': response.statusCode })
          const answer = read<T>(response.statusCode, await response.body.text())
          if (answer.kind === 'answered') span.set({ errcode: answer.errcode })
          if (answer.kind !== 'answered' || answer.errcode !== 0)
            span.fail(answer.kind === 'answered' ? String(answer.errcode) : answer.kind)
          return answer
        })
      }, mayGoOn)
    } catch (err) {
      return brokenCall(err, limitMs)
    }
  }

  return {
    post,
    stableToken: ({ appId, appSecret, forceRefresh = false }) =>
      post<AccessToken>(
        '/cgi-bin/stable_token',
        {},
        {
          grant_type: 'client_credential',
          appid: appId,
          secret: appSecret,
          force_refresh: forceRefresh,
        },
      ),
    customSend: async (access_token, body) =>
      withErrcode(await post('/cgi-bin/message/custom/send', { access_token }, body)),
    typing: async (access_token, openId) => {
      const body = { touser: openId, command: 'Typing' }
      return withErrcode(await post('/cgi-bin/message/custom/typing', { access_token }, body))
    },
    userInfo: (access_token, openid) => get('/cgi-bin/user/info', { access_token, openid, lang: 'zh_CN' }),
    tags: (access_token) => get('/cgi-bin/tags/get', { access_token }),
    createTag: (access_token, name) => post('/cgi-bin/tags/create', { access_token }, { tag: { name } }),
    tagFollower: async (access_token, { openId, tagId, how }) => {
      const path = `/cgi-bin/tags/members/batch${how === 'tag' ? 'tagging' : 'untagging'}`
      return withErrcode(await post(path, { access_token }, { openid_list: [openId], tagid: tagId }))
    },
    uploadMedia(access_token, { type, filename, contentType, bytes }) {
      const body = new FormData()
      body.set('media', new Blob([new Uint8Array(bytes)], { type: contentType }), filename)
      return call(
        url('/cgi-bin/media/upload', { access_token, type }),
        { method: 'POST', body },
        UPLOAD_TIMEOUT_MS,
      )
    },
    createQrcode: (access_token, { scene, expiresIn }) =>
      post(
        '/cgi-bin/qrcode/create',
        { access_token },
        {
          ...(expiresIn === null
            ? { action_name: 'QR_LIMIT_STR_SCENE' }
            : { action_name: 'QR_STR_SCENE', expire_seconds: expiresIn }),
          action_info: { scene: { scene_str: scene } },
        },
      ),
    createMenu: async (access_token, menu) =>
      withErrcode(await post('/cgi-bin/menu/create', { access_token }, menu)),
    menu: (access_token) => get('/cgi-bin/menu/get', { access_token }),
    currentMenu: (access_token) => get('/cgi-bin/get_current_selfmenu_info', { access_token }),
    deleteMenu: async (access_token) => withErrcode(await get('/cgi-bin/menu/delete', { access_token })),
    quota: (access_token, cgi_path) => post('/cgi-bin/openapi/quota/get', { access_token }, { cgi_path }),
    apiDomainIp: (access_token) => get('/cgi-bin/get_api_domain_ip', { access_token }),
  }
}

/** By OpenTelemetry's names for HTTP. */
function requestSpan(method: string, base: string, path: string): SpanStart {
  const attributes = {
    'http.request.method': method,
    'url.path': path,
    'server.address': new URL(base).hostname,
  }
  return { name: `${method} ${path}`, kind: 'client', attributes }
}

function read<T>(status: number, text: string): WechatAnswer<T> {
  if (status === 503) return { kind: 'failed', reason: 'HTTP 503' }
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return { kind: 'unclear', after: 'http', reason: `HTTP ${status} without WeChat's JSON` }
  }
  // What WeChat answers without an errcode is a success; a gateway's own JSON error has none either.
  const foreign = status >= 300 && !(isRecord(data) && 'errcode' in data)
  if (!isRecord(data) || status >= 500 || foreign) {
    return { kind: 'unclear', after: 'http', reason: `HTTP ${status} without WeChat's JSON` }
  }
  const { errcode = 0, errmsg = '' } = data
  if (typeof errcode !== 'number')
    return { kind: 'unclear', after: 'http', reason: `HTTP ${status}, odd errcode` }
  const message = String(errmsg)
  const rid = /rid: ?([\w-]+)/.exec(message)?.[1] ?? null
  // The caller names the shape that WeChat documents for this call; fields are used one by one.
  return { kind: 'answered', errcode, errmsg: message, rid, data: errcode === 0 ? (data as T) : null }
}

/** These calls answer with an errcode also when all is well: JSON without one is not WeChat's word that it was sent. */
function withErrcode<T>(answer: WechatAnswer<T>): WechatAnswer<T> {
  if (
    answer.kind !== 'answered' ||
    (isRecord(answer.data) ? 'errcode' in answer.data : answer.errcode !== 0)
  ) {
    return answer
  }
  return { kind: 'unclear', after: 'http', reason: "an answer without WeChat's errcode" }
}

function brokenCall(err: unknown, limitMs: number): WechatAnswer<never> {
  const code = codeOf(err)
  if (err instanceof NotConnected) {
    return { kind: 'failed', unconnected: true, reason: `no connection to WeChat (${code || 'no code'})` }
  }
  const timedOut = err instanceof Error && (err.name === 'TimeoutError' || err.name === 'AbortError')
  return timedOut
    ? { kind: 'unclear', after: 'timeout', reason: `no answer within ${limitMs / 1000} s` }
    : { kind: 'unclear', after: 'lost', reason: `connection lost (${code || 'no code'})` }
}

/** The first code in an error or in what caused it. */
function codeOf(err: unknown): string {
  for (let e = err, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth++) {
    const { code } = e as { code?: unknown }
    if (typeof code === 'string') return code
    if (e instanceof AggregateError && e.errors[0] !== undefined) return codeOf(e.errors[0])
  }
  return ''
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x)
}

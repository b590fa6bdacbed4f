import { FormData, request } from 'undici'
import type { z } from 'zod'
import { noopTracing, type SpanStart, type Tracing } from '../../tracing/tracing.ts'
import type { Menu } from '../rules/menu.ts'
import { readAnswer, type WechatAnswer } from './answer.ts'
import { createDispatcher, NotConnected } from './connection.ts'
import { createHosts, type OnHostChange } from './hosts.ts'
import * as shapes from './response-schemas.ts'

export type { WechatAnswer } from './answer.ts'

export type AccessToken = z.infer<typeof shapes.accessToken>

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
  userInfo(accessToken: string, openId: string): Promise<WechatAnswer<z.infer<typeof shapes.userInfo>>>
  uploadMedia(
    accessToken: string,
    medium: { type: MediaType; filename: string; contentType: string; bytes: Uint8Array },
  ): Promise<WechatAnswer<{ media_id: string }>>
  /** Every tag of the account. */
  tags(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.tags>>>
  createTag(accessToken: string, name: string): Promise<WechatAnswer<z.infer<typeof shapes.createdTag>>>
  /** Gives one follower a tag, or takes it; both may be asked again. */
  tagFollower(
    accessToken: string,
    call: { openId: string; tagId: number; how: 'tag' | 'untag' },
  ): Promise<WechatAnswer<object>>
  /** `expiresIn` in s, at most 30 days; null: a permanent code, of which an account has 100,000. */
  createQrcode(
    accessToken: string,
    code: { scene: string; expiresIn: number | null },
  ): Promise<WechatAnswer<z.infer<typeof shapes.qrTicket>>>
  createMenu(accessToken: string, menu: Menu): Promise<WechatAnswer<object>>
  /** The menu that was made through this interface; 46003 when none was. */
  menu(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.menu>>>
  /** The menu in use, also one that was made in WeChat's console. */
  currentMenu(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.currentMenu>>>
  /** Conditional menus (个性化菜单) go with it. */
  deleteMenu(accessToken: string): Promise<WechatAnswer<object>>
  quota(accessToken: string, cgiPath: string): Promise<WechatAnswer<z.infer<typeof shapes.quota>>>
  apiDomainIp(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.ipList>>>
  /** Any other JSON call of this host; `shape` is what WeChat documents for its success. */
  post: Post
}

export type Post = <T>(
  path: string,
  query: Record<string, string>,
  body: object,
  shape: z.ZodType<T>,
) => Promise<WechatAnswer<T>>

/** Contract, section 4: one request's time, from its beginning to the last byte of the answer. */
const HTTP_TIMEOUT_MS = 10_000
const UPLOAD_TIMEOUT_MS = 50_000
const CONNECT_TIMEOUT_MS = 5_000
/** Shorter where there is another name to try: two fit into one call. */
const CONNECT_TIMEOUT_OF_MANY_MS = 3_000
/** undici's clock is a second coarse. With less time left than connecting may take, a time-out would be unclear. */
const MIN_TIME_FOR_RETRY_MS = CONNECT_TIMEOUT_OF_MANY_MS + 1_000

/**
 * @param apiBase `https://api.weixin.qq.com`, or the simulator's address, without a slash at its end
 * @param fallbacks other names of the same API, for calls that are not connected; all within the one call's time
 */
export function createWechatClient(options: {
  apiBase: string
  fallbacks?: readonly string[]
  timeoutMs?: number
  onHost?: OnHostChange
  /** Each request that is made within a span is one of its own; its query and its body stay out of it. */
  tracing?: Tracing
}): WechatClient {
  const { apiBase, fallbacks = [], timeoutMs = HTTP_TIMEOUT_MS, onHost, tracing = noopTracing } = options
  const hosts = createHosts([apiBase, ...fallbacks], onHost)
  const dispatcher = createDispatcher(fallbacks.length > 0 ? CONNECT_TIMEOUT_OF_MANY_MS : CONNECT_TIMEOUT_MS)

  const url = (path: string, query: Record<string, string>) => `${path}?${new URLSearchParams(query)}`
  const get = <T>(path: string, query: Record<string, string>, shape: z.ZodType<T>) =>
    call(url(path, query), { method: 'GET' }, shape)
  const post: Post = (path, query, body, shape) =>
    call(
      url(path, query),
      {
        method: 'POST',
        // JSON.stringify leaves Chinese as it is: WeChat refuses \u escapes (40033).
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json; charset=utf-8' },
      },
      shape,
    )

  async function call<T>(
    pathAndQuery: string,
    init: { method: 'GET' | 'POST'; body?: string | FormData; headers?: Record<string, string> },
    shape: z.ZodType<T>,
    limitMs = timeoutMs,
  ): Promise<WechatAnswer<T>> {
    const startedAt = performance.now()
    const signal = AbortSignal.timeout(limitMs)
    const mayRetry = () => performance.now() - startedAt + MIN_TIME_FOR_RETRY_MS < limitMs
    try {
      return await hosts.reach((base) => {
        const [path = ''] = pathAndQuery.split('?')
        return tracing.step(requestSpan(init.method, base, path), async (span) => {
          const response = await request(`${base}${pathAndQuery}`, { ...init, dispatcher, signal })
          span.setAttributes({ 'http.response.status_code': response.statusCode })
          const answer = readAnswer(response.statusCode, await response.body.text(), shape)
          if (answer.kind === 'answered') span.setAttributes({ errcode: answer.errcode })
          if (answer.kind !== 'answered' || answer.errcode !== 0)
            span.fail(answer.kind === 'answered' ? String(answer.errcode) : answer.kind)
          return answer
        })
      }, mayRetry)
    } catch (err) {
      return failedCall(err, limitMs)
    }
  }

  return {
    post,
    stableToken: ({ appId: appid, appSecret: secret, forceRefresh: force_refresh = false }) => {
      const body = { grant_type: 'client_credential', appid, secret, force_refresh }
      return post('/cgi-bin/stable_token', {}, body, shapes.accessToken)
    },
    customSend: (access_token, body) =>
      post('/cgi-bin/message/custom/send', { access_token }, body, shapes.done),
    typing: (access_token, touser) => {
      const body = { touser, command: 'Typing' }
      return post('/cgi-bin/message/custom/typing', { access_token }, body, shapes.done)
    },
    userInfo: (access_token, openid) =>
      get('/cgi-bin/user/info', { access_token, openid, lang: 'zh_CN' }, shapes.userInfo),
    tags: (access_token) => get('/cgi-bin/tags/get', { access_token }, shapes.tags),
    createTag: (access_token, name) =>
      post('/cgi-bin/tags/create', { access_token }, { tag: { name } }, shapes.createdTag),
    tagFollower: (access_token, { openId, tagId: tagid, how }) => {
      const path = `/cgi-bin/tags/members/batch${how === 'tag' ? 'tagging' : 'untagging'}`
      return post(path, { access_token }, { openid_list: [openId], tagid }, shapes.done)
    },
    uploadMedia(access_token, { type, filename, contentType, bytes }) {
      const body = new FormData()
      body.set('media', new Blob([new Uint8Array(bytes)], { type: contentType }), filename)
      const path = url('/cgi-bin/media/upload', { access_token, type })
      const shape = type === 'thumb' ? shapes.thumbUpload : shapes.upload
      return call(path, { method: 'POST', body }, shape, UPLOAD_TIMEOUT_MS)
    },
    createQrcode: (access_token, { scene: scene_str, expiresIn }) => {
      const kind =
        expiresIn === null
          ? { action_name: 'QR_LIMIT_STR_SCENE' }
          : { action_name: 'QR_STR_SCENE', expire_seconds: expiresIn }
      const body = { ...kind, action_info: { scene: { scene_str } } }
      return post('/cgi-bin/qrcode/create', { access_token }, body, shapes.qrTicket)
    },
    createMenu: (access_token, menu) => post('/cgi-bin/menu/create', { access_token }, menu, shapes.done),
    menu: (access_token) => get('/cgi-bin/menu/get', { access_token }, shapes.menu),
    currentMenu: (access_token) =>
      get('/cgi-bin/get_current_selfmenu_info', { access_token }, shapes.currentMenu),
    deleteMenu: (access_token) => get('/cgi-bin/menu/delete', { access_token }, shapes.done),
    quota: (access_token, cgi_path) =>
      post('/cgi-bin/openapi/quota/get', { access_token }, { cgi_path }, shapes.quota),
    apiDomainIp: (access_token) => get('/cgi-bin/get_api_domain_ip', { access_token }, shapes.ipList),
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

function failedCall(err: unknown, limitMs: number): WechatAnswer<never> {
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

import { Hono } from 'hono'
import { type Answer, failed, parseObject, textOrNull, withFaults } from '../api/fault-responses.ts'
import { unknownPath } from '../api/router.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState } from '../state/model.ts'
import { AUTHORISER_OPTION_CALLS } from './authoriser-options.ts'
import type { ComponentHandler } from './component-call.ts'
import { type Authorisation, ComponentState } from './component-state.ts'
import { PlatformController } from './platform-controller.ts'

/** Calls that authenticate by the platform's secret. */
const SECRET_CALLS: Record<string, ComponentHandler> = {
  api_start_push_ticket({ wechat, component, body }) {
    if (component.options.appSecret !== body.component_secret) return failed(40125)
    // WeChat starts within minutes. Here the ticket is pushed right after the answer.
    setImmediate(() => void new PlatformController(wechat, component).pushTicket())
    return failed(0)
  },
  api_component_token({ wechat, component, body }) {
    component.requestCounts.component += 1
    if (component.options.appSecret !== body.component_appsecret) return failed(40125)
    const code = component.checkTicket(body.component_verify_ticket, wechat.now())
    if (code !== 0) return failed(code)
    const { access_token, expires_in } = component.tokens.plainToken(wechat.now())
    return { component_access_token: access_token, expires_in }
  },
}

/** Calls that need the component access token. */
const TOKEN_CALLS: Record<string, ComponentHandler> = {
  api_create_preauthcode({ wechat, component }) {
    component.requestCounts.preAuthCode += 1
    return component.newPreAuthCode(wechat.now())
  },
  api_query_auth({ wechat, component, body }) {
    component.requestCounts.queryAuth += 1
    const code = String(body.authorization_code ?? '')
    const found = component.takeCode(code, wechat.now())
    if (typeof found === 'number') return failed(found)
    return {
      authorization_info: {
        ...authorizationInfo(found),
        authorizer_access_token: component.tokenOfCode(code),
        expires_in: 7200,
      },
    }
  },
  api_authorizer_token({ wechat, component, body }) {
    component.requestCounts.authoriser += 1
    const found = component.refresh(String(body.authorizer_appid ?? ''), body.authorizer_refresh_token)
    if (typeof found === 'number') return failed(found)
    const { access_token, expires_in } = found.tokens.plainToken(wechat.now())
    return {
      authorizer_access_token: access_token,
      expires_in,
      authorizer_refresh_token: found.refreshToken,
    }
  },
  api_get_authorizer_info({ wechat, component, body }) {
    component.requestCounts.info += 1
    const appId = String(body.authorizer_appid ?? '')
    const found = component.authorisations.get(appId)
    const account = wechat.accounts.get(appId)
    if (!account) return failed(40013)
    if (!found) return failed(61003)
    return { authorizer_info: authorizerInfo(account), authorization_info: authorizationInfo(found) }
  },
  api_get_authorizer_list({ component, body }) {
    component.requestCounts.list += 1
    const { offset, count } = body
    if (!isCount(offset) || !isCount(count) || count < 1 || count > 500) return failed(40097)
    const all = [...component.authorisations.values()]
    return {
      total_count: all.length,
      list: all.slice(offset, offset + count).map((a) => ({
        authorizer_appid: a.appId,
        refresh_token: a.refreshToken ?? '',
        auth_time: Math.floor(a.authorisedAt / 1000),
      })),
    }
  },
  ...AUTHORISER_OPTION_CALLS,
}

/**
 * The platform's API: `/cgi-bin/component/api_*`, with `component_access_token=` or `access_token=` in the query.
 * Source: 第三方平台调用凭据 and 授权账号管理, https://developers.weixin.qq.com/doc/oplatform/
 */
export function createComponentApi(wechat: SimulatedWechat): Hono {
  const app = new Hono()
  app.onError((err, c) => c.json(failed(-1, `system error: ${err.message}`)))
  app.all('/cgi-bin/component/:call', async (c) => {
    const name = c.req.param('call')
    const isSecretCall = Object.hasOwn(SECRET_CALLS, name)
    const handle = isSecretCall
      ? SECRET_CALLS[name]
      : Object.hasOwn(TOKEN_CALLS, name)
        ? TOKEN_CALLS[name]
        : undefined
    if (!handle) return unknownPath(c)
    if (c.req.method !== 'POST') return c.json(failed(43002))
    const raw = await c.req.text()
    const body = parseObject(raw)
    const token = c.req.query('component_access_token') ?? c.req.query('access_token') ?? ''
    const appId = textOrNull(body?.authorizer_appid) ?? textOrNull(body?.component_appid)
    return withFaults(wechat.faults, c, appId, async () => {
      if (!body) return failed(raw === '' ? 44002 : 47001)
      const component = findComponent(wechat, body)
      if (!(component instanceof ComponentState)) return component
      const code = isSecretCall ? 0 : checkToken(wechat, component, token)
      if (code !== 0) return failed(code)
      const answer = handle({ wechat, component, body })
      // Issued tokens and codes must survive a restart.
      wechat.save()
      return answer
    })
  })
  return app
}

function findComponent(wechat: SimulatedWechat, body: Record<string, unknown>): ComponentState | Answer {
  if (!body.component_appid) return failed(41018)
  const component = wechat.components.get(String(body.component_appid))
  if (!component) return failed(61011)
  if (component.ipWhitelisted) return component
  return failed(61004, 'access clientip is not registered requestIP: 127.0.0.1')
}

/** 0, or WeChat's code. An account's token is not a component access token (61014). */
function checkToken(wechat: SimulatedWechat, component: ComponentState, token: string): number {
  if (!token) return 41001
  const others = [...wechat.tokens.values(), ...[...component.authorisations.values()].map((a) => a.tokens)]
  if (others.some((t) => t.owns(token))) return 61014
  const code = component.tokens.check(token, wechat.now())
  return code === 42001 ? 42006 : code
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function authorizationInfo({ appId, refreshToken, funcs }: Authorisation) {
  return {
    authorizer_appid: appId,
    authorizer_refresh_token: refreshToken ?? '',
    func_info: funcs.map((id) => ({ funcscope_category: { id } })),
  }
}

/** An account's profile in WeChat's shape. `service_type_info` 2: 服务号; `verify_type_info` 0: certified, −1: not. */
function authorizerInfo(account: SimAccountState) {
  return {
    nick_name: account.name,
    head_img: '',
    service_type_info: { id: 2 },
    verify_type_info: { id: account.certified ? 0 : -1 },
    user_name: account.originalId,
    alias: '',
    qrcode_url: '',
    principal_name: '测试公司',
    signature: '',
    business_info: { open_store: 0, open_scan: 0, open_pay: 0, open_card: 0, open_shake: 0 },
  }
}

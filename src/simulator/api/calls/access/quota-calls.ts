import type { SimAccountState } from '../../../state/model.ts'
import { failed, parseObject, textOrNull, withFaults } from '../../fault-responses.ts'
import { CLEAR_QUOTA, CUSTOM_SEND, clearCounts, dailyLimitOf, usedToday } from '../../quota.ts'
import type { Call, OpenHandle, Router } from '../../router.ts'

/** Calls a minute, for all calls but `custom/send`. WeChat's page gives no number. */
const DEFAULT_MINUTE_LIMIT = 1_000_000

/** The calls that read and clear an account's quota. */
export function registerQuota(router: Router): void {
  const { route, wechat } = router
  route('POST', '/cgi-bin/openapi/quota/get', (call) => quotaOf(router, call), { forEveryAccount: true })
  route('POST', CLEAR_QUOTA, ({ account, body }) => clearQuota(account, body, wechat.now()), {
    forEveryAccount: true,
  })
  router.open('POST', `${CLEAR_QUOTA}/v2`, clearBySecret(router))
}

/**
 * `clear_quota/v2`: authenticates by the secret instead of a token, in the query or the body. silenceper/wechat sends the
 * parameters in the query with an empty body (internal/openapi/mgnt.go); WeChat's page does not say where they belong.
 * Source: https://developers.weixin.qq.com/doc/service/api/apimanage/api_clearquotabyappsecret
 */
function clearBySecret({ wechat }: Router): OpenHandle {
  return async function clear(c) {
    const body = parseObject(await c.req.text()) ?? {}
    const parameter = (name: string) => c.req.query(name) ?? textOrNull(body[name])
    const appid = parameter('appid')
    return withFaults(wechat.faults, c, appid, async () => {
      if (!appid) return failed(41002)
      const account = wechat.accounts.get(appid)
      if (!account) return failed(40013)
      if (!parameter('appsecret')) return failed(41004)
      if (account.appSecret !== parameter('appsecret')) return failed(40125)
      return clearQuota(account, { appid }, wechat.now())
    })
  }
}

/**
 * The quota of one API, by its path. 76021: unknown path; 76022: a path of another kind of account, and every /sns/;
 * 76003: a path with the host or without the leading slash. `component_rate_limit` (代调用频率限制) when a platform calls.
 * Source: https://developers.weixin.qq.com/doc/service/api/apimanage/api_getapiquota
 */
function quotaOf(router: Router, { account, authorisation, body }: Call) {
  const path = typeof body.cgi_path === 'string' ? body.cgi_path : ''
  if (path !== '' && !path.startsWith('/')) return failed(76003)
  if (/^\/sns\/|^\/cgi-bin\/component\//.test(path)) return failed(76022)
  if (!router.knows(path)) return failed(76021)
  const daily_limit = dailyLimitOf(account, path)
  const used = usedToday(account, path, router.wechat.now())
  const call_count = path === CUSTOM_SEND ? account.minuteLimit : DEFAULT_MINUTE_LIMIT
  const rate = { call_count, refresh_second: 60 }
  return {
    errcode: 0,
    errmsg: 'ok',
    quota: { daily_limit, used, remain: Math.max(0, daily_limit - used) },
    rate_limit: rate,
    ...(authorisation ? { component_rate_limit: rate } : {}),
  }
}

/**
 * Clears the day's use of the token's own account, at most ten times a month. Source:
 * https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/openApi/clear_quota.html (40013, 48006)
 */
function clearQuota(account: SimAccountState, body: Record<string, unknown>, now: number) {
  if (body.appid !== account.appId) return failed(40013)
  return failed(clearCounts(account, now) ? 0 : 48006)
}

import type { SimAccountState } from '../../state/model.ts'
import { failed, parse, textOrNull, withFaults } from '../fault-responses.ts'
import { CLEAR_QUOTA, CUSTOM_SEND, clearCounts, dailyLimitOf, usedToday } from '../quota.ts'
import type { Call, OpenHandle, Router } from '../router.ts'

/** A minute, of all calls but `custom/send`; WeChat's page gives no number. */
const DEFAULT_MINUTE_LIMIT = 1_000_000

/** The calls that show and clear an account's quota. */
export function registerQuota(router: Router): void {
  const { route, wechat } = router
  route('POST', '/cgi-bin/openapi/quota/get', (call) => quotaOf(router, call), { forEveryAccount: true })
  route('POST', CLEAR_QUOTA, ({ account, body }) => clearQuota(account, body, wechat.now()), {
    forEveryAccount: true,
  })
  router.open('POST', `${CLEAR_QUOTA}/v2`, clearBySecret(router))
}

/**
 * `clear_quota/v2`: by the secret instead of a token, in the query or the body: silenceper/wechat sends them in the query
 * with an empty body (internal/openapi/mgnt.go), the page lists them as parameters.
 * Source: https://developers.weixin.qq.com/doc/service/api/apimanage/api_clearquotabyappsecret
 */
function clearBySecret({ wechat }: Router): OpenHandle {
  return async function clear(c) {
    const body = parse(await c.req.text()) ?? {}
    const given = (name: string) => c.req.query(name) ?? textOrNull(body[name])
    const appid = given('appid')
    return withFaults(wechat.faults, c, appid, async () => {
      if (!appid) return failed(41002)
      const account = wechat.accounts.get(appid)
      if (!account) return failed(40013)
      if (!given('appsecret')) return failed(41004)
      if (account.appSecret !== given('appsecret')) return failed(40125)
      return clearQuota(account, { appid }, wechat.now())
    })
  }
}

/**
 * One API's quota by its path. Source: https://developers.weixin.qq.com/doc/service/api/apimanage/api_getapiquota: 76021
 * unknown path; 76022 a path of another kind of account, and every /sns/; 76003 a path with the host or without its
 * first slash. `component_rate_limit` (代调用频率限制) where a platform calls.
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
 * Ten times a month, for the token's own account. Source:
 * https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/openApi/clear_quota.html (40013, 48006)
 */
function clearQuota(account: SimAccountState, body: Record<string, unknown>, now: number) {
  if (body.appid !== account.appId) return failed(40013)
  return failed(clearCounts(account, now) ? 0 : 48006)
}

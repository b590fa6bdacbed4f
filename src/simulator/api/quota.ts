import type { SimAccountState } from '../state/model.ts'
import { failed, parse, textOrNull, withFaults } from './fault-responses.ts'
import type { Call, OpenHandle, Router } from './router.ts'

export const CUSTOM_SEND = '/cgi-bin/message/custom/send'
const CLEAR_QUOTA = '/cgi-bin/clear_quota'
const CLEARS_A_MONTH = 10
const BEIJING_MS = 28_800_000
const DAY_MS = 86_400_000

/**
 * Calls a day of a newly registered account. Source: 接口调用频次限制说明,
 * https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html (its 分组 are the tags of today);
 * stable_token: its own page; clear_quota: what `quota/get` answers, in
 * https://developers.weixin.qq.com/community/develop/doc/0000cc03cb42000ffa3fb047251c00
 */
const DAILY_LIMITS: Record<string, number> = {
  '/cgi-bin/token': 2_000,
  '/cgi-bin/stable_token': 500_000,
  '/cgi-bin/menu/create': 1_000,
  '/cgi-bin/menu/get': 10_000,
  '/cgi-bin/menu/delete': 1_000,
  '/cgi-bin/tags/create': 1_000,
  '/cgi-bin/tags/get': 1_000,
  '/cgi-bin/tags/update': 1_000,
  '/cgi-bin/tags/members/batchtagging': 100_000,
  '/cgi-bin/tags/members/batchuntagging': 100_000,
  '/cgi-bin/media/upload': 100_000,
  '/cgi-bin/media/get': 200_000,
  '/cgi-bin/qrcode/create': 100_000,
  '/cgi-bin/user/get': 500,
  '/cgi-bin/user/info': 5_000_000,
  '/cgi-bin/user/info/updateremark': 10_000,
  '/cgi-bin/draft/get': 500,
  '/cgi-bin/draft/count': 1_000,
  '/cgi-bin/draft/batchget': 1_000,
  '/cgi-bin/freepublish/get': 100,
  '/cgi-bin/freepublish/getarticle': 100,
  '/cgi-bin/freepublish/batchget': 100,
  [CLEAR_QUOTA]: 100,
}
/** Of a call that the page does not list; the number is ours. */
const OTHER_LIMIT = 100_000
/** A minute, of all calls but `custom/send`; the number is ours. */
const OTHER_MINUTE_LIMIT = 1_000_000

/** What an account may call per day and minute, and the calls that show and clear it. */
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
  const call_count = path === CUSTOM_SEND ? account.minuteLimit : OTHER_MINUTE_LIMIT
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
  const month = new Date(now + BEIJING_MS).toISOString().slice(0, 7)
  if (account.quotaClears.month !== month) account.quotaClears = { month, count: 0 }
  if (account.quotaClears.count >= CLEARS_A_MONTH) return failed(48006)
  account.quotaClears.count += 1
  account.usage.counts.clear()
  return failed(0)
}

/** Counts one call: 0, or 45009 beyond the day's limit. `now`: real time, ms. */
export function countCall(account: SimAccountState, path: string, now: number): 0 | 45009 {
  const used = usedToday(account, path, now)
  if (used >= dailyLimitOf(account, path)) return 45009
  account.usage.counts.set(path, used + 1)
  return 0
}

/** Counts one `custom/send`: 0, or the code of the limit that it met. */
export function countSend(account: SimAccountState, now: number): 0 | 45009 | 45011 {
  const minute = Math.floor(now / 60_000)
  if (account.sentThisMinute.minute !== minute) account.sentThisMinute = { minute, count: 0 }
  if (usedToday(account, CUSTOM_SEND, now) >= account.dailyQuota) return 45009
  if (account.sentThisMinute.count >= account.minuteLimit) return 45011
  account.sentThisMinute.count += 1
  return countCall(account, CUSTOM_SEND, now)
}

/** Calls of one API today; days begin at midnight in Beijing. */
export function usedToday(account: SimAccountState, path: string, now: number): number {
  const day = Math.floor((now + BEIJING_MS) / DAY_MS)
  if (account.usage.day !== day) account.usage = { day, counts: new Map() }
  return account.usage.counts.get(path) ?? 0
}

function dailyLimitOf(account: SimAccountState, path: string): number {
  return path === CUSTOM_SEND ? account.dailyQuota : (DAILY_LIMITS[path] ?? OTHER_LIMIT)
}

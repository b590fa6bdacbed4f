import type { SimAccountState } from '../state/model.ts'

export const CUSTOM_SEND = '/cgi-bin/message/custom/send'
export const CLEAR_QUOTA = '/cgi-bin/clear_quota'
const CLEARS_PER_MONTH = 10
const BEIJING_MS = 28_800_000
const DAY_MS = 86_400_000

/**
 * Calls a day for a newly registered account. Source: 接口调用频次限制说明,
 * https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html (its 分组 are today's tags).
 * `stable_token`: its own page. `clear_quota`: what `quota/get` answers, in
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
/** For calls that the page does not list. The simulator's own choice. */
const DEFAULT_DAILY_LIMIT = 100_000

/** Counts one call: 0, or 45009 above the daily limit. `now`: real time, epoch ms. */
export function countCall(account: SimAccountState, path: string, now: number): 0 | 45009 {
  const used = usedToday(account, path, now)
  if (used >= dailyLimitOf(account, path)) return 45009
  account.usage.counts.set(path, used + 1)
  return 0
}

/** Counts one `custom/send`: 0, or the code of the limit that it exceeds. `now`: real time, epoch ms. */
export function countSend(account: SimAccountState, now: number): 0 | 45009 | 45011 {
  const minute = Math.floor(now / 60_000)
  if (account.sentThisMinute.minute !== minute) account.sentThisMinute = { minute, count: 0 }
  if (usedToday(account, CUSTOM_SEND, now) >= account.dailyQuota) return 45009
  if (account.sentThisMinute.count >= account.minuteLimit) return 45011
  account.sentThisMinute.count += 1
  return countCall(account, CUSTOM_SEND, now)
}

/** Today's calls of one API. A day begins at midnight in Beijing. */
export function usedToday(account: SimAccountState, path: string, now: number): number {
  const day = Math.floor((now + BEIJING_MS) / DAY_MS)
  if (account.usage.day !== day) account.usage = { day, counts: new Map() }
  return account.usage.counts.get(path) ?? 0
}

/** The daily limit of one API. */
export function dailyLimitOf(account: SimAccountState, path: string): number {
  return path === CUSTOM_SEND ? account.dailyQuota : (DAILY_LIMITS[path] ?? DEFAULT_DAILY_LIMIT)
}

/** Clears the day's counts. Returns false when the account has done so ten times this month. */
export function clearCounts(account: SimAccountState, now: number): boolean {
  const month = new Date(now + BEIJING_MS).toISOString().slice(0, 7)
  if (account.quotaClears.month !== month) account.quotaClears = { month, count: 0 }
  if (account.quotaClears.count >= CLEARS_PER_MONTH) return false
  account.quotaClears.count += 1
  account.usage.counts.clear()
  return true
}

import type { SimAccountState } from '../model.ts'
import type { Router } from './router.ts'

/** What an account may call per day and minute, and the calls that show and clear it. */
export function registerQuota({ route, world }: Router): void {
  route('POST', '/cgi-bin/openapi/quota/get', ({ account }) => {
    const used = today(account, world.now()).count
    return {
      errcode: 0,
      errmsg: 'ok',
      quota: { daily_limit: account.dailyQuota, used, remain: Math.max(0, account.dailyQuota - used) },
      rate_limit: { call_count: account.minuteLimit, refresh_second: 60 },
    }
  })
  route('POST', '/cgi-bin/clear_quota', ({ account }) => {
    account.sentToday.count = 0
    return { errcode: 0, errmsg: 'ok' }
  })
}

/** Counts one `custom/send`: 0, or the code of the limit that it met. `now`: real time, ms. */
export function countSend(account: SimAccountState, now: number): 0 | 45009 | 45011 {
  const minute = Math.floor(now / 60_000)
  if (account.sentThisMinute.minute !== minute) account.sentThisMinute = { minute, count: 0 }
  if (today(account, now).count >= account.dailyQuota) return 45009
  if (account.sentThisMinute.count >= account.minuteLimit) return 45011
  account.sentToday.count += 1
  account.sentThisMinute.count += 1
  return 0
}

/** What was sent today; days begin at midnight in Beijing. */
function today(account: SimAccountState, now: number): { day: number; count: number } {
  const day = Math.floor((now + 28_800_000) / 86_400_000)
  if (account.sentToday.day !== day) account.sentToday = { day, count: 0 }
  return account.sentToday
}

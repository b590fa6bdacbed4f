import type { ActivityDeps } from '../../../activities/deps.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import type { SendQuota } from '../../store/schema.ts'

const FETCH_INTERVAL_MS = 60_000
/** What WeChat said longer ago is no longer believed. */
const VALID_MS = 86_400_000

/** Asks WeChat for an account's quota of sends when it has just refused one for it, and keeps the answer for all workers. */
export function createSendQuotaFetcher(deps: {
  accounts: Pick<AccountStore, 'saveSendQuota'>
  now: () => number
}): ActivityDeps['accounts']['fetchSendQuota'] {
  const fetchedAt = new Map<string, number>()
  return async (appId, client, accessToken) => {
    const at = deps.now()
    const since = at - (fetchedAt.get(appId) ?? 0)
    if (since >= 0 && since < FETCH_INTERVAL_MS) return
    fetchedAt.set(appId, at)
    const answer = await client.quota(accessToken, '/cgi-bin/message/custom/send')
    if (answer.kind !== 'answered' || !answer.data?.quota) return
    const { quota, rate_limit: rate } = answer.data
    await deps.accounts.saveSendQuota(appId, {
      at,
      dailyLimit: quota.daily_limit,
      used: quota.used,
      rate: rate ? { calls: rate.call_count, seconds: rate.refresh_second } : null,
    })
  }
}

/** The rate that WeChat named within the last day. */
export function currentRate(quota: SendQuota | null, now: number): SendQuota['rate'] {
  return quota && now - quota.at < VALID_MS ? quota.rate : null
}

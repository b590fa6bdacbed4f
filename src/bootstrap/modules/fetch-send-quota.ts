import type { ActivityDeps } from '../../../activities/deps.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import type { SendQuota } from '../../store/schema.ts'

const FETCH_INTERVAL_MS = 60_000
/** An older quota no longer counts. */
const VALID_MS = 86_400_000

/** Fetches an account's quota of sends after WeChat refused a send for it, and stores it for all workers. */
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

/** The rate limit that WeChat reported within the last day, or null. */
export function currentRate(quota: SendQuota | null, now: number): SendQuota['rate'] {
  return quota && now - quota.at < VALID_MS ? quota.rate : null
}

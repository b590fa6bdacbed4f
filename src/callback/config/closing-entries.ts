import { planForAccount } from '../../campaign/compile.ts'
import { planOfVersion } from '../../campaign/compiled-plan.ts'
import { createMatcher } from '../../campaign/match.ts'
import type { ClosingRule } from '../../run/closing-moment.ts'
import { type Account, MAX_ACCOUNTS } from '../../store/accounts/account.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import type { ClosingEntry } from '../../store/inbox/window-closing.ts'

/**
 * The live campaigns that begin before a window closes, in the order of their priority, each with the active accounts that have
 * one time zone and the same quiet hours. Reads the store, because workers have no configuration in memory.
 * @param now epoch ms
 */
export async function readClosingEntries(
  { campaigns, accounts }: { campaigns: Pick<CampaignStore, 'live'>; accounts: Pick<AccountStore, 'list'> },
  now: number,
): Promise<ClosingEntry[]> {
  const closing = createMatcher((await campaigns.live()).live).closing()
  if (closing.length === 0) return []
  const active = (await accounts.list({ limit: MAX_ACCOUNTS })).filter(({ state }) => state === 'active')
  return closing.flatMap(({ candidate: { campaign, version }, beforeMs, serves }) => {
    const start = { campaign: campaign.id, version, event: 'window-closing' as const }
    const compiled = planOfVersion(campaign, version)
    const served = active.filter(({ appId }) => serves(appId))
    const byTimes = new Map<string, { rule: ClosingRule; appIds: string[] }>()
    for (const account of served) {
      const times = timesOf(account)
      const same = byTimes.get(times)
      if (same) {
        same.appIds.push(account.appId)
        continue
      }
      const { quiet, zone } = planForAccount(campaign, compiled, account, now)
      const rule = { beforeMs, ...(quiet && zone ? { quiet, zone } : {}) }
      byTimes.set(times, { rule, appIds: [account.appId] })
    }
    return [...byTimes.values()].map((same): ClosingEntry => ({ start, ...same }))
  })
}

function timesOf({ timezone, quietHours }: Pick<Account, 'timezone' | 'quietHours'>): string {
  return [timezone, quietHours?.from, quietHours?.to].join(' ')
}

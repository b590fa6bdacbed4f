import { inTimezone } from '../../campaign/compile.ts'
import { planOfVersion } from '../../campaign/compiled-plan.ts'
import { createMatcher } from '../../campaign/match.ts'
import { MAX_ACCOUNTS } from '../../store/accounts/account.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import type { ClosingEntry } from '../../store/inbox/window-closing.ts'

/**
 * The live campaigns that begin before a window closes, in the order of their priority, each with the active accounts of one time
 * zone. Reads the store, because workers have no configuration in memory.
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
    return [...new Set(served.map(({ timezone }) => timezone))].map((timezone): ClosingEntry => {
      const { quiet, zone } = inTimezone(compiled, timezone, now)
      const rule = { beforeMs, ...(quiet && zone ? { quiet, zone } : {}) }
      const appIds = served.filter((account) => account.timezone === timezone).map(({ appId }) => appId)
      return { start, rule, appIds }
    })
  })
}

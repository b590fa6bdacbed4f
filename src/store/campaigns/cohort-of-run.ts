import { cohortOf } from '../../campaign/cohort.ts'
import type { Cohort } from '../../run/cohort.ts'
import type { RunStart } from '../../run/plan.ts'
import { CHINA_TIMEZONE } from '../../shared/beijing-time.ts'
import type { CampaignStore } from './campaign-store.ts'

/** What statistics group a run by; null when its campaign version cannot be read. */
export async function cohortOfRun(
  stores: {
    campaigns: Pick<CampaignStore, 'version'>
    accounts: { find(appId: string): Promise<{ timezone: string } | null> }
  },
  appId: string,
  { plan, entry }: Pick<RunStart, 'plan' | 'entry'>,
): Promise<Cohort | null> {
  const [version, account] = await Promise.all([
    stores.campaigns.version(plan.campaign, plan.version),
    stores.accounts.find(appId),
  ])
  // An account that was removed meanwhile has no time zone.
  return version && cohortOf(version.model, account?.timezone ?? CHINA_TIMEZONE, entry)
}

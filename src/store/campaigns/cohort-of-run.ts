import { cohortOf } from '../../campaign/cohort.ts'
import type { Cohort } from '../../run/cohort.ts'
import type { RunStart } from '../../run/plan.ts'
import type { CampaignStore } from './campaign-store.ts'

/** The time zone of an account that was removed meanwhile. */
const CHINA = 'Asia/Shanghai'

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
  return version && cohortOf(version.model, account?.timezone ?? CHINA, entry)
}

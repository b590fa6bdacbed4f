import { planOfVersion } from '../../campaign/compiled-plan.ts'
import { type Plan, wholePlan } from '../../run/plan.ts'
import type { RunRow } from '../runs/run-rows.ts'
import type { CampaignStore } from './campaign-store.ts'

/** The plan of a run: its row has it, or else its campaign version. Null when that version cannot be read. */
export async function planOfRun(
  campaigns: Pick<CampaignStore, 'version'>,
  { plan, campaign, version }: Pick<RunRow, 'plan' | 'campaign' | 'version'>,
): Promise<Plan | null> {
  const whole = wholePlan(plan)
  if (whole) return whole
  const found = await campaigns.version(campaign, version)
  if (!found) return null
  const compiled = planOfVersion(found.model, version)
  return plan.zone ? { ...compiled, zone: plan.zone } : compiled
}

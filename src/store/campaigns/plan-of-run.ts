import { compileCampaign } from '../../campaign/compile.ts'
import type { Campaign } from '../../campaign/model.ts'
import { type Plan, wholePlan } from '../../run/plan.ts'
import type { RunRow } from '../runs/run-rows.ts'
import type { CampaignStore } from './campaign-store.ts'

/** Compiled once for each version: a view of a run needs the plan, and the store keeps the models of recent versions. */
const compiledPlans = new WeakMap<Campaign, Plan>()

function planOf(campaign: Campaign, version: number): Plan {
  const known = compiledPlans.get(campaign)
  const plan = known ?? compileCampaign(campaign, version)
  if (!known) compiledPlans.set(campaign, plan)
  return plan
}

/** The plan of a run: its row has it, or else its campaign version. Null when that version cannot be read. */
export async function planOfRun(
  campaigns: Pick<CampaignStore, 'version'>,
  { plan, campaign, version }: Pick<RunRow, 'plan' | 'campaign' | 'version'>,
): Promise<Plan | null> {
  const whole = wholePlan(plan)
  if (whole) return whole
  const found = await campaigns.version(campaign, version)
  if (!found) return null
  const compiled = planOf(found.model, version)
  return plan.zone ? { ...compiled, zone: plan.zone } : compiled
}

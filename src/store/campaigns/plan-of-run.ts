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
  const { zone, quiet, spreadMs } = plan
  // The quiet hours may be those of the account when the run began.
  const pinned = quiet
    ? { quiet, forks: compiled.forks ?? [], ...(spreadMs === undefined ? {} : { spreadMs }) }
    : {}
  return zone ? { ...compiled, zone, ...pinned } : compiled
}

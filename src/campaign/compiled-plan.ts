import type { Plan } from '../run/plan.ts'
import { compileCampaign } from './compile.ts'
import type { Campaign } from './model.ts'

const plans = new WeakMap<Campaign, Plan>()

/**
 * The plan of a stored version, compiled once. The store keeps the models of recent versions in memory, and each model belongs
 * to one version. See `compileCampaign`.
 */
export function planOfVersion(model: Campaign, version: number): Plan {
  const known = plans.get(model)
  if (known) return known
  const plan = compileCampaign(model, version)
  plans.set(model, plan)
  return plan
}

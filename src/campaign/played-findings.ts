import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import type { Campaign } from './model.ts'
import { previewWarnings } from './preview-warnings.ts'
import { type WayFindings, wayFindings } from './way-warnings.ts'

/** What a simulation of a campaign shows: of one without forks, a silent and a replying follower; else every way. */
export function playedFindings(campaign: Campaign, rules: RulesProfileName): WayFindings {
  const plan = compileCampaign(campaign, 1)
  if (plan.forks) return wayFindings(campaign, plan, rules)
  return { issues: [], warnings: previewWarnings(campaign, rules) }
}

import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import type { Campaign } from './model.ts'
import { previewWarnings } from './preview-warnings.ts'
import { type WayFindings, wayFindings } from './way-warnings.ts'

/**
 * What a simulation of a campaign shows: of one without forks, a silent and a replying follower; else every way.
 * @param quietOf the account whose quiet hours it has; null: its own, or none
 */
export function playedFindings(
  campaign: Campaign,
  rules: RulesProfileName,
  quietOf: string | null = null,
): WayFindings {
  const plan = compileCampaign(campaign, 1)
  if (plan.forks) return wayFindings(campaign, plan, rules, quietOf)
  return { issues: [], warnings: previewWarnings(campaign, rules) }
}

import { mediaRefs, textsOf } from './message.ts'
import { type Campaign, kindOf } from './model.ts'
import { normaliseKeyword, type Plan } from './plan.ts'
import { namesFollower } from './template.ts'

/** The plan that a run of this campaign version is pinned to. */
export function compileCampaign(campaign: Campaign, version: number): Plan {
  return {
    campaign: campaign.id,
    version,
    steps: campaign.steps.map((step) => ({
      id: step.id,
      kind: step.send ? kindOf(step.send) : 'tag',
      media: step.send ? mediaRefs(step.send).length > 0 : false,
      afterMs: step.after,
      since: step.since,
      ifLate: step.ifLate,
      when: step.when ?? null,
      ...(step.tag ? { tag: step.tag } : {}),
      ...(step.untag ? { untag: step.untag } : {}),
      ...(textsOf(step.send).some(([, text]) => namesFollower(text)) ? { facts: true as const } : {}),
    })),
    spacingMs: campaign.spacing,
    windowMs: campaign.window,
    exitKeywords: (campaign.exit?.keywords ?? []).map(normaliseKeyword),
  }
}

/** How often a follower may enter, in the dispatcher's terms. */
export function reentryOf(campaign: Campaign): 'always' | 'never' | { afterMs: number } {
  return typeof campaign.reentry === 'string' ? campaign.reentry : { afterMs: campaign.reentry.after }
}

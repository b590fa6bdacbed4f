import type { Plan } from '../run/plan.ts'
import { normaliseExitKeyword } from '../shared/keyword.ts'
import type { Issue } from './issue.ts'
import { mediaRefs, textsOf } from './message.ts'
import { type Campaign, kindOf, type Message } from './model.ts'
import { usesFollowerAttributes } from './template/template.ts'

/** The plan that a run of this campaign version is pinned to. */
export function compileCampaign(campaign: Campaign, version: number): Plan {
  return {
    campaign: campaign.id,
    version,
    steps: campaign.steps.map((step) => ({
      id: step.id,
      kind: step.send ? kindOf(step.send) : 'tag',
      media: requirementsOf(step.send).media,
      afterMs: step.after,
      since: step.since,
      ifLate: step.ifLate,
      when: step.when ?? null,
      ...(step.tag ? { tag: step.tag } : {}),
      ...(step.untag ? { untag: step.untag } : {}),
      ...(requirementsOf(step.send).attributes ? { needsAttributes: true as const } : {}),
    })),
    spacingMs: campaign.spacing,
    windowMs: campaign.window,
    exitKeywords: (campaign.exit?.keywords ?? []).map(normaliseExitKeyword),
  }
}

/** How often a follower may enter, with times in ms. */
export function reentryOf(campaign: Campaign): 'always' | 'never' | { afterMs: number } {
  return typeof campaign.reentry === 'string' ? campaign.reentry : { afterMs: campaign.reentry.after }
}

/** What a message needs before it can be rendered: media at WeChat, attributes of the follower. */
function requirementsOf(send: Message | undefined): { media: boolean; attributes: boolean } {
  return {
    media: send !== undefined && mediaRefs(send).length > 0,
    attributes: textsOf(send).some(([, text]) => usesFollowerAttributes(text)),
  }
}

/**
 * Whether a run that was compiled with the body `pinned` can send `newer` instead (`?bodies=running`). Its plan prepares only
 * what `pinned` needs.
 */
export function canReplaceBody(pinned: Message, newer: Message): boolean {
  const [had, needs] = [requirementsOf(pinned), requirementsOf(newer)]
  return (had.media || !needs.media) && (had.attributes || !needs.attributes)
}

/** A warning for each step whose runs in flight keep the earlier body, although the new one was published for them. */
export function bodyWarnings(before: Campaign, after: Campaign): Issue[] {
  return after.steps.flatMap((step, i) => {
    const earlier = before.steps.find((s) => s.id === step.id)?.send
    if (!earlier || !step.send || canReplaceBody(earlier, step.send)) return []
    const what = requirementsOf(step.send).media && !requirementsOf(earlier).media ? 'a medium' : 'follower.…'
    return [
      {
        path: `steps.${i}.send`,
        message: `the new body needs ${what}, which runs in flight do not prepare: they send the earlier body`,
      },
    ]
  })
}

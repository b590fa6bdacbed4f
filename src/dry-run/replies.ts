import { answerRowFor, isAwaited } from '../campaign/live-events.ts'
import { currentAgentSession } from '../dispatch/dispatch-context.ts'
import type { FollowerEvent } from '../run/follower-event.ts'
import type { FollowerPatch, FollowerRow } from '../store/runs/follower-rows.ts'
import type { DryRunPlan } from './dry-run-plan.ts'

/** What the dispatcher makes of the event. */
interface Meaning {
  begins: boolean
  patch: FollowerPatch
  follower: FollowerRow | null
}

/**
 * The passive reply of the campaign to an event, by its path in the file; null when it has none for it, or another campaign's reply
 * comes first: that of an entry, then of an opt-out or its end, then of `answers`.
 */
export function replyTo(
  plan: DryRunPlan,
  event: FollowerEvent,
  { begins, patch, follower }: Meaning,
): string | null {
  const { account, campaign, matcher } = plan
  const { appId } = account
  const { text } = event
  if (begins) {
    const entered = matcher.entry(appId, event)?.campaign
    if (entered?.reply) return entered.id === campaign.id ? 'reply' : null
  }
  if (text !== null && patch.optedOutAt != null) {
    const isOwn = matcher.exits(appId, text).some((live) => live.campaign.id === campaign.id)
    return isOwn && campaign.exit?.reply ? 'exit.reply' : null
  }
  if (text !== null && patch.optedOutAt === null && follower?.optedOutAt != null) {
    const first = matcher.resumes(appId, text).find((live) => live.campaign.exit?.resumeReply)
    if (first) return first.campaign.id === campaign.id ? 'exit.resumeReply' : null
  }
  const hasAgent = currentAgentSession(follower, {}) !== null
  const row = answerRowFor(matcher, account, event, hasAgent || isAwaited(matcher, account, event))
  return row && row.live.campaign.id === campaign.id ? `answers.${row.index}` : null
}

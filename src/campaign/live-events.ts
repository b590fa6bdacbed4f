import type { FollowerEvent } from '../run/follower-event.ts'
import type { EntryName } from '../run/plan.ts'
import type { AnswerRow } from './answer-matcher.ts'
import { entryOfScene, type LiveCampaign, type Matcher } from './match.ts'
import { isExitOf, isResumeOf, type OptOut } from './opt-out.ts'

/** The settings of an account that decide what its followers' events mean. */
interface ReceivingAccount {
  appId: string
  optOut?: OptOut | null
  /** Whether messages that match nothing go to human agents. */
  humanAgents: boolean
}
type OptOutOf = Pick<ReceivingAccount, 'appId' | 'optOut'>

/** What a text means for the opt-out of an account's followers, by the live campaigns and by the account's own setting. */
export function optOutWordsOf(matcher: Matcher, { appId, optOut }: OptOutOf) {
  return {
    isExit: (text: string) => matcher.isExit(appId, text) || isExitOf(optOut, text),
    isExitOfAccount: (text: string) => isExitOf(optOut, text),
    isResume: (text: string) => matcher.resumes(appId, text).length > 0 || isResumeOf(optOut, text),
  }
}

/** The entry of a follower into a campaign version. */
interface Entered {
  live: LiveCampaign
  start: { campaign: string; version: number; event: EntryName }
}

const entered = (live: LiveCampaign, event: EntryName): Entered => ({
  live,
  start: { campaign: live.campaign.id, version: live.version, event },
})

/** The campaign that an interaction enters; null for none, and for any other event. */
export function enteredBy(matcher: Matcher, appId: string, event: FollowerEvent): Entered | null {
  const name = entryOfScene(event.scene)
  const live = name && matcher.entry(appId, event)
  return live && name ? entered(live, name) : null
}

/** The campaign that a follower enters who was given these tags; null when none matches. */
export function enteredByTags(matcher: Matcher, appId: string, tags: readonly string[]): Entered | null {
  const live = matcher.tagged(appId, tags)
  return live && entered(live, 'tag')
}

/** True for a message that a campaign waits for, or that an opt-out or its end is. */
export function isAwaited(matcher: Matcher, account: OptOutOf, { scene, text }: FollowerEvent): boolean {
  if (scene !== 'message' || text === null) return false
  const words = optOutWordsOf(matcher, account)
  return matcher.isAwaited(account.appId, text) || words.isExit(text) || words.isResume(text)
}

/**
 * The row of `answers` for an event; null for none.
 * @param isReserved somebody else may answer: a human agent, or a campaign that waits for the text
 */
export function answerRowFor(
  matcher: Matcher,
  { appId, humanAgents }: ReceivingAccount,
  event: FollowerEvent,
  isReserved: boolean,
): AnswerRow<LiveCampaign> | null {
  const isMessage = event.scene === 'message'
  if (!isMessage && event.scene !== 'menu') return null
  return matcher.answer(appId, event, {
    // WeChat transfers messages and no other events. A tapped menu message is a message.
    handover: humanAgents && (isMessage || event.kind === 'text'),
    catchAll: !isReserved,
  })
}

import type { AnswerRow } from '../../campaign/answer-matcher.ts'
import { planForAccount, reentryOf } from '../../campaign/compile.ts'
import { planOfVersion } from '../../campaign/compiled-plan.ts'
import {
  answerRowFor,
  enteredBy,
  enteredByTags,
  isAwaited,
  optOutWordsOf,
} from '../../campaign/live-events.ts'
import { createMatcher, entryOfScene, type LiveCampaign, type Matcher } from '../../campaign/match.ts'
import { renderPassiveReply, TEXT_MAX_BYTES } from '../../campaign/message.ts'
import type { Reply } from '../../campaign/message-model.ts'
import { isExitOf, isResumeOf } from '../../campaign/opt-out.ts'
import { templateVariables } from '../../campaign/template/variables.ts'
import type { FollowerEvent } from '../../run/follower-event.ts'
import type { EntryName } from '../../run/plan.ts'
import type { Log } from '../../shared/log.ts'
import { type PassiveReply, withoutEmptyParts } from '../../wechat/callback/passive-reply.ts'
import type { ExitReply } from '../accept/reply-eligibility.ts'
import type { EventMatch, ReceivingAccount } from '../callback-deps.ts'

interface MatcherDeps {
  /** WeChat's media_id of an uploaded medium, from memory; null when the medium is not at WeChat. */
  mediaId(appId: string, type: string, id: string): string | null
  log: Log
}

/** An event that is matched. */
interface Occasion {
  account: ReceivingAccount
  event: FollowerEvent
  /** WeChat's `CreateTime`, epoch ms. */
  at: number
  /** Whether a human agent has the follower's session. */
  hasAgent: boolean
}

const HAND_OVER = { kind: 'transfer_customer_service' } as const

/** Matches events against the live campaigns, in memory. */
export class EventMatcher {
  readonly #deps: MatcherDeps
  readonly #matcher: Matcher

  constructor(live: readonly LiveCampaign[], deps: MatcherDeps) {
    this.#matcher = createMatcher(live)
    this.#deps = deps
  }

  /** What a text means for the opt-out of an account's followers. */
  optOutWords(account: Parameters<typeof optOutWordsOf>[1]) {
    return optOutWordsOf(this.#matcher, account)
  }

  /** The campaign that a follower enters who was given these tags; null when none matches. */
  matchTags(appId: string, tags: readonly string[]): EventMatch['start'] {
    return enteredByTags(this.#matcher, appId, tags)?.start ?? null
  }

  /**
   * The campaign that an event enters, and its answer. The reply of an entry comes first, then the reply to an opt-out or to its
   * end, then `answers`, then the human agents.
   */
  match(occasion: Occasion): EventMatch {
    const { account, event, at } = occasion
    const entered = enteredBy(this.#matcher, account.appId, event)
    const start = entered?.start ?? null
    const template = entered?.live.campaign.reply
    const reply = template ? this.#render(occasion, template) : null
    const entry = reply && entered ? { entry: this.#compile(entered.live, account, at) } : {}
    const answer = this.#answer(occasion, start !== null)
    const optOut = this.#optOutReplies(occasion)
    if (reply || optOut)
      return { start, reply, ...entry, ...(answer || optOut ? { otherwise: { ...answer, ...optOut } } : {}) }
    return { start, reply: answer?.reply ?? null, ...(answer?.answered ? { answered: answer.answered } : {}) }
  }

  #compile(matched: LiveCampaign, account: ReceivingAccount, at: number): NonNullable<EventMatch['entry']> {
    const { campaign, version } = matched
    const plan = planForAccount(campaign, planOfVersion(campaign, version), account, at)
    return { plan, reentry: reentryOf(campaign) }
  }

  /** The answer of a row of `answers`, or the transfer of a message that nothing else is for; null for none. */
  #answer(occasion: Occasion, isEntry: boolean): { reply: PassiveReply | null; answered?: string } | null {
    const { account, event, hasAgent } = occasion
    const isExpected = isAwaited(this.#matcher, account, event)
    const row = answerRowFor(this.#matcher, account, event, hasAgent || isExpected)
    if (row) return { reply: this.#replyOf(occasion, row), answered: nameOf(row) }
    const mayTransfer = account.humanAgents && event.scene === 'message' && !isEntry && !isExpected
    return mayTransfer ? { reply: HAND_OVER } : null
  }

  #replyOf(occasion: Occasion, { answer }: AnswerRow<LiveCampaign>): PassiveReply | null {
    if (answer.handover) return HAND_OVER
    return answer.reply ? this.#render(occasion, answer.reply) : null
  }

  /** The replies of an event that may opt out, or end an opt-out; null when there are none. */
  #optOutReplies(occasion: Occasion): { exit?: ExitReply; resume?: () => PassiveReply | null } | null {
    const { account, event } = occasion
    const { text } = event
    if (text === null) return null
    const { appId, optOut } = account
    const exits = this.#matcher.exits(appId, text)
    const ofAccount = isExitOf(optOut, text)
    const exitReplies = exits.some(({ campaign }) => campaign.exit?.reply) || (ofAccount && optOut?.reply)
    const resume =
      this.#matcher.resumes(appId, text).find(({ campaign }) => campaign.exit?.resumeReply)?.campaign.exit
        ?.resumeReply ?? (isResumeOf(optOut, text) ? optOut?.resumeReply : undefined)
    if (!exitReplies && !resume) return null
    const exit: ExitReply = {
      ends: (campaign) => ofAccount || exits.some((e) => e.campaign.id === campaign),
      replyFor: (campaign) => {
        const own = exits.find((e) => e.campaign.id === campaign)?.campaign.exit?.reply
        const other = exits.find((e) => e.campaign.exit?.reply)?.campaign.exit?.reply
        const template = own ?? (ofAccount ? optOut?.reply : undefined) ?? other
        return template ? this.#render(occasion, template) : null
      },
    }
    return {
      ...(exitReplies ? { exit } : {}),
      ...(resume ? { resume: () => this.#render(occasion, resume) } : {}),
    }
  }

  /** A rendered passive reply; null when it cannot be rendered. */
  #render({ account, event, at }: Occasion, template: Reply): PassiveReply | null {
    const { scene, text, qrScene, eventKey } = event
    // Only interactions have replies.
    const entry: EntryName = entryOfScene(scene) ?? 'message'
    const variables = templateVariables(
      {
        entry: { at, event: entry, qrScene, eventKey },
        reply: scene === 'message' && text !== null ? { at, text } : null,
      },
      account,
      at,
    )
    try {
      const rendered = renderPassiveReply(template, variables, (medium) => {
        const id = this.#deps.mediaId(account.appId, medium.type, medium.id)
        if (!id) throw new Error(`medium ${medium.id} is not at WeChat yet`)
        return id
      })
      const reply = withoutEmptyParts(rendered)
      if (!reply) throw new Error(`the ${rendered.kind} reply renders to nothing`)
      // A text that repeats what the follower typed. WeChat would show a fault of the service.
      if (reply.kind === 'text' && Buffer.byteLength(reply.content) > TEXT_MAX_BYTES)
        throw new Error(`the text reply is longer than ${TEXT_MAX_BYTES} bytes`)
      return reply
    } catch (err) {
      // The event counts without the reply.
      const reason = err instanceof Error ? err.message : err
      this.#deps.log.warn({ appId: account.appId, reason }, 'passive reply omitted')
      return null
    }
  }
}

/** The name of a row of `answers`, as the inbox keeps it: `faq@3/answers.0`. */
function nameOf({ live: { campaign, version }, index }: AnswerRow<LiveCampaign>): string {
  return `${campaign.id}@${version}/answers.${index}`
}

import { compileCampaign, reentryOf } from '../../campaign/compile.ts'
import { createMatcher, type EntryCandidate, type LiveCampaign, type Matcher } from '../../campaign/match.ts'
import { renderPassiveReply } from '../../campaign/message.ts'
import type { Campaign } from '../../campaign/model.ts'
import { templateVariables } from '../../campaign/template/variables.ts'
import type { FollowerEvent } from '../../run/follower-event.ts'
import type { Log } from '../../shared/log.ts'
import { type PassiveReply, withoutEmptyParts } from '../../wechat/callback/reply.ts'
import type { EventMatch, ReceivingAccount } from '../callback-deps.ts'

interface MatcherDeps {
  /** WeChat's media_id of an uploaded medium, from memory; null when it is not there. */
  mediaId(appId: string, type: string, id: string): string | null
  log: Log
}

/** Matches events against campaigns that are live, in memory. */
export class EventMatcher {
  readonly #deps: MatcherDeps
  readonly #matcher: Matcher
  readonly #compiled = new Map<Campaign, NonNullable<EventMatch['entry']>>()

  constructor(live: readonly LiveCampaign[], deps: MatcherDeps) {
    this.#matcher = createMatcher(live)
    this.#deps = deps
  }

  /** True when the text is an exit keyword of any campaign of this account. */
  isExitText(appId: string, text: string): boolean {
    return this.#matcher.isExit(appId, text)
  }

  /** @param createdAt WeChat's `CreateTime`, epoch ms */
  match(account: ReceivingAccount, event: FollowerEvent, createdAt: number): EventMatch {
    const candidate = entryCandidate(event)
    const matched = candidate && this.#matcher.entry(account.appId, candidate)
    if (!candidate || !matched) {
      const reply = this.#isForHumanAgents(account, event)
        ? { kind: 'transfer_customer_service' as const }
        : null
      return { start: null, reply }
    }
    const { campaign, version } = matched
    const start = { campaign: campaign.id, version, event: candidate.event }
    const reply = campaign.reply
      ? this.#renderReply(account, { ...candidate, at: createdAt, seq: 0, key: '' }, campaign.reply)
      : null
    return { start, ...(reply ? { entry: this.#compile(matched) } : {}), reply }
  }

  #compile(matched: LiveCampaign): NonNullable<EventMatch['entry']> {
    const { campaign, version } = matched
    const known = this.#compiled.get(campaign)
    if (known) return known
    const entry = { plan: compileCampaign(campaign, version), reentry: reentryOf(campaign) }
    this.#compiled.set(campaign, entry)
    return entry
  }

  #renderReply(
    account: ReceivingAccount,
    entry: Parameters<typeof templateVariables>[0]['entry'],
    template: Parameters<typeof renderPassiveReply>[0],
  ): PassiveReply | null {
    const { at, text } = entry
    const state = { entry, reply: text === null ? null : { at, text } }
    try {
      const rendered = renderPassiveReply(template, templateVariables(state, account, at), (medium) => {
        const id = this.#deps.mediaId(account.appId, medium.type, medium.id)
        if (!id) throw new Error(`medium ${medium.id} is not at WeChat yet`)
        return id
      })
      const reply = withoutEmptyParts(rendered)
      if (!reply) throw new Error(`the ${rendered.kind} reply renders to nothing`)
      return reply
    } catch (err) {
      // The run begins all the same; only the immediate answer is missing.
      const reason = err instanceof Error ? err.message : err
      this.#deps.log.warn({ appId: account.appId, reason }, 'no passive reply')
      return null
    }
  }

  /** A message that no campaign takes goes to a human agent, where the account has some. */
  #isForHumanAgents(account: ReceivingAccount, { scene, text }: FollowerEvent): boolean {
    if (!account.humanAgents || scene !== 'message') return false
    return text === null || !this.isExitText(account.appId, text)
  }
}

/** The event as a campaign's `entry` sees it; null of one that can enter none. */
function entryCandidate({ scene, text, qrScene, eventKey }: FollowerEvent): EntryCandidate | null {
  switch (scene) {
    case 'subscribe':
    case 'scan':
      return { event: scene, qrScene, eventKey, text: null }
    case 'menu':
      return { event: 'click', qrScene, eventKey, text: null }
    case 'message':
      return { event: 'message', qrScene, eventKey, text }
    default:
      return null
  }
}

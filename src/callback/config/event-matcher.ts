import { compileCampaign, inTimezone, reentryOf } from '../../campaign/compile.ts'
import { createMatcher, entryOfScene, type LiveCampaign, type Matcher } from '../../campaign/match.ts'
import { renderPassiveReply } from '../../campaign/message.ts'
import type { Campaign } from '../../campaign/model.ts'
import { templateVariables } from '../../campaign/template/variables.ts'
import type { FollowerEvent } from '../../run/follower-event.ts'
import type { EntryName } from '../../run/plan.ts'
import type { Log } from '../../shared/log.ts'
import { type PassiveReply, withoutEmptyParts } from '../../wechat/callback/passive-reply.ts'
import type { EventMatch, ReceivingAccount } from '../callback-deps.ts'

interface MatcherDeps {
  /** WeChat's media_id of an uploaded medium, from memory; null when the medium is not at WeChat. */
  mediaId(appId: string, type: string, id: string): string | null
  log: Log
}

/** Matches events against the live campaigns, in memory. */
export class EventMatcher {
  readonly #deps: MatcherDeps
  readonly #matcher: Matcher
  readonly #compiled = new Map<Campaign, NonNullable<EventMatch['entry']>>()

  constructor(live: readonly LiveCampaign[], deps: MatcherDeps) {
    this.#matcher = createMatcher(live)
    this.#deps = deps
  }

  /** True for an exit keyword of any campaign of the account. */
  isExitText(appId: string, text: string): boolean {
    return this.#matcher.isExit(appId, text)
  }

  /** The campaign that a follower enters who was given these tags; null when none matches. */
  matchTags(appId: string, tags: readonly string[]): EventMatch['start'] {
    const matched = this.#matcher.tagged(appId, tags)
    return matched && { campaign: matched.campaign.id, version: matched.version, event: 'tag' }
  }

  /** @param createdAt WeChat's `CreateTime`, epoch ms */
  match(account: ReceivingAccount, event: FollowerEvent, createdAt: number): EventMatch {
    const matched = this.#matcher.entry(account.appId, event)
    if (!matched) {
      const reply = this.#isForHumanAgents(account, event)
        ? { kind: 'transfer_customer_service' as const }
        : null
      return { start: null, reply }
    }
    const { campaign, version } = matched
    const entry = entryOfScene(event.scene)
    // Only an interaction matches a campaign.
    if (!entry) return { start: null, reply: null }
    const start = { campaign: campaign.id, version, event: entry }
    const reply = this.#renderReply(account, campaign, { event, entry, at: createdAt })
    return { start, ...(reply ? { entry: this.#compile(matched, account.timezone, createdAt) } : {}), reply }
  }

  #compile(matched: LiveCampaign, timezone: string, at: number): NonNullable<EventMatch['entry']> {
    const { campaign, version } = matched
    const known = this.#compiled.get(campaign)
    const entry = known ?? { plan: compileCampaign(campaign, version), reentry: reentryOf(campaign) }
    this.#compiled.set(campaign, entry)
    return { ...entry, plan: inTimezone(entry.plan, timezone, at) }
  }

  /** The rendered passive reply of a campaign; null when it has none, or it cannot be rendered. */
  #renderReply(
    account: ReceivingAccount,
    { reply: template }: Campaign,
    { event, entry, at }: { event: FollowerEvent; entry: EntryName; at: number },
  ): PassiveReply | null {
    if (!template) return null
    const { scene, text, qrScene, eventKey } = event
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
      return reply
    } catch (err) {
      // The run starts without the reply.
      const reason = err instanceof Error ? err.message : err
      this.#deps.log.warn({ appId: account.appId, reason }, 'passive reply omitted')
      return null
    }
  }

  /** True for a message that goes to a human agent: no campaign matches it, and the account has agents. */
  #isForHumanAgents(account: ReceivingAccount, { scene, text }: FollowerEvent): boolean {
    if (!account.humanAgents || scene !== 'message') return false
    return text === null || !this.isExitText(account.appId, text)
  }
}

import type { FollowerEvent } from '../run/follower-event.ts'
import type { EntryName } from '../run/plan.ts'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import { AccountGroups } from './account-groups.ts'
import { AnswerMatcher, type AnswerRow, type UsableAnswers } from './answer-matcher.ts'
import { type ComparedEvent, EventIndex } from './event-index.ts'
import { entriesOf } from './items.ts'
import type { Campaign } from './model.ts'

export interface LiveCampaign {
  campaign: Campaign
  version: number
}

/** The fields of an event that decide which campaign it enters. */
type EntryEvent = Omit<FollowerEvent, 'kind'>

/** Matches events against live campaigns, which are prepared once. */
export interface Matcher {
  /** The campaign that the event enters: of the highest priority, then of the smallest id; null when none matches. */
  entry(appId: string, event: EntryEvent): LiveCampaign | null
  /** The campaign that a follower enters who was given these tags; null when none matches. */
  tagged(appId: string, tags: readonly string[]): LiveCampaign | null
  /** The campaigns that begin so long before a window closes, in the order of their priority. */
  closing(): readonly { candidate: LiveCampaign; beforeMs: number; serves(appId: string): boolean }[]
  /** True for an exit keyword of any campaign of the account. */
  isExit(appId: string, text: string): boolean
  /** The campaigns of the account that have this exit keyword, in the order in which they are tried. */
  exits(appId: string, text: string): readonly LiveCampaign[]
  /** The campaigns of the account that have this keyword under `resume`. */
  resumes(appId: string, text: string): readonly LiveCampaign[]
  /** The row of `answers` that fits first: by the order of the campaigns, then of the file; null when none does. */
  answer(appId: string, event: EntryEvent, usable: UsableAnswers): AnswerRow<LiveCampaign> | null
  /** True for a keyword of an entry, a branch or a goal of the account's campaigns. */
  isAwaited(appId: string, text: string): boolean
}

/** A matcher of these versions. It does not follow later publications, and does not ask whether a campaign is live. */
export function createMatcher(live: readonly LiveCampaign[]): Matcher {
  const ordered = [...live].sort(
    (a, b) => b.campaign.priority - a.campaign.priority || (a.campaign.id < b.campaign.id ? -1 : 1),
  )
  const entries = entryGroups(ordered)
  const answers = new AnswerMatcher(ordered)
  const exits = wordTable(ordered, ({ exit }) => exit?.keywords)
  const resumes = wordTable(ordered, ({ exit }) => exit?.resume)
  const rules = ordered.map((candidate) => ({
    candidate,
    entersTagged: tagTest(candidate.campaign),
    serves: accountTest(candidate.campaign),
  }))
  return {
    entry(appId, event) {
      const compared = comparedEvent(event)
      const rank = Math.min(...entries.of(appId).map((index) => index.first(compared)))
      return ordered[rank] ?? null
    },
    tagged: (appId, tags) => rules.find((r) => r.serves(appId) && r.entersTagged(tags))?.candidate ?? null,
    isExit: (appId, text) => exits(appId, text).length > 0,
    exits,
    resumes,
    answer: (appId, event, usable) => answers.answer(appId, comparedEvent(event), usable),
    isAwaited: (appId, text) => answers.isAwaited(appId, normaliseEntryKeyword(text)),
    closing: () =>
      rules.flatMap(({ candidate, serves }) =>
        entriesOf(candidate.campaign).flatMap(({ before: beforeMs }) =>
          beforeMs === undefined ? [] : [{ candidate, beforeMs, serves }],
        ),
      ),
  }
}

/** The entries of the campaigns, ranked by their order. */
function entryGroups(ordered: readonly LiveCampaign[]): AccountGroups<EventIndex> {
  const groups = new AccountGroups(() => new EventIndex())
  for (const [rank, { campaign }] of ordered.entries())
    for (const event of entriesOf(campaign)) groups.valueFor(campaign.accounts).add(event, rank)
  return groups
}

/** Finds the campaigns of an account that have a text as exit keyword, or as keyword that ends an opt-out. */
function wordTable(
  ordered: readonly LiveCampaign[],
  wordsOf: (campaign: Campaign) => readonly string[] | undefined,
): (appId: string, text: string) => readonly LiveCampaign[] {
  const byWord = new Map<string, { live: LiveCampaign; serves: (appId: string) => boolean }[]>()
  for (const live of ordered) {
    const serves = accountTest(live.campaign)
    for (const word of new Set(wordsOf(live.campaign)?.map(normaliseExitKeyword)))
      if (!byWord.get(word)?.push({ live, serves })) byWord.set(word, [{ live, serves }])
  }
  return (appId, text) => {
    const word = normaliseExitKeyword(text)
    const found = word === '' ? [] : (byWord.get(word) ?? [])
    return found.filter(({ serves }) => serves(appId)).map(({ live }) => live)
  }
}

/** The entry that an interaction is; null when it begins no run. */
export function entryOfScene(scene: Scene | null): EntryName | null {
  if (scene === 'menu') return 'click'
  return scene === 'pay' ? null : scene
}

/** An event with its keyword. A tapped menu message has a text, but it is not typed. */
function comparedEvent({ scene, text, qrScene, eventKey }: EntryEvent): ComparedEvent {
  const keyword = scene === 'message' && text !== null ? normaliseEntryKeyword(text) : ''
  return { scene, qrScene, eventKey, keyword }
}

function accountTest({ accounts }: Campaign): (appId: string) => boolean {
  if (!accounts) return () => true
  const known = new Set(accounts)
  return (appId) => known.has(appId)
}

function tagTest(campaign: Campaign): (tags: readonly string[]) => boolean {
  const entries = entriesOf(campaign).filter(({ event }) => event === 'tag')
  return (given) => entries.some(({ tags }) => !tags || tags.some((tag) => given.includes(tag)))
}

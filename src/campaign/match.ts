import type { Entry } from '../run/plan.ts'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import { patternTest } from '../shared/pattern.ts'
import type { Campaign } from './model.ts'

/** What of an event decides whether it enters a campaign. */
export interface EntryCandidate {
  event: Entry['event']
  qrScene: string | null
  eventKey: string | null
  text: string | null
}

export interface LiveCampaign {
  campaign: Campaign
  version: number
}

/** Live campaigns, prepared for one look per callback. */
export interface Matcher {
  /** The campaign that this event enters: the highest priority, then the smallest id; null when none. */
  entry(appId: string, candidate: EntryCandidate): LiveCampaign | null
  /** True when the text is an exit keyword of any campaign of this account. */
  isExit(appId: string, text: string): boolean
}

export function createMatcher(live: readonly LiveCampaign[]): Matcher {
  const ordered = [...live].sort(
    (a, b) => b.campaign.priority - a.campaign.priority || (a.campaign.id < b.campaign.id ? -1 : 1),
  )
  const rules = ordered.map((live) => ({
    one: live,
    enters: entryTest(live.campaign),
    serves: accountTest(live.campaign),
  }))
  const exits = ordered.map(({ campaign }) => ({
    serves: accountTest(campaign),
    keywords: new Set(campaign.exit?.keywords.map(normaliseExitKeyword)),
  }))
  return {
    entry(appId, candidate) {
      const word = candidate.text === null ? '' : normaliseEntryKeyword(candidate.text)
      return rules.find((r) => r.serves(appId) && r.enters(candidate, word))?.one ?? null
    },
    isExit(appId, text) {
      const word = normaliseExitKeyword(text)
      return word !== '' && exits.some((e) => e.keywords.has(word) && e.serves(appId))
    },
  }
}

function accountTest({ accounts }: Campaign): (appId: string) => boolean {
  if (!accounts) return () => true
  const known = new Set(accounts)
  return (appId) => known.has(appId)
}

/** `word` is the text as `entryWord` reads it; '' without one. */
function entryTest({ entry }: Campaign): (candidate: EntryCandidate, word: string) => boolean {
  const scene = entry.qrScenes ? patternTest(entry.qrScenes) : null
  const key = entry.keys ? patternTest(entry.keys) : null
  const keywords = entry.keywords ? new Set(entry.keywords.map(normaliseEntryKeyword)) : null
  return (candidate, word) =>
    candidate.event === entry.event &&
    (!scene || (candidate.qrScene !== null && scene(candidate.qrScene))) &&
    (!key || (candidate.eventKey !== null && key(candidate.eventKey))) &&
    (!keywords || (word !== '' && keywords.has(word)))
}

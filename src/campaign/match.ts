import { entryWord, exitWord } from './keyword.ts'
import type { Campaign } from './model.ts'
import type { Entry } from './plan.ts'

/** What of an event decides whether it enters a campaign. */
export interface EntryFacts {
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
  entry(appId: string, facts: EntryFacts): LiveCampaign | null
  /** True when the text is an exit keyword of any campaign of this account. */
  isExit(appId: string, text: string): boolean
}

export function createMatcher(live: readonly LiveCampaign[]): Matcher {
  const ordered = [...live].sort(
    (a, b) => b.campaign.priority - a.campaign.priority || (a.campaign.id < b.campaign.id ? -1 : 1),
  )
  const rules = ordered.map((one) => ({
    one,
    enters: entryTest(one.campaign),
    serves: accountTest(one.campaign),
  }))
  const exits = ordered.map(({ campaign }) => ({
    serves: accountTest(campaign),
    keywords: new Set((campaign.exit?.keywords ?? []).map(exitWord)),
  }))
  return {
    entry(appId, facts) {
      const word = facts.text === null ? '' : entryWord(facts.text)
      return rules.find((r) => r.serves(appId) && r.enters(facts, word))?.one ?? null
    },
    isExit(appId, text) {
      const word = exitWord(text)
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
function entryTest({ entry }: Campaign): (facts: EntryFacts, word: string) => boolean {
  const scene = entry.qrScenes ? anyOf(entry.qrScenes) : null
  const key = entry.keys ? anyOf(entry.keys) : null
  const keywords = entry.keywords ? new Set(entry.keywords.map(entryWord)) : null
  return (facts, word) =>
    facts.event === entry.event &&
    (!scene || (facts.qrScene !== null && scene(facts.qrScene))) &&
    (!key || (facts.eventKey !== null && key(facts.eventKey))) &&
    (!keywords || (word !== '' && keywords.has(word)))
}

/** Exact, or a prefix where a pattern ends with `*`. */
export function anyOf(patterns: readonly string[]): (value: string) => boolean {
  const exact = new Set(patterns.filter((p) => !p.endsWith('*')))
  const prefixes = patterns.filter((p) => p.endsWith('*')).map((p) => p.slice(0, -1))
  return (value) => exact.has(value) || prefixes.some((p) => value.startsWith(p))
}

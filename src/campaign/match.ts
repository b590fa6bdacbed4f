import type { Campaign } from './model.ts'
import { type Entry, normaliseKeyword } from './plan.ts'

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
    keywords: new Set((campaign.exit?.keywords ?? []).map(normaliseKeyword)),
  }))
  return {
    entry: (appId, facts) => rules.find((r) => r.serves(appId) && r.enters(facts))?.one ?? null,
    isExit(appId, text) {
      const word = normaliseKeyword(text)
      return exits.some((e) => e.keywords.has(word) && e.serves(appId))
    },
  }
}

function accountTest({ accounts }: Campaign): (appId: string) => boolean {
  if (!accounts) return () => true
  const known = new Set(accounts)
  return (appId) => known.has(appId)
}

function entryTest({ entry }: Campaign): (facts: EntryFacts) => boolean {
  const scene = entry.qrScenes ? anyOf(entry.qrScenes) : null
  const key = entry.keys ? anyOf(entry.keys) : null
  const keywords = entry.keywords ? new Set(entry.keywords.map(normaliseKeyword)) : null
  return (facts) =>
    facts.event === entry.event &&
    (!scene || (facts.qrScene !== null && scene(facts.qrScene))) &&
    (!key || (facts.eventKey !== null && key(facts.eventKey))) &&
    (!keywords || (facts.text !== null && keywords.has(normaliseKeyword(facts.text))))
}

/** Exact, or a prefix where a pattern ends with `*`. */
export function anyOf(patterns: readonly string[]): (value: string) => boolean {
  const exact = new Set(patterns.filter((p) => !p.endsWith('*')))
  const prefixes = patterns.filter((p) => p.endsWith('*')).map((p) => p.slice(0, -1))
  return (value) => exact.has(value) || prefixes.some((p) => value.startsWith(p))
}

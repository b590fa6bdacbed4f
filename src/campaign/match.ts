import type { FollowerEvent } from '../run/follower-event.ts'
import type { Entry } from '../run/plan.ts'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import { patternTest } from '../shared/pattern.ts'
import type { Scene } from '../wechat/rules/rules.ts'
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
  /** True for an exit keyword of any campaign of the account. */
  isExit(appId: string, text: string): boolean
}

export function createMatcher(live: readonly LiveCampaign[]): Matcher {
  const ordered = [...live].sort(
    (a, b) => b.campaign.priority - a.campaign.priority || (a.campaign.id < b.campaign.id ? -1 : 1),
  )
  const rules = ordered.map((candidate) => ({
    candidate,
    enters: entryTest(candidate.campaign),
    serves: accountTest(candidate.campaign),
  }))
  const exits = ordered.map(({ campaign }) => ({
    serves: accountTest(campaign),
    keywords: new Set(campaign.exit?.keywords.map(normaliseExitKeyword)),
  }))
  return {
    entry(appId, event) {
      const keyword = keywordOf(event)
      return rules.find((r) => r.serves(appId) && r.enters(event, keyword))?.candidate ?? null
    },
    isExit(appId, text) {
      const keyword = normaliseExitKeyword(text)
      return keyword !== '' && exits.some((e) => e.keywords.has(keyword) && e.serves(appId))
    },
  }
}

/** The scene of the interaction that an entry of a campaign file is. */
export function sceneOfEntry(event: Entry['event']): Scene {
  return event === 'click' ? 'menu' : event
}

/** The keyword of a typed text; '' for any other event. A tapped menu message has a text, but it is not typed. */
function keywordOf({ scene, text }: EntryEvent): string {
  return scene === 'message' && text !== null ? normaliseEntryKeyword(text) : ''
}

function accountTest({ accounts }: Campaign): (appId: string) => boolean {
  if (!accounts) return () => true
  const known = new Set(accounts)
  return (appId) => known.has(appId)
}

function entryTest({ entry }: Campaign): (event: EntryEvent, keyword: string) => boolean {
  const scene = sceneOfEntry(entry.event)
  const matchesScene = entry.qrScenes ? patternTest(entry.qrScenes) : null
  const matchesKey = entry.keys ? patternTest(entry.keys) : null
  const keywords = entry.keywords ? new Set(entry.keywords.map(normaliseEntryKeyword)) : null
  return (event, keyword) =>
    event.scene === scene &&
    (!matchesScene || (event.qrScene !== null && matchesScene(event.qrScene))) &&
    (!matchesKey || (event.eventKey !== null && matchesKey(event.eventKey))) &&
    (!keywords || (keyword !== '' && keywords.has(keyword)))
}

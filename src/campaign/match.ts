import type { EventName } from '../run/event-matcher.ts'
import type { FollowerEvent } from '../run/follower-event.ts'
import type { EntryName } from '../run/plan.ts'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import { patternTest } from '../shared/pattern.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import { eventList, type FileEvent } from './event-model.ts'
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
    entersTagged: tagTest(candidate.campaign),
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
    tagged: (appId, tags) => rules.find((r) => r.serves(appId) && r.entersTagged(tags))?.candidate ?? null,
    isExit(appId, text) {
      const keyword = normaliseExitKeyword(text)
      return keyword !== '' && exits.some((e) => e.keywords.has(keyword) && e.serves(appId))
    },
  }
}

/** The scene of the interaction that an entry of a campaign file is; null for an entry that no interaction is. */
export function sceneOfEntry(event: EventName): Scene | null {
  switch (event) {
    case 'click':
      return 'menu'
    case 'subscribe':
    case 'scan':
    case 'message':
      return event
    default:
      return null
  }
}

/** The entry that an interaction is; null when it begins no run. */
export function entryOfScene(scene: Scene | null): EntryName | null {
  if (scene === 'menu') return 'click'
  return scene === 'pay' ? null : scene
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
  const tests = entry ? eventList(entry).map(eventTest) : []
  return (event, keyword) => tests.some((fits) => fits(event, keyword))
}

function tagTest(campaign: Campaign): (tags: readonly string[]) => boolean {
  const entries = entriesOf(campaign).filter(({ event }) => event === 'tag')
  return (given) => entries.some(({ tags }) => !tags || tags.some((tag) => given.includes(tag)))
}

function eventTest(entry: FileEvent): (event: EntryEvent, keyword: string) => boolean {
  const scene = sceneOfEntry(entry.event)
  const matchesScene = entry.qrScenes ? patternTest(entry.qrScenes) : null
  const matchesKey = entry.keys ? patternTest(entry.keys) : null
  const matchesKeyword = entry.keywords ? keywordTest(entry.keywords, entry.match) : null
  if (scene === null) return () => false
  return (event, keyword) =>
    event.scene === scene &&
    (!matchesScene || (event.qrScene !== null && matchesScene(event.qrScene))) &&
    (!matchesKey || (event.eventKey !== null && matchesKey(event.eventKey))) &&
    (!matchesKeyword || (keyword !== '' && matchesKeyword(keyword)))
}

function keywordTest(keywords: readonly string[], match: FileEvent['match']): (keyword: string) => boolean {
  const normalised = keywords.map(normaliseEntryKeyword)
  if (match === 'prefix') return (typed) => normalised.some((word) => typed.startsWith(word))
  if (match === 'contains') return (typed) => normalised.some((word) => typed.includes(word))
  const exact = new Set(normalised)
  return (typed) => exact.has(typed)
}

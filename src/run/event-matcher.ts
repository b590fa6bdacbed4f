import type { Facts } from '../shared/facts.ts'
import { normaliseEntryKeyword } from '../shared/keyword.ts'
import { patternTest } from '../shared/pattern.ts'
import { type FactTest, factsHold } from './fact.ts'

/** The kinds of events that a campaign file names. */
export type EventName =
  | 'subscribe'
  | 'scan'
  | 'click'
  | 'message'
  | 'tag'
  | 'fact'
  | 'link'
  | 'api'
  | 'window-closing'

/** A filter of events. Every field that is present must fit. */
export interface EventMatcher {
  event: EventName
  /** Normalised by `normaliseEntryKeyword`. */
  keywords?: readonly string[]
  /** How a text is compared with a keyword. Absent: the whole text. */
  match?: 'prefix' | 'contains'
  /** Menu keys. A trailing `*` matches any rest; likewise in a scene. */
  keys?: readonly string[]
  qrScenes?: readonly string[]
  tags?: readonly string[]
  links?: readonly string[]
  facts?: Readonly<Record<string, FactTest>>
}

/** Something that happened to a follower, in the form that forks, goals and conditions compare. */
export interface RunEvent {
  event: EventName
  /** Epoch ms by this machine's clock. */
  at: number
  text?: string | null
  eventKey?: string | null
  qrScene?: string | null
  /** Tags that this product has given. */
  tags?: readonly string[]
  /** The name of a clicked link. */
  link?: string
  /** The names of the facts that were set. */
  changed?: readonly string[]
}

/** True when one of the filters fits. A filter of facts compares all known facts, since a fact is a state. */
export function fitsAny(matchers: readonly EventMatcher[], event: RunEvent, facts: Facts): boolean {
  return matchers.some((matcher) => fits(matcher, event, facts))
}

function fits(matcher: EventMatcher, event: RunEvent, facts: Facts): boolean {
  if (matcher.event !== event.event) return false
  const { keywords, keys, qrScenes, tags, links } = matcher
  return (
    (!keywords || fitsKeyword(keywords, matcher.match, event.text ?? null)) &&
    (!keys || fitsPattern(keys, event.eventKey ?? null)) &&
    (!qrScenes || fitsPattern(qrScenes, event.qrScene ?? null)) &&
    (!tags || tags.some((name) => event.tags?.includes(name))) &&
    (!links || (event.link !== undefined && links.includes(event.link))) &&
    (!matcher.facts || factsHold(facts, matcher.facts))
  )
}

function fitsKeyword(
  keywords: readonly string[],
  match: 'prefix' | 'contains' | undefined,
  text: string | null,
): boolean {
  const typed = text === null ? '' : normaliseEntryKeyword(text)
  if (typed === '') return false
  if (match === 'prefix') return keywords.some((word) => typed.startsWith(word))
  return match === 'contains' ? keywords.some((word) => typed.includes(word)) : keywords.includes(typed)
}

function fitsPattern(patterns: readonly string[], value: string | null): boolean {
  return value !== null && patternTest(patterns)(value)
}

/** Whether filters of facts are met already, without an event. */
export function factsFit(matchers: readonly EventMatcher[], facts: Facts): boolean {
  return matchers.some((m) => m.event === 'fact' && m.facts !== undefined && factsHold(facts, m.facts))
}

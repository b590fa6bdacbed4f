import type { EventName } from '../run/event-matcher.ts'
import type { FollowerEvent } from '../run/follower-event.ts'
import { normaliseEntryKeyword } from '../shared/keyword.ts'
import { patternTest } from '../shared/pattern.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import type { FileEvent } from './event-model.ts'
import { WordIndex } from './word-index.ts'

/** An interaction of a follower, with the keyword that it may be. */
export type ComparedEvent = Pick<FollowerEvent, 'scene' | 'qrScene' | 'eventKey'> & {
  /** Normalised; '' for an event that is no typed text. */
  keyword: string
}

const anyRank = () => true

/** The filters of many campaign files, of which the first that an interaction fits is found. */
export class EventIndex {
  readonly #words = new WordIndex()
  readonly #keys = new WordIndex()
  /** Filters that must be tried one after the other: codes, and events without a filter. By ascending rank. */
  readonly #others: { rank: number; fits: (event: ComparedEvent) => boolean }[] = []

  /** @param rank the smaller, the earlier. Events are added in the order of their ranks */
  add(event: FileEvent, rank: number): void {
    const { keywords, keys, qrScenes } = event
    if (event.event === 'message' && keywords && !keys && !qrScenes)
      for (const word of keywords) this.#words.add(normaliseEntryKeyword(word), event.match ?? 'exact', rank)
    else if (event.event === 'click' && keys && !keys.includes('*') && !keywords && !qrScenes)
      for (const key of keys)
        if (key.endsWith('*')) this.#keys.add(key.slice(0, -1), 'prefix', rank)
        else this.#keys.add(key, 'exact', rank)
    else this.#others.push({ rank, fits: eventTest(event) })
  }

  /** The rank of the first event that fits; Infinity when none does. */
  first(event: ComparedEvent, allowed: (rank: number) => boolean = anyRank): number {
    let found = Infinity
    if (event.scene === 'message') found = this.#words.first(event.keyword, allowed)
    else if (event.scene === 'menu' && event.eventKey !== null)
      found = this.#keys.first(event.eventKey, allowed)
    for (const { rank, fits } of this.#others) {
      if (rank >= found) break
      if (allowed(rank) && fits(event)) return rank
    }
    return found
  }
}

/** The scene of the interaction that an event of a campaign file is; null for one that no interaction is. */
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

function eventTest(filter: FileEvent): (event: ComparedEvent) => boolean {
  const scene = sceneOfEntry(filter.event)
  const matchesScene = filter.qrScenes ? patternTest(filter.qrScenes) : null
  const matchesKey = filter.keys ? patternTest(filter.keys) : null
  const words = filter.keywords ? new WordIndex() : null
  for (const word of filter.keywords ?? [])
    words?.add(normaliseEntryKeyword(word), filter.match ?? 'exact', 0)
  if (scene === null) return () => false
  return (event) =>
    event.scene === scene &&
    (!matchesScene || (event.qrScene !== null && matchesScene(event.qrScene))) &&
    (!matchesKey || (event.eventKey !== null && matchesKey(event.eventKey))) &&
    (!words || words.first(event.keyword, anyRank) === 0)
}

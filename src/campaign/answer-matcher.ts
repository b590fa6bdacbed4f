import { normaliseEntryKeyword } from '../shared/keyword.ts'
import { AccountGroups } from './account-groups.ts'
import { type ComparedEvent, EventIndex } from './event-index.ts'
import { eventList, type FileEvent } from './event-model.ts'
import { entriesOf, forksOf } from './items.ts'
import type { Campaign, CampaignAnswer } from './model.ts'
import { WordIndex } from './word-index.ts'

/** A row of a campaign's `answers`. */
export interface AnswerRow<L> {
  live: L
  /** Its place in the file, from 0. */
  index: number
  answer: CampaignAnswer
}

/** Which rows of `answers` may be used for an event. */
export interface UsableAnswers {
  /** Rows that hand over to human agents. */
  handover: boolean
  /** Rows for any message. */
  catchAll: boolean
}

interface Group {
  rows: EventIndex
  /** The ranks of the rows for any message, ascending. */
  catchAll: number[]
  /** The keywords that entries, waits and goals need. */
  awaited: WordIndex
}

/** Finds the answer to an event among campaigns, which are prepared once. */
export class AnswerMatcher<L extends { campaign: Campaign }> {
  readonly #groups = new AccountGroups<Group>(() => ({
    rows: new EventIndex(),
    catchAll: [],
    awaited: new WordIndex(),
  }))
  readonly #rows: AnswerRow<L>[] = []

  /** @param ordered in the order in which they are tried */
  constructor(ordered: readonly L[]) {
    for (const live of ordered) {
      const group = this.#groups.valueFor(live.campaign.accounts)
      for (const { keywords = [], match = 'exact' } of awaitedEvents(live.campaign))
        for (const word of keywords) group.awaited.add(normaliseEntryKeyword(word), match, 0)
      for (const [index, answer] of (live.campaign.answers ?? []).entries()) {
        const rank = this.#rows.push({ live, index, answer }) - 1
        for (const event of eventList(answer.on))
          if (isCatchAll(event)) group.catchAll.push(rank)
          else group.rows.add(event, rank)
      }
    }
  }

  /** The first row that fits: by the order of the campaigns, then of the rows; null when none does. */
  answer(appId: string, event: ComparedEvent, usable: UsableAnswers): AnswerRow<L> | null {
    const allowed = (rank: number) => usable.handover || !this.#rows[rank]?.answer.handover
    let first = Infinity
    for (const { rows, catchAll } of this.#groups.of(appId)) {
      first = Math.min(first, rows.first(event, allowed))
      if (usable.catchAll && event.scene === 'message')
        first = Math.min(first, catchAll.find(allowed) ?? Infinity)
    }
    return this.#rows[first] ?? null
  }

  /** True for a text that begins a campaign of the account, or that one of its campaigns may wait for. */
  isAwaited(appId: string, keyword: string): boolean {
    return this.#groups.of(appId).some(({ awaited }) => awaited.first(keyword, () => true) === 0)
  }
}

/** True for an event that any message is. */
function isCatchAll({ event, keywords }: FileEvent): boolean {
  return event === 'message' && keywords === undefined
}

/** The events that begin a run, answer a wait or are a goal. */
function awaitedEvents(campaign: Campaign): FileEvent[] {
  const branches = forksOf(campaign).flatMap(({ fork }) => fork.branches.flatMap(({ on }) => on ?? []))
  const goals = campaign.goal ? eventList(campaign.goal.on) : []
  return [...entriesOf(campaign), ...branches, ...goals].filter(({ event }) => event === 'message')
}

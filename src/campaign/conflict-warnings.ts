import { normaliseEntryKeyword } from '../shared/keyword.ts'
import { eventList, type FileEvent, type FileEvents } from './event-model.ts'
import type { Issue } from './issue.ts'
import { conditionsOf, entriesOf, forksOf } from './items.ts'
import type { Campaign } from './model.ts'

/**
 * Warnings about other campaigns of the same accounts: words that mean something in both, and an entry that never begins.
 * @param others the live campaigns, or the other files of a check
 */
export function conflictWarnings(campaign: Campaign, others: readonly Campaign[]): Issue[] {
  const beside = others.filter((other) => other.id !== campaign.id && shareAccount(campaign, other))
  return beside.flatMap((other) => [
    ...answersThatBegin(campaign, other),
    ...entriesThatAnswer(campaign, other),
    ...entriesOfBoth(campaign, other),
    ...caughtBy(campaign, other),
  ])
}

function shareAccount(a: Campaign, b: Campaign): boolean {
  return !a.accounts || !b.accounts || a.accounts.some((appId) => b.accounts?.includes(appId))
}

/** A keyword with its place. */
interface Word {
  path: string
  word: string
}

function wordsOf(events: FileEvents | undefined, path: string): Word[] {
  const isList = Array.isArray(events)
  return (events ? eventList(events) : []).flatMap(({ event, keywords = [] }, i) =>
    event === 'message'
      ? keywords.map((word, k) => ({ path: `${isList ? `${path}.${i}` : path}.keywords.${k}`, word }))
      : [],
  )
}

const entryWords = ({ entry }: Campaign) => wordsOf(entry, 'entry')
const branchWords = (campaign: Campaign) =>
  forksOf(campaign).flatMap(({ path, fork }) =>
    fork.branches.flatMap(({ on }, i) => wordsOf(on, `${path}.branches.${i}.on`)),
  )

/** The words of the first list that the events take, whatever their `match`. */
function takenBy(words: readonly Word[], events: readonly FileEvent[]): Word[] {
  return words.filter(({ word }) => events.some((event) => takes(event, word)))
}

function takes({ event, keywords, match }: FileEvent, text: string): boolean {
  if (event !== 'message' || !keywords) return false
  const typed = normaliseEntryKeyword(text)
  return keywords.map(normaliseEntryKeyword).some((word) => {
    if (match === 'prefix') return typed.startsWith(word)
    return match === 'contains' ? typed.includes(word) : typed === word
  })
}

function answersThatBegin(campaign: Campaign, other: Campaign): Issue[] {
  return takenBy(branchWords(campaign), entriesOf(other)).map(({ path, word }) => ({
    path,
    message: `${word} also begins campaign ${other.id} on this account; while a follower is in a run it is only an answer`,
    rule: 'several-campaigns',
    hint: 'Choose another word for one of them, if followers may mean the other',
  }))
}

function entriesThatAnswer(campaign: Campaign, other: Campaign): Issue[] {
  const events = forksOf(other).flatMap(({ fork }) =>
    fork.branches.flatMap(({ on }) => (on ? eventList(on) : [])),
  )
  return takenBy(entryWords(campaign), events).map(({ path, word }) => ({
    path,
    message: `${word} is also an answer that campaign ${other.id} waits for on this account; while a follower is in that run it begins nothing`,
    rule: 'several-campaigns',
    hint: 'Choose another word for one of them, if followers may mean the other',
  }))
}

function entriesOfBoth(campaign: Campaign, other: Campaign): Issue[] {
  const first = goesFirst(campaign, other) ? campaign.id : other.id
  return takenBy(entryWords(campaign), entriesOf(other)).map(({ path, word }) => ({
    path,
    message: `${word} begins campaign ${other.id} too on this account: only ${first} starts, by priority and id`,
    rule: 'several-campaigns',
    hint: 'Choose another word for one of them',
  }))
}

/** Entries that begin another campaign each time: an event without filter, of a campaign that goes first. */
function caughtBy(campaign: Campaign, other: Campaign): Issue[] {
  if (goesFirst(campaign, other) || !servesAll(other, campaign)) return []
  const isList = Array.isArray(campaign.entry)
  return entriesOf(campaign).flatMap(({ event }, i): Issue[] => {
    if (!takesEvery(other, event)) return []
    return [
      {
        path: isList ? `entry.${i}` : 'entry',
        message: `never begins by ${event}: campaign ${other.id} goes first, and every ${event} begins it`,
        rule: 'several-campaigns',
        hint: `Give this campaign a higher priority than ${other.priority}`,
      },
    ]
  })
}

/** The campaigns whose followers will enter this one instead: an event without filter begins it, and it goes first. */
export function campaignsReplaced(campaign: Campaign, others: readonly Campaign[]): Campaign[] {
  return others.filter(
    (other) =>
      other.id !== campaign.id &&
      shareAccount(campaign, other) &&
      goesFirst(campaign, other) &&
      entriesOf(other).some(({ event }) => takesEvery(campaign, event)),
  )
}

/** Whether every such event of a follower begins the campaign: an entry of it has no filter. */
function takesEvery(campaign: Campaign, event: FileEvent['event']): boolean {
  if (event === 'api' || event === 'window-closing') return false
  return entriesOf(campaign).some((own) => own.event === event && isUnfiltered(own))
}

const isUnfiltered = ({ keywords, keys, qrScenes, tags }: FileEvent) =>
  !keywords && !keys && !qrScenes && !tags

/** As a callback chooses: the highest priority, then the smallest id. */
function goesFirst(a: Campaign, b: Campaign): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority > b.priority
}

function servesAll(other: Campaign, campaign: Campaign): boolean {
  return !other.accounts || (campaign.accounts?.every((appId) => other.accounts?.includes(appId)) ?? false)
}

/**
 * Conditions on campaigns that are not there, such as by a misspelt id.
 * @param others the live campaigns, or the other files of a check. Without any, nothing is known of them
 */
export function unknownCampaignWarnings(campaign: Campaign, others: readonly Campaign[]): Issue[] {
  if (others.length === 0) return []
  const known = new Set([campaign, ...others].map(({ id }) => id))
  return conditionsOf(campaign).flatMap(({ path, when }) =>
    Object.keys(when.campaign ?? {})
      .filter((name) => !known.has(name))
      .map((name) => ({
        path: `${path}.campaign.${name}`,
        message: `there is no campaign ${name}: nobody has entered it`,
        rule: 'several-campaigns',
        hint: `Write the id of a campaign: ${[...known].sort().join(', ')}`,
      })),
  )
}

/**
 * A catch-all answer of this campaign or of another, beside a campaign that waits for any message: its followers get both.
 * @param others the live campaigns, or the other files of a check
 */
export function catchAllWarnings(campaign: Campaign, others: readonly Campaign[]): Issue[] {
  const waiting = [campaign, ...others].filter((c) => shareAccount(campaign, c) && waitsForAny(c))
  const rows = campaign.answers ?? []
  return rows.flatMap(({ on }, i): Issue[] => {
    if (!eventList(on).some((e) => e.event === 'message' && !e.keywords)) return []
    return waiting.map(({ id }) => ({
      path: `answers.${i}.on`,
      message: `${id} waits for any message: its followers get this answer too`,
      rule: 'answers',
      hint: 'Wait for words there, or answer words here',
    }))
  })
}

function waitsForAny(campaign: Campaign): boolean {
  return forksOf(campaign).some(({ fork }) =>
    fork.branches.some(({ on }) => on && eventList(on).some((e) => e.event === 'message' && !e.keywords)),
  )
}

import type { EventName } from '../run/event-matcher.ts'
import { eventList, type FileEvents } from './event-model.ts'
import type { Issue } from './issue.ts'
import type { FileCondition } from './item-model.ts'
import { forksOf, stepsOf } from './items.ts'
import type { Campaign } from './model.ts'

/**
 * The words of the format that no part of the product executes yet. The schema knows them, and a preview shows what they will
 * do, but a file with one of them is refused, so that none is silently ignored. Delete a word when its part is built.
 */
const UNBUILT = {
  campaign: ['ifBusy'],
  entryEvents: ['window-closing'],
} as const

/** An error for each word of a valid file that is not built yet. */
export function unbuiltIssues(campaign: Campaign): Issue[] {
  const found: string[] = []
  const refuse = (words: readonly string[], map: object | undefined, path: string) =>
    found.push(...words.filter((word) => map && word in map).map((word) => (path ? `${path}.${word}` : word)))
  refuse(UNBUILT.campaign, campaign, '')
  if (campaign.entry) found.push(...eventPaths(campaign.entry, 'entry', UNBUILT.entryEvents))
  for (const { path, step } of stepsOf(campaign)) found.push(...conditionPaths(step.when, `${path}.when`))
  for (const { path, fork } of forksOf(campaign)) {
    for (const [i, branch] of fork.branches.entries()) {
      const at = `${path}.branches.${i}`
      found.push(...conditionPaths(branch.when, `${at}.when`))
    }
  }
  return found.map((path) => ({ path, message: 'is not supported by this version yet' }))
}

function eventPaths(events: FileEvents, path: string, unbuilt: readonly EventName[]): string[] {
  const isList = Array.isArray(events)
  return eventList(events).flatMap(({ event }, i) =>
    unbuilt.includes(event) ? [isList ? `${path}.${i}` : path] : [],
  )
}

function conditionPaths(when: FileCondition | string | undefined, path: string): string[] {
  if (typeof when !== 'object') return []
  const entries = when.entry ? eventPaths(when.entry, `${path}.entry`, UNBUILT.entryEvents) : []
  return [...entries, ...conditionPaths(when.not, `${path}.not`)]
}

import type { EventName } from '../run/event-matcher.ts'
import { eventList, type FileEvents } from './event-model.ts'
import type { Issue } from './issue.ts'
import type { CampaignFork, CampaignStep, FileCondition } from './item-model.ts'
import { forksOf, messagesOf, stepsOf } from './items.ts'
import { textsOf } from './message.ts'
import type { Campaign } from './model.ts'
import { factsIn } from './template/template.ts'

/**
 * The words of the format that no part of the product executes yet. The schema knows them, and a preview shows what they will
 * do, but a file with one of them is refused, so that none is silently ignored. Delete a word when its part is built.
 */
const UNBUILT = {
  campaign: ['ifBusy', 'answers', 'goal'],
  exit: ['reply', 'resume', 'resumeReply'],
  step: ['typing', 'set', 'webhook', 'handover', 'go', 'before'],
  entryEvents: ['tag', 'api', 'window-closing'],
  forkEvents: ['tag', 'fact', 'link'],
  condition: ['facts', 'campaign'],
} as const

/** An error for each word of a valid file that is not built yet. */
export function unbuiltIssues(campaign: Campaign): Issue[] {
  const found: string[] = []
  const refuse = (words: readonly string[], map: object | undefined, path: string) =>
    found.push(...words.filter((word) => map && word in map).map((word) => (path ? `${path}.${word}` : word)))
  refuse(UNBUILT.campaign, campaign, '')
  refuse(UNBUILT.exit, campaign.exit, 'exit')
  if (campaign.entry) found.push(...eventPaths(campaign.entry, 'entry', UNBUILT.entryEvents))
  for (const { path, step } of stepsOf(campaign)) {
    refuse(UNBUILT.step, step, path)
    found.push(...factPaths(step, path), ...conditionPaths(step.when, `${path}.when`))
  }
  for (const { path, fork } of forksOf(campaign)) {
    found.push(...factPaths(fork, path))
    for (const [i, branch] of fork.branches.entries()) {
      const at = `${path}.branches.${i}`
      found.push(...conditionPaths(branch.when, `${at}.when`))
      if (branch.on) found.push(...eventPaths(branch.on, `${at}.on`, UNBUILT.forkEvents))
    }
  }
  for (const { path, message } of stepsOf(campaign).flatMap(messagesOf))
    found.push(...textsOf(message, path).flatMap(([at, text]) => (usesFacts(text) ? [at] : [])))
  return found.map((path) => ({ path, message: 'is not supported by this version yet' }))
}

/** Nothing sets facts yet, so that they would be empty. */
function usesFacts(text: string): boolean {
  try {
    return factsIn(text).length > 0
  } catch {
    // `checkTemplate` reports why.
    return false
  }
}

function eventPaths(events: FileEvents, path: string, unbuilt: readonly EventName[]): string[] {
  const isList = Array.isArray(events)
  return eventList(events).flatMap(({ event }, i) =>
    unbuilt.includes(event) ? [isList ? `${path}.${i}` : path] : [],
  )
}

function factPaths({ since }: Pick<CampaignStep | CampaignFork, 'since'>, path: string): string[] {
  return typeof since === 'object' ? [`${path}.since`] : []
}

function conditionPaths(when: FileCondition | string | undefined, path: string): string[] {
  if (typeof when !== 'object') return []
  const here = UNBUILT.condition.filter((word) => word in when).map((word) => `${path}.${word}`)
  const entries = when.entry ? eventPaths(when.entry, `${path}.entry`, UNBUILT.entryEvents) : []
  return [...here, ...entries, ...conditionPaths(when.not, `${path}.not`)]
}

import { eventList, type FileEvent } from './event-model.ts'
import {
  type CampaignFork,
  type CampaignItem,
  type CampaignStep,
  type FileCondition,
  isFork,
} from './item-model.ts'
import type { Message, Reply } from './message-model.ts'
import type { Campaign } from './model.ts'
import { partId } from './part-id.ts'

/** A step of a campaign file with its path, like `steps.1.branches.0.steps.2`. */
export interface PlacedStep {
  path: string
  step: CampaignStep
}

/** All steps of a campaign in the order of the file, with those in forks. */
export function stepsOf({ steps }: Pick<Campaign, 'steps'>): PlacedStep[] {
  return stepsIn(steps, 'steps')
}

function stepsIn(items: readonly CampaignItem[], path: string): PlacedStep[] {
  return items.flatMap((item, i): PlacedStep[] => {
    const at = `${path}.${i}`
    if (item === 'end') return []
    if (!isFork(item)) return [{ path: at, step: item }]
    return [
      ...stepsIn(item.meanwhile ?? [], `${at}.meanwhile`),
      ...item.branches.flatMap((branch, b) => stepsIn(branch.steps, `${at}.branches.${b}.steps`)),
      ...stepsIn(item.else ?? [], `${at}.else`),
    ]
  })
}

/** The events that begin a run of a campaign. */
export function entriesOf({ entry }: Pick<Campaign, 'entry'>): readonly FileEvent[] {
  return entry ? eventList(entry) : []
}

/** A message of a campaign file with its path, like `steps.1.send` or `steps.1.send.0`. */
export interface PlacedMessage {
  path: string
  message: Message
}

/** The messages of a step, each with its path. */
export function messagesOf({ path, step: { send } }: PlacedStep): PlacedMessage[] {
  if (send === undefined) return []
  return Array.isArray(send)
    ? send.map((message, i) => ({ path: `${path}.send.${i}`, message }))
    : [{ path: `${path}.send`, message: send }]
}

/** The passive replies of a campaign, of its entry, its answers and its opt-out, each with its path. */
export function repliesOf({
  reply,
  answers = [],
  exit,
}: Pick<Campaign, 'reply' | 'answers' | 'exit'>): { path: string; message: Reply }[] {
  const all = [
    { path: 'reply', message: reply },
    ...answers.map((row, i) => ({ path: `answers.${i}.reply`, message: row.reply })),
    { path: 'exit.reply', message: exit?.reply },
    { path: 'exit.resumeReply', message: exit?.resumeReply },
  ]
  return all.flatMap(({ path, message }) => (message ? [{ path, message }] : []))
}

/** The message of a plan's step; undefined for a step without one. */
export function messageOfStep(campaign: Pick<Campaign, 'steps'>, planStepId: string): Message | undefined {
  for (const placed of stepsOf(campaign))
    for (const [i, { message }] of messagesOf(placed).entries())
      if (partId(placed.step.id, i) === planStepId) return message
  return undefined
}

/** Every condition of steps and branches, also those inside `not`, each with its path. */
export function conditionsOf(campaign: Pick<Campaign, 'steps'>): { path: string; when: FileCondition }[] {
  const steps = stepsOf(campaign).map(({ path, step }) => ({ path: `${path}.when`, when: step.when }))
  const branches = forksOf(campaign).flatMap(({ path, fork }) =>
    fork.branches.map(({ when }, i) => ({ path: `${path}.branches.${i}.when`, when })),
  )
  return [...steps, ...branches].flatMap(({ path, when }) => withInner(when, path))
}

function withInner(
  when: FileCondition | string | undefined,
  path: string,
): { path: string; when: FileCondition }[] {
  if (typeof when !== 'object') return []
  return [{ path, when }, ...withInner(when.not, `${path}.not`)]
}

/** All forks of a campaign in the order of the file, each with its path. */
export function forksOf({ steps }: Pick<Campaign, 'steps'>): { path: string; fork: CampaignFork }[] {
  return forksIn(steps, 'steps')
}

function forksIn(items: readonly CampaignItem[], path: string): { path: string; fork: CampaignFork }[] {
  return items.flatMap((item, i) => {
    if (!isFork(item)) return []
    const at = `${path}.${i}`
    return [
      { path: at, fork: item },
      ...item.branches.flatMap((branch, b) => forksIn(branch.steps, `${at}.branches.${b}.steps`)),
      ...forksIn(item.else ?? [], `${at}.else`),
    ]
  })
}

import type { Condition } from '../run/condition.ts'
import type { EventMatcher } from '../run/event-matcher.ts'
import { conditionsOf, NEWS, type Plan } from '../run/plan.ts'
import { messagesOf, stepsOf } from './items.ts'
import { textsOf } from './message.ts'
import type { Message } from './message-model.ts'
import type { Campaign } from './model.ts'
import { factsIn } from './template/template.ts'

/** What a run of this plan must know of its follower besides interactions: the names of facts, and the kinds of news. */
export function newsOf(
  campaign: Pick<Campaign, 'steps'>,
  plan: Pick<Plan, 'steps' | 'forks' | 'goal'>,
): Pick<Plan, 'facts' | 'listensTo'> {
  const { steps, forks = [], goal } = plan
  const branches = forks.flatMap((fork) => fork.branches)
  const matchers = [...branches.flatMap(({ on = [] }) => on), ...(goal?.on ?? [])]
  const anchors = [...steps, ...forks].flatMap(({ since }) =>
    typeof since === 'object' && 'fact' in since ? [since.fact] : [],
  )
  const messages = stepsOf(campaign).flatMap(messagesOf)
  const names = new Set([
    ...matchers.flatMap(namesOfMatcher),
    ...conditionsOf(plan).flatMap(namesOfCondition),
    ...anchors,
    ...(goal?.value === undefined ? [] : [goal.value]),
    ...messages.flatMap(({ message }) => factsOfMessage(message)),
  ])
  const hearsAnyFact = matchers.some(({ event, facts }) => event === 'fact' && facts === undefined)
  const received = new Set<string>(matchers.map(({ event }) => event))
  if (names.size > 0) received.add('fact')
  const listensTo = NEWS.filter((kind) => received.has(kind))
  return {
    ...(names.size > 0 && !hearsAnyFact ? { facts: [...names] } : {}),
    ...(listensTo.length > 0 ? { listensTo } : {}),
  }
}

/** The names of the facts that a message uses. */
export function factsOfMessage(message: Message): string[] {
  return textsOf(message).flatMap(([, text]) => namesOfText(text))
}

function namesOfMatcher({ facts = {} }: EventMatcher): string[] {
  return Object.keys(facts)
}

function namesOfCondition({ facts = {}, entry = [], not }: Condition): string[] {
  return [...Object.keys(facts), ...entry.flatMap(namesOfMatcher), ...(not ? namesOfCondition(not) : [])]
}

/** A text that is no valid template uses none: the check of a file refuses it, and a send reports it. */
function namesOfText(text: string): string[] {
  try {
    return factsIn(text)
  } catch {
    return []
  }
}

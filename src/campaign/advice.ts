import type { FactTest } from '../run/fact.ts'
import type { CheckContext } from './check-context.ts'
import { catchAllWarnings, conflictWarnings, unknownCampaignWarnings } from './conflict-warnings.ts'
import { describeDuration } from './duration.ts'
import { eventList, type FileEvent, type FileEvents } from './event-model.ts'
import type { Issue } from './issue.ts'
import { isFork } from './item-model.ts'
import { conditionsOf, entriesOf, forksOf, messagesOf, repliesOf, stepsOf } from './items.ts'
import { textsOf } from './message.ts'
import type { Campaign } from './model.ts'
import { linkNamesIn } from './template/track-link.ts'
import { wordingWarnings } from './wording.ts'

/** Warnings about a valid file that no simulation shows: words, filters and facts. */
export function adviceWarnings(campaign: Campaign, { others = [], hasLinks }: CheckContext): Issue[] {
  const events = placedEvents(campaign)
  const texts = textsOfCampaign(campaign)
  return [
    ...containsWarnings(events),
    ...wordingWarnings(texts),
    ...trackWarnings(texts, hasLinks),
    ...tagWarnings(events),
    ...factWarnings(campaign, events),
    ...linkWarnings(campaign, events),
    ...earlyAnswerWarnings(campaign),
    ...conflictWarnings(campaign, others),
    ...catchAllWarnings(campaign, others),
    ...unknownCampaignWarnings(campaign, others),
  ]
}

interface PlacedEvent {
  path: string
  event: FileEvent
}

function placed(events: FileEvents, path: string): PlacedEvent[] {
  const isList = Array.isArray(events)
  return eventList(events).map((event, i) => ({ path: isList ? `${path}.${i}` : path, event }))
}

/** Every event of a file with its path. */
function placedEvents(campaign: Campaign): PlacedEvent[] {
  const branches = forksOf(campaign).flatMap(({ path, fork }) =>
    fork.branches.flatMap((branch, i) => (branch.on ? placed(branch.on, `${path}.branches.${i}.on`) : [])),
  )
  return [
    ...(campaign.entry ? placed(campaign.entry, 'entry') : []),
    ...branches,
    ...(campaign.goal ? placed(campaign.goal.on, 'goal.on') : []),
    ...(campaign.answers ?? []).flatMap(({ on }, i) => placed(on, `answers.${i}.on`)),
  ]
}

/** A single letter or digit is in many texts. */
function containsWarnings(events: readonly PlacedEvent[]): Issue[] {
  return events.flatMap(({ path, event }) =>
    event.match !== 'contains'
      ? []
      : (event.keywords ?? []).flatMap((word, i): Issue[] => {
          if (!/^[\da-z]$/i.test(word)) return []
          const also = /\d/.test(word) ? [`${word}0`, `202${word}`] : [`${word}b`, `x${word}`]
          const message = `contains ${word} also fits ${also.join(' and ')}: use match: exact`
          return [{ path: `${path}.keywords.${i}`, message, rule: 'events', hint: 'Use match: exact for it' }]
        }),
  )
}

/** Every text that a follower may read, with its path. */
function textsOfCampaign(campaign: Campaign): [string, string][] {
  return [
    ...stepsOf(campaign)
      .flatMap(messagesOf)
      .flatMap(({ path, message }) => textsOf(message, path)),
    ...repliesOf(campaign).flatMap(({ path, message }) => textsOf(message, path)),
  ]
}

/** Links that are written without `PUBLIC_URL`. */
function trackWarnings(texts: readonly [string, string][], hasLinks: boolean | undefined): Issue[] {
  if (hasLinks !== false) return []
  const first = texts.find(([, text]) => linkNamesIn(text).length > 0)
  if (!first) return []
  const message = 'PUBLIC_URL is not set: links stay as they are and clicks are not counted'
  return [{ path: first[0], message, rule: 'links', hint: 'Set PUBLIC_URL to the address of this product' }]
}

function tagWarnings(events: readonly PlacedEvent[]): Issue[] {
  const message = "WeChat tells nobody of tags given in its console: only this product's count here"
  return events.flatMap(({ path, event }) =>
    event.event === 'tag'
      ? [{ path, message, rule: 'events', hint: 'Give the tag with a step or by the API' }]
      : [],
  )
}

/** Facts that are compared, and that no step of the campaign sets. */
function factWarnings(campaign: Campaign, events: readonly PlacedEvent[]): Issue[] {
  const set = new Set(stepsOf(campaign).flatMap(({ step }) => Object.keys(step.set ?? {})))
  const compared = [
    ...events.flatMap(({ path, event }) => factPaths(event.facts, path)),
    ...conditionsOf(campaign).flatMap(({ path, when }) => factPaths(when.facts, path)),
  ]
  const first = new Map(compared.toReversed().map(({ name, path }) => [name, path]))
  return [...first].reverse().flatMap(([name, path]): Issue[] =>
    set.has(name)
      ? []
      : [
          {
            path,
            message: `no step sets ${name}: it must come by the API`,
            rule: 'facts',
            hint: 'Set it by the API',
          },
        ],
  )
}

/** Links that a branch or the goal waits for, and that no message has. */
function linkWarnings(campaign: Campaign, events: readonly PlacedEvent[]): Issue[] {
  const tracked = new Set(
    stepsOf(campaign)
      .flatMap(messagesOf)
      .flatMap(({ message }) => textsOf(message).flatMap(([, text]) => linkNamesIn(text))),
  )
  return events.flatMap(({ path, event }) =>
    (event.links ?? []).flatMap((name, i): Issue[] =>
      tracked.has(name)
        ? []
        : [
            {
              path: `${path}.links.${i}`,
              message: `no message of a step has the link ${name}: it is never opened`,
              rule: 'links',
              hint: `Write {{ 'https://…' | track: '${name}' }} into a message`,
            },
          ],
    ),
  )
}

function factPaths(facts: Readonly<Record<string, FactTest>> | undefined, path: string) {
  return Object.keys(facts ?? {}).map((name) => ({ name, path: `${path}.facts.${name}` }))
}

/** Nobody answers a passive reply in less time. */
const EARLY_MS = 10_000

/** A step between a passive reply that asks and the wait for its answer: an answer that comes before the step does not count. */
function earlyAnswerWarnings(campaign: Campaign): Issue[] {
  const index = campaign.steps.findIndex((item) => item !== 'end' && isFork(item))
  const fork = campaign.steps[index]
  const before = campaign.steps[index - 1]
  if (!campaign.reply || index < 1 || fork === undefined || fork === 'end' || !isFork(fork)) return []
  if (
    before === undefined ||
    before === 'end' ||
    isFork(before) ||
    !before.send ||
    (before.after ?? 0) < EARLY_MS
  )
    return []
  const waits = fork.branches.some(({ on }) => on && eventList(on).some((e) => e.event === 'message'))
  if (!waits) return []
  const entry = entriesOf(campaign)[0]?.event
  const name = entry === 'subscribe' ? 'follow' : (entry ?? 'entry')
  const message = `step ${before.id} goes ${describeDuration(before.after ?? 0)} after the ${name} and ${fork.id} waits only then: an answer to the reply typed before does not count. Put ${before.id} into meanwhile`
  return [
    {
      path: `steps.${index - 1}`,
      message,
      rule: 'forks',
      hint: `Put ${before.id} into meanwhile of ${fork.id}`,
    },
  ]
}

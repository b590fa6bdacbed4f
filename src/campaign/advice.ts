import type { FactTest } from '../run/fact.ts'
import { describeDuration } from './duration.ts'
import { eventList, type FileEvent, type FileEvents } from './event-model.ts'
import type { Issue } from './issue.ts'
import { type FileCondition, isFork } from './item-model.ts'
import { entriesOf, forksOf, messagesOf, stepsOf } from './items.ts'
import { textsOf } from './message.ts'
import type { Campaign } from './model.ts'
import { linkNamesIn } from './template/track-link.ts'

/** Warnings about a valid file that no simulation shows: words, filters and facts. */
export function adviceWarnings(campaign: Campaign): Issue[] {
  const events = placedEvents(campaign)
  return [
    ...containsWarnings(events),
    ...wordingWarnings(campaign),
    ...tagWarnings(events),
    ...factWarnings(campaign, events),
    ...linkWarnings(campaign, events),
    ...earlyAnswerWarnings(campaign),
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

/** Words by which a message rewards or forces interaction. Source: 滥用客服接口, WeChat 2016-01-20, and 诱导分享, 诱导关注. */
const RISKY_WORDS = [
  '不回复就',
  '不回复将',
  '不回就',
  '必须回复',
  '回复才能',
  '回复后才',
  '否则收不到',
  '否则将无法',
  '否则停止',
  '不转发就',
  '转发才能',
  '转发到朋友圈',
  '转发朋友圈',
  '分享到朋友圈',
  '分享朋友圈',
  '分享才能',
  '分享后领取',
  '转发后领取',
  '转发领取',
  '转发集赞',
  '集赞',
  '点赞满',
  '求赞',
  '关注送',
  '关注即送',
  '关注领红包',
  '关注才能',
  '邀请好友关注',
  '拉人关注',
  '砍价',
] as const

function wordingWarnings(campaign: Campaign): Issue[] {
  const texts = [
    ...stepsOf(campaign)
      .flatMap(messagesOf)
      .flatMap(({ path, message }) => textsOf(message, path)),
    ...textsOf(campaign.reply, 'reply'),
    ...(campaign.answers ?? []).flatMap(({ reply }, i) => textsOf(reply, `answers.${i}.reply`)),
  ]
  return texts.flatMap(([path, text]): Issue[] => {
    const word = RISKY_WORDS.find((risky) => text.includes(risky))
    if (word === undefined) return []
    const message = `"${word}" may count as forcing or rewarding interaction (滥用客服接口, WeChat 2016-01-20)`
    return [
      { path, message, rule: 'what-wechat-allows', hint: 'Say what the follower gets, without a condition' },
    ]
  })
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
    ...stepsOf(campaign).flatMap(({ path, step }) => conditionFacts(step.when, `${path}.when`)),
    ...forksOf(campaign).flatMap(({ path, fork }) =>
      fork.branches.flatMap(({ when }, i) => conditionFacts(when, `${path}.branches.${i}.when`)),
    ),
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

function conditionFacts(
  when: FileCondition | string | undefined,
  path: string,
): { name: string; path: string }[] {
  if (typeof when !== 'object') return []
  return [...factPaths(when.facts, path), ...conditionFacts(when.not, `${path}.not`)]
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

import { type Fields, listOf, textOf } from '../../campaign/editing/campaign-items.ts'
import { isRecord } from '../../shared/is-record.ts'
import type { editorTexts } from './editor-form-texts.ts'

export const ENTRY_EVENTS = ['subscribe', 'scan', 'click', 'message', 'tag', 'api', 'window-closing'] as const
export const RUN_EVENTS = ['message', 'click', 'scan', 'tag', 'fact', 'link'] as const
export const ANSWERED_EVENTS = ['message', 'click'] as const
export type EventName = (typeof ENTRY_EVENTS)[number] | (typeof RUN_EVENTS)[number]

/** The event that a filter alone means. */
const MEANT: readonly (readonly [filter: string, event: EventName])[] = [
  ['keywords', 'message'],
  ['match', 'message'],
  ['keys', 'click'],
  ['qrScenes', 'scan'],
  ['tags', 'tag'],
  ['facts', 'fact'],
  ['links', 'link'],
  ['before', 'window-closing'],
]

/** The name of the event of a map of a file. */
export function eventNameOf(event: unknown): EventName {
  if (!isRecord(event)) return 'message'
  if (typeof event.event === 'string') return event.event as EventName
  return MEANT.find(([filter]) => event[filter] !== undefined)?.[1] ?? 'message'
}

type Texts = ReturnType<typeof editorTexts>

/** An event in a few words: 发消息：1、资料. */
export function eventText(texts: Texts, event: unknown): string {
  if (Array.isArray(event)) return event.map((one) => eventText(texts, one)).join(' / ')
  if (!isRecord(event)) return ''
  const words = ['keywords', 'keys', 'qrScenes', 'tags', 'links']
    .flatMap((f) => listOf(event[f]).map(String))
    .filter(Boolean)
  const facts = isRecord(event.facts) ? factTexts(texts, event.facts) : []
  const name = texts.events[eventNameOf(event)] ?? ''
  const detail = [...words, ...facts].join(' / ')
  return detail === '' ? name : `${name} · ${detail}`
}

/** A condition in a few words: 有标签的 · 金卡，事实符合的 · paid. */
export function conditionText(texts: Texts, when: unknown): string {
  if (when === 'replied') return texts.replied
  if (when === 'not-replied') return texts.notReplied
  if (!isRecord(when)) return ''
  return Object.entries(when)
    .map(([name, value]) => oneCondition(texts, name, value))
    .filter(Boolean)
    .join(texts.and)
}

function oneCondition(texts: Texts, name: string, value: unknown): string {
  const list = (Array.isArray(value) ? value : [value]).map(textOf).join(' / ')
  switch (name) {
    case 'replied':
      return texts.replied
    case 'tag':
      return `${texts.withTag} · ${list}`
    case 'qrScene':
      return `${texts.withScene} · ${list}`
    case 'subscribeScene':
      return list
        .split(' / ')
        .map((scene) => texts.subscribeScenes[scene as keyof Texts['subscribeScenes']] ?? scene)
        .join(' / ')
    case 'facts':
      return isRecord(value) ? `${texts.withFact} · ${factTexts(texts, value).join(' / ')}` : ''
    case 'entry':
      return `${texts.conditions.entry} · ${eventText(texts, value)}`
    case 'campaign':
      return isRecord(value) ? campaignResults(texts, value) : ''
    case 'not':
      return notText(texts, value)
    default:
      return ''
  }
}

function notText(texts: Texts, value: unknown): string {
  if (!isRecord(value)) return ''
  const keys = Object.keys(value)
  if (keys.length === 1 && value.replied === true) return texts.notReplied
  if (keys.length === 1 && value.tag !== undefined)
    return conditionText(texts, { tag: value.tag }).replace(texts.withTag, texts.withoutTag)
  return texts.negated(conditionText(texts, value))
}

const campaignResults = (texts: Texts, results: Fields) =>
  Object.entries(results)
    .map(([id, result]) => {
      const name = texts.campaignResults[textOf(result) as keyof Texts['campaignResults']]
      return `${id} · ${name ?? textOf(result)}`
    })
    .join(' / ')

/** What facts must be: paid = true, amount ≥ 100. */
function factTexts(texts: Texts, tests: Fields): string[] {
  return Object.entries(tests).map(([name, test]) => {
    if (Array.isArray(test)) return `${name} = ${test.map(textOf).join(texts.or)}`
    if (!isRecord(test)) return `${name} = ${textOf(test)}`
    return test.atMost === undefined
      ? `${name} ≥ ${textOf(test.atLeast)}`
      : `${name} ≤ ${textOf(test.atMost)}`
  })
}

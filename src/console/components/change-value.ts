import { valueText } from '../../campaign/describe-change.ts'
import { textOf } from '../../campaign/editing/campaign-items.ts'
import { withTokens } from '../../campaign/editing/text-tokens.ts'
import { placeName } from '../../campaign/texts/field-names.ts'
import { isRecord } from '../../shared/is-record.ts'
import type { MediaNames } from '../editor-data.ts'
import type { Language } from '../texts/bilingual.ts'
import { ISSUE_LIST_TEXTS } from '../texts/campaign-frame-texts.ts'
import { CHANGE_VALUE_TEXTS } from '../texts/change-value-texts.ts'
import { durationWords } from '../texts/duration-words.ts'
import { editorTexts } from '../texts/editor-form-texts.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { conditionText, eventText } from '../texts/event-words.ts'

/** Fields that are durations in ms, by the last part of their path. */
const DURATIONS = /(?:^|\.)(?:after|before|wait|typing|spacing|window|spread|within)$/

/** Fields that are events, by the last part of their path. */
const EVENTS = new Set(['entry', 'on'])

/** What the ids in a value mean. */
export interface ChangeNames {
  /** A step's words by its id; null: there is no such step. */
  stepOf(id: string): string | null
  /** A branch of the changed fork as it is called. */
  branchOf(name: string): string
  /** Uploads by their ids. */
  media: MediaNames
}

/** A value of a campaign file in words, as the forms of the editor name it. What has no words is shown as in the file. */
export function changeValue(
  field: string,
  value: unknown,
  language: Language,
  { stepOf, branchOf, media }: ChangeNames,
): string {
  const texts = CHANGE_VALUE_TEXTS[language]
  const name = field.split('.').at(-1) ?? ''
  const known = texts.values[name]?.[String(value)]
  if (known !== undefined) return known
  const step = name === 'since' && typeof value === 'string' ? stepOf(value) : null
  if (step !== null) return EDITOR_TEXTS[language].sinceNames.step(step)
  if (name === 'since' && isRecord(value))
    return `${EDITOR_TEXTS[language].sinceNames.fact} · ${textOf(value.fact)}`
  if (typeof value === 'number' && DURATIONS.test(field)) return durationWords(value, language)
  if (field === 'send' || field.endsWith('.send'))
    return messagesText(value, language, media) ?? valueText(field, value)
  if (field === 'branches' && typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, branch]) => branchText(branchOf(name), branch))
      .join(texts.separator)
  if (name === 'when') return conditionText(editorTexts(language), value)
  if (EVENTS.has(name)) return eventText(editorTexts(language), value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.join(texts.separator)
  if (typeof value !== 'string') return valueText(field, value)
  return media[value]?.filename ?? value
}

/** What messages say: their texts, else their kind with the title or the name of the file. Null for another value. */
function messagesText(value: unknown, language: Language, media: MediaNames): string | null {
  const texts = CHANGE_VALUE_TEXTS[language]
  const messages = Array.isArray(value) ? value : [value]
  const said = messages.map((message) => {
    if (typeof message !== 'object' || message === null) return null
    const { text } = message as { text?: unknown }
    if (typeof text === 'string') return withTokens(text, language)
    const [kind, content] = Object.entries(message)[0] ?? []
    const { title: given, file } = (content ?? {}) as { title?: unknown; file?: unknown }
    const title = given ?? media[String(file)]?.filename
    const name = texts.kinds[kind ?? '']
    return name === undefined
      ? null
      : typeof title === 'string'
        ? `${name} · ${withTokens(title, language)}`
        : name
  })
  return said.every((text) => text !== null) ? said.join(texts.separator) : null
}

/**
 * A changed field in words, like `分支「领手册」 · 事件 · 关键词`.
 * @param branches the keys of the fork's branches in paths of changes, with their names
 */
export function changeField(
  field: string,
  language: Language,
  branches: readonly { key: string; name: string }[],
): string {
  const found = branches.find(
    ({ key }) => field === `branches.${key}` || field.startsWith(`branches.${key}.`),
  )
  if (!found) return placeName(field, language)
  const inside = field.slice(`branches.${found.key}.`.length)
  const branch = ISSUE_LIST_TEXTS[language].branch(found.name)
  return [branch.charAt(0).toUpperCase() + branch.slice(1), placeName(inside, language)]
    .filter(Boolean)
    .join(' · ')
}

function branchText(name: string, branch: unknown): string {
  const { share } = (branch ?? {}) as { share?: unknown }
  return typeof share === 'number' ? `${name} ${share} %` : name
}

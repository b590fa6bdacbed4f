import { valueText } from '../../campaign/describe-change.ts'
import { withTokens } from '../../campaign/editing/text-tokens.ts'
import type { Language } from '../texts/bilingual.ts'
import { CHANGE_VALUE_TEXTS } from '../texts/change-value-texts.ts'
import { durationWords } from '../texts/duration-words.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'

/** Fields that are durations in ms, by the last part of their path. */
const DURATIONS = /(?:^|\.)(?:after|before|wait|typing|spacing|window|spread|within)$/

/**
 * A value of a campaign file in words, as the forms of the editor name it. What has no words is shown as in the file.
 * @param stepOf a step's words by its id; null: there is no such step
 */
export function changeValue(
  field: string,
  value: unknown,
  language: Language,
  stepOf: (id: string) => string | null,
): string {
  const texts = CHANGE_VALUE_TEXTS[language]
  const name = field.split('.').at(-1) ?? ''
  const known = texts.values[name]?.[String(value)]
  if (known !== undefined) return known
  const step = name === 'since' && typeof value === 'string' ? stepOf(value) : null
  if (step !== null) return EDITOR_TEXTS[language].sinceNames.step(step)
  if (typeof value === 'number' && DURATIONS.test(field)) return durationWords(value, language)
  if (field === 'send' || field.endsWith('.send'))
    return messagesText(value, language) ?? valueText(field, value)
  if (field === 'branches' && typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, branch]) => branchText(name, branch))
      .join(texts.separator)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.join(texts.separator)
  return typeof value === 'string' ? value : valueText(field, value)
}

/** What messages say: their texts, else their kind and title. Null for another value. */
function messagesText(value: unknown, language: Language): string | null {
  const texts = CHANGE_VALUE_TEXTS[language]
  const messages = Array.isArray(value) ? value : [value]
  const said = messages.map((message) => {
    if (typeof message !== 'object' || message === null) return null
    const { text } = message as { text?: unknown }
    if (typeof text === 'string') return withTokens(text, language)
    const [kind, content] = Object.entries(message)[0] ?? []
    const title = (content as { title?: unknown } | undefined)?.title
    const name = texts.kinds[kind ?? '']
    return name === undefined
      ? null
      : typeof title === 'string'
        ? `${name} · ${withTokens(title, language)}`
        : name
  })
  return said.every((text) => text !== null) ? said.join(texts.separator) : null
}

function branchText(name: string, branch: unknown): string {
  const { share } = (branch ?? {}) as { share?: unknown }
  return typeof share === 'number' ? `${name} ${share} %` : name
}

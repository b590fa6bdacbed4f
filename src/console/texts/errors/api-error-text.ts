import { type Language, placeName } from '../../../campaign/texts/field-names.ts'
import { CAMPAIGN_TABLES } from '../../../campaign/texts/issue-text.ts'
import { createIssueTexts, type IssueText } from '../../../campaign/texts/issue-texts.ts'
import { apiFieldName } from './field-names.ts'
import { API_KINDS } from './message-kinds.ts'
import { plainEnglish } from './plain-english.ts'
import { REMEDY_TEXTS } from './remedy-texts.ts'
import { REQUEST_TEXTS, SCHEMA_TEXTS } from './request-texts.ts'
import { ACCOUNT_TEXTS, RESOURCE_TEXTS } from './resource-texts.ts'

/** Every message of the operator API, with its Chinese text. */
export const API_TABLES = [
  ...CAMPAIGN_TABLES,
  SCHEMA_TEXTS,
  REQUEST_TEXTS,
  RESOURCE_TEXTS,
  ACCOUNT_TEXTS,
  REMEDY_TEXTS,
]

const texts = createIssueTexts(API_TABLES, API_KINDS)

interface ApiIssueLike {
  path: string
  message: string
  hint?: string | undefined
}

/** An issue in the language of the reader, with the place of its field in words. */
export interface ApiIssueText extends IssueText {
  path: string
  /** Like `步骤 3 · 延迟`; '' for the whole request. */
  place: string
}

/** The Chinese text of a message of the API; null when the tables have none. */
export function chineseMessage(message: string): string | null {
  return chineseSentences(message) ?? texts.chinese(message)
}

/** Two sentences of the API that were put together: what is wrong, and the remedy. */
function chineseSentences(message: string): string | null {
  for (let at = message.indexOf('. '); at > 0; at = message.indexOf('. ', at + 2)) {
    const said = texts.chinese(message.slice(0, at)) ?? texts.chinese(message.slice(0, at + 1))
    const rest = said === null ? null : texts.chinese(message.slice(at + 2))
    if (said !== null && rest !== null) return `${said.replace(/[。：]$/, '')}。${rest}`
  }
  return null
}

/** A message of the API in the language of the reader. One that has no text in it stays as it is. */
export function apiMessageText(message: string, language: Language): string {
  const text = language === 'zh' ? chineseMessage(message) : plainEnglish(message)
  return text ?? texts.of({ message }, language).message
}

/** The place of a field in words, also of a field that only requests have. */
export const apiPlaceName = (path: string, language: Language): string =>
  placeName(path, language, apiFieldName)

/** An issue of the API, or of the check of a campaign, in the language of the reader. */
export function apiIssueText({ path, message, hint }: ApiIssueLike, language: Language): ApiIssueText {
  return {
    ...texts.of({ message, hint }, language),
    message: apiMessageText(message, language),
    path,
    place: apiPlaceName(path, language),
  }
}

/**
 * An error of the operator API in the language of the reader: for pages that make a call and show why it was refused.
 * @param error the `error` of a response
 */
export function apiErrorText(
  error: { message: string; issues?: readonly ApiIssueLike[] | undefined },
  language: Language,
): { message: string; issues: ApiIssueText[] } {
  return {
    message: apiMessageText(error.message, language),
    issues: (error.issues ?? []).map((issue) => apiIssueText(issue, language)),
  }
}

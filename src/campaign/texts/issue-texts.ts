import {
  createTranslation,
  type HoleKind,
  type MessageTable,
  type Translate,
} from '../../shared/message-texts.ts'
import type { Language } from './field-names.ts'
import { MESSAGE_KINDS_ZH } from './message-kinds.ts'
import { HINT_TEXTS } from './warning-texts.ts'

/** A message and its hint, as a check and the API have them. */
interface Said {
  message: string
  hint?: string | undefined
}

/** A message and its hint in one language. */
export interface IssueText {
  message: string
  /** What to do; absent where the language has no hint. */
  hint?: string
}

/** The messages of several tables in both languages. */
export interface IssueTexts {
  /** The text of an issue. A message without one in the language stays as it is. */
  of(issue: Said, language: Language): IssueText
  /** The Chinese text of a message; null when the tables have none. */
  chinese: Translate
}

/** The end of the English part of a message in both languages: before a space and Chinese, but not in a list. */
const BEFORE_CHINESE_PART = /[^,](?= [\u4e00-\u9fff])/

/** The end of the English part of a hint, as in `field-help.ts`: before a Chinese sentence. */
const BEFORE_CHINESE_SENTENCE = /\.(?= [\d ]*[\u4e00-\u9fff])/

const chineseHint = createTranslation([HINT_TEXTS])

/**
 * @param tables every message that the issues may have
 * @param kinds the kinds of holes in them
 */
export function createIssueTexts(
  tables: readonly MessageTable[],
  kinds: Readonly<Record<string, HoleKind>> = MESSAGE_KINDS_ZH,
): IssueTexts {
  const chinese = createTranslation(tables, kinds)
  const english = createTranslation([englishParts(tables)])
  return {
    chinese,
    of({ message, hint }, language) {
      const text = language === 'zh' ? chinese(message) : english(message)
      const shown = hint === undefined ? null : hintIn(hint, language)
      return { message: text ?? message, ...(shown === null ? {} : { hint: shown }) }
    },
  }
}

/** The English parts of the messages that say the same in Chinese after it. */
function englishParts(tables: readonly MessageTable[]): MessageTable {
  const inBoth = tables.flatMap((table) =>
    Object.keys(table).flatMap((pattern) => {
      const end = pattern.search(BEFORE_CHINESE_PART) + 1
      return end === 0 ? [] : [[pattern, pattern.slice(0, end).replaceAll(':num}', '}')]]
    }),
  )
  return Object.fromEntries(inBoth)
}

/** A hint of its own is English; a hint about a field has both languages. */
function hintIn(hint: string, language: Language): string | null {
  const own = chineseHint(hint)
  const end = hint.search(BEFORE_CHINESE_SENTENCE) + 1
  if (own !== null || end === 0) return language === 'en' ? hint : own
  return language === 'en' ? hint.slice(0, end) : hint.slice(end + 1)
}

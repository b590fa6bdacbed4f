import { isRecord } from '../shared/is-record.ts'
import { normaliseEntryKeyword } from '../shared/keyword.ts'
import { listOf } from '../shared/list-of.ts'
import type { Issue } from './issue.ts'

/** The events of a file that may have errors, and their words. What is not readable is left out. */

type RawMap = Readonly<Record<string, unknown>>
/** @param help the rule and the hint of the issue, where the field's own do not fit */
export type Report = (path: string, message: string, help?: Pick<Issue, 'rule' | 'hint'>) => void

/** The events of an `entry` or an `on`, which may be one or a list. */
export function eventsOf(on: unknown): RawMap[] {
  return (Array.isArray(on) ? on : [on]).filter(isRecord)
}

/** The words of a list. */
export function wordsOf(list: unknown): string[] {
  return listOf(list).flatMap((word) =>
    typeof word === 'string' || typeof word === 'number' ? [String(word)] : [],
  )
}

/**
 * Reports keywords without a visible character, which nobody can type.
 * @param path of the events
 */
export function invisibleKeywords(on: unknown, path: string, report: Report): void {
  for (const [i, { keywords }] of eventsOf(on).entries())
    invisibleWords(
      keywords,
      Array.isArray(on) ? `${path}.${i}.keywords` : `${path}.keywords`,
      normaliseEntryKeyword,
      report,
    )
}

/**
 * Reports words without a visible character.
 * @param path of the list
 * @param form how the words are compared
 */
export function invisibleWords(
  list: unknown,
  path: string,
  form: (word: string) => string,
  report: Report,
): void {
  for (const [i, word] of wordsOf(list).entries())
    if (word.trim() !== '' && form(word) === '')
      report(`${path}.${i}`, 'has no visible character: write a word')
}

import { issueText } from '../campaign/texts/issue-text.ts'
import type { Language } from './texts/bilingual.ts'

/** Says a message of the operator API in the reader's language, for the problems of a form. */
export function sayIn(language: Language): (message: string) => string {
  return (message) => issueText({ message }, language).message
}

import { truncateText } from '../shared/text.ts'

/** One thing that is wrong, or worth knowing, with its place in the file. */
export interface Issue {
  /** Like `steps.1.after`; '' for the whole file. */
  path: string
  message: string
  /** From 1. */
  line?: number
  column?: number
}

const VALUE_SHOWN = 40

/** The beginning of a value, as a message repeats it. */
export function excerpt(text: string): string {
  const cut = truncateText(text, VALUE_SHOWN)
  return cut === text ? text : `${cut}…`
}

/** True when a schema wanted a text and got a bare number or truth value, of which nobody knows how it was written. */
export function isUnquoted(issue: { code: string; message: string; expected?: unknown }): boolean {
  const isScalar = /received (number|boolean)$/.test(issue.message)
  return issue.code === 'invalid_type' && issue.expected === 'string' && isScalar
}

export const QUOTE_HINT = 'must be a text: write it in quotes'

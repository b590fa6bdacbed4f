import { truncateText } from '../shared/text.ts'

/** An error or a warning about a file, with its place. */
export interface Issue {
  /** Like `steps.1.after`; '' for the whole file. */
  path: string
  message: string
  /** Counted from 1. */
  line?: number
  column?: number
  /** The section of docs/campaigns.md that has the rule. */
  rule?: string
  /** What to do. */
  hint?: string
}

const VALUE_SHOWN = 40

/** The beginning of a value, for quoting it in a message. */
export function excerpt(text: string): string {
  const cut = truncateText(text, VALUE_SHOWN)
  return cut === text ? text : `${cut}…`
}

/** True when a schema expected a text and received a number or boolean, whose original spelling is unknown. */
export function isUnquoted(issue: { code: string; message: string; expected?: unknown }): boolean {
  const isScalar = /received (number|boolean)$/.test(issue.message)
  return issue.code === 'invalid_type' && issue.expected === 'string' && isScalar
}

export const QUOTE_HINT = 'must be a text: write it in quotes'

/** `a, b or c`. */
export function alternatives(values: readonly string[]): string {
  const last = values.at(-1) ?? ''
  return values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${last}` : last
}

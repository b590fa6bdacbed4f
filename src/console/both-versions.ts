import { createHash } from 'node:crypto'
import { BOTH_VERSIONS_TEXTS } from './texts/both-versions-texts.ts'

type Values = Readonly<Record<string, string>>

/** Tells whether the values of a form are those that a reader has seen. */
export function markOf(values: Values): string {
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, 16)
}

/**
 * The problems of a form that somebody else has changed: one for the form, and beside each field that differs what is stored now.
 * @param options.shown a stored value in words; null: no field shows it
 */
export function bothVersions(
  typed: Values,
  stored: Values,
  options: {
    language: 'zh' | 'en'
    submit: string
    shown?(name: string, value: string): string | null
  },
): Record<string, string> {
  const texts = BOTH_VERSIONS_TEXTS[options.language]
  const { shown = (_, value) => (value === 'yes' ? texts.ticked : value) } = options
  const problems: Record<string, string> = { '': texts.changedMeanwhile(options.submit) }
  for (const [name, value] of Object.entries(stored)) {
    const words = lines(typed[name]) === lines(value) ? null : shown(name, value)
    if (words !== null) problems[name] = texts.storedNow(words)
  }
  return problems
}

const lines = (text: string | undefined) => (text ?? '').replace(/\r\n/g, '\n').trim()

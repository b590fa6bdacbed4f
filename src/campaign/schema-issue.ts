import type { z } from 'zod'
import { alternatives, type Issue, QUOTE_HINT } from './issue.ts'
import { NO_BRANCHES } from './item-model.ts'

/** Types of fields, as people call them. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  object: 'a map of fields',
  record: 'a map of names and values',
  array: 'a list',
}

/**
 * The message of a schema rule that has none of its own, for people who write a campaign file: the problem of the field, and
 * after a colon the remedy.
 */
export const describeSchemaIssue: z.core.$ZodErrorMap = (issue) => {
  if (issue.input === undefined && issue.code !== 'custom') return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input)) return QUOTE_HINT
      return `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${alternatives(issue.values.map(String))}`
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum))
    case 'too_big':
      return tooBig(issue.origin, Number(issue.maximum))
    default:
      // The other rules of the schema have their own messages.
      return undefined
  }
}

function tooSmall(origin: string, minimum: number): string {
  if (origin === 'string') return 'is empty: write a text'
  if (origin === 'array') return 'is empty: write at least one entry'
  return `must be at least ${minimum}`
}

function tooBig(origin: string, maximum: number): string {
  if (origin === 'string') return `has more than ${maximum} characters: shorten it`
  if (origin === 'array') return `has more than ${maximum} entries: remove some`
  return `must be at most ${maximum}`
}

type SchemaIssue = z.core.$ZodIssue

/** The problems of a file that does not fit the schema, each with its path. */
export function schemaIssues(issues: readonly SchemaIssue[]): Issue[] {
  return issues.flatMap((i): Issue[] => {
    const path = i.path.join('.')
    if (i.code === 'invalid_union') {
      const meant = meantForm(i.errors)
      const below = (inner: string) => [path, inner].filter((part) => part !== '').join('.')
      if (meant) return schemaIssues(meant).map((e) => ({ ...e, path: below(e.path) }))
    }
    if (i.code === 'unrecognized_keys') {
      return i.keys.map((key) => ({ path: [...i.path, key].join('.'), message: `unknown field "${key}"` }))
    }
    // The name of a field that may be any name of a form, such as that of a fact.
    if (i.code === 'invalid_key') return [{ path, message: i.issues[0]?.message ?? i.message }]
    if (path === '' && i.code === 'invalid_type') return [{ path, message: NOT_A_MAP }]
    return [{ path, message: i.message }]
  })
}

const NOT_A_MAP = 'must be a map of fields, such as id, name, entry and steps'

/**
 * Of a union, the form that the author meant: a fork for a map with branches, else the form with problems below the field, as
 * reentry.after for example, or with a rule of its own. Undefined when the value has no form at all.
 */
function meantForm(forms: readonly SchemaIssue[][]): readonly SchemaIssue[] | undefined {
  const refusesBranches = (form: readonly SchemaIssue[]) => form.some((e) => e.message === NO_BRANCHES)
  if (forms.some(refusesBranches)) return forms.find((form) => !refusesBranches(form))
  const hasPath = (form: readonly SchemaIssue[]) => form.some((e) => e.path.length > 0)
  const isOwnRule = (form: readonly SchemaIssue[]) =>
    form.some((e) => e.code === 'custom' || e.code === 'unrecognized_keys' || e.code === 'too_small')
  return forms.find(hasPath) ?? forms.find(isOwnRule)
}

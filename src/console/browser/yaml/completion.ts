import type { CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete'
import { issueText } from '../../../campaign/texts/issue-text.ts'
import { type Choice, fieldsAt, type Schema, valuesAt } from './schema-values.ts'
import { yamlPlace } from './yaml-place.ts'

/** Completes the fields of campaign files and their values, by the schema of the files. It is loaded when it is needed first. */
export function campaignCompletion(language: 'zh' | 'en'): CompletionSource {
  let schema: Promise<Schema | null> | undefined
  return async ({ state, pos, explicit }: CompletionContext): Promise<CompletionResult | null> => {
    const place = yamlPlace(state.sliceDoc(0, pos))
    if (!place || (place.from === pos && !explicit && !isInvited(state.sliceDoc(0, pos)))) return null
    schema ??= loadSchema()
    const root = await schema
    if (!root) {
      schema = undefined
      return null
    }
    const isKey = place.position === 'key'
    const found = isKey ? fieldsAt(root, place.path) : valuesAt(root, place.path)
    if (found.length === 0) return null
    const options = found.map((choice) => ({
      label: choice.label,
      type: isKey ? 'property' : 'enum',
      apply: isKey && !/^\s*:/.test(state.sliceDoc(pos, pos + 20)) ? `${choice.label}: ` : choice.label,
      ...described(choice, language),
    }))
    return { from: place.from, options, validFor: /^[\w-]*$/ }
  }
}

/** A value is offered after a colon, and a field on a new line of a map in brackets. */
const isInvited = (before: string) => /(?::|[{,]) $/.test(before)

function described({ description }: Choice, language: 'zh' | 'en'): { info?: string } {
  if (description === undefined) return {}
  const { hint } = issueText({ message: '', hint: description }, language)
  return hint === undefined ? {} : { info: hint }
}

async function loadSchema(): Promise<Schema | null> {
  const response = await fetch('/api/campaign.schema.json').catch(() => null)
  return response?.ok ? ((await response.json()) as Schema) : null
}

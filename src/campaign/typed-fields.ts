/**
 * The fields of a campaign file that are numbers, or true or false. All other fields are texts. `read-yaml.test.ts` compares
 * this list with the schema.
 */
export const TYPED_FIELDS: ReadonlySet<string> = new Set([
  'priority',
  'share',
  'day',
  'anytime',
  'end',
  'replied',
])

/**
 * The type of a field that is not a text. The values of facts are texts, numbers, or true or false: `007` stays a text there,
 * because it is not how a number is written.
 */
export function typeOfField(path: readonly string[]): 'number' | 'fact' | null {
  const [grandparent, parent, name = ''] = [path.at(-3), path.at(-2), path.at(-1)]
  if (parent === 'facts' || parent === 'set' || grandparent === 'facts') return 'fact'
  // True in `answers`, an agent's account in a step. A step with true gets the error of its schema.
  if (name === 'handover') return 'number'
  return TYPED_FIELDS.has(name) ? 'number' : null
}

import type { CampaignEdit } from '../editing/apply-edits.ts'
import type { Fields } from '../editing/campaign-items.ts'
import type { Path } from '../editing/yaml-edit.ts'
import type { Issue } from '../issue.ts'
import type { Campaign } from '../model.ts'
import type { Language } from '../texts/field-names.ts'

/** A change that removes the reason of an error or a warning. */
export interface Fix {
  /** What the change does: a page has its text. */
  name: FixName
  /** Values in that text. */
  values: readonly string[]
  edits: readonly CampaignEdit[]
}

export const FIX_NAMES = [
  'ask-before',
  'sooner',
  'delay',
  'window',
  'wait',
  'id',
  'previous',
  'end-last',
  'remove-end',
  'branch-up',
  'remove-word',
  'remove-branch',
  'remove-answer',
  'remove-exit-word',
  'priority',
  'remove-go',
  'remove-step',
  'remove-account',
  'split-text',
  'scale-shares',
  'at',
  'remove-field',
  'remove-reply',
  'untag',
  'quiet',
  'entry',
  'resume',
  'exact',
  'meanwhile',
  'anytime',
  'value',
  'repeated-key',
  'spaces',
] as const
export type FixName = (typeof FIX_NAMES)[number]

/** An issue and the file around it. */
export interface FixContext {
  issue: Issue
  source: string
  /** The file as plain values. */
  fields: Fields
  /** The path of the issue, with numbers for the items of lists. */
  path: Path
  /** The other live campaigns. */
  others: readonly Pick<Campaign, 'id' | 'priority'>[]
  /** Of the texts that a fix writes. */
  language: Language
}

/** The fixes of a message with these values in it. None where the file has another form. */
type FixMaker = (context: FixContext, ...values: string[]) => readonly Fix[]
/** The form of a message, and its fixes. */
export type FixRule = readonly [form: RegExp, make: FixMaker]

export const fix = (name: FixName, values: readonly string[], ...edits: CampaignEdit[]): Fix => ({
  name,
  values,
  edits,
})

const ITEM_LISTS: ReadonlySet<string | number> = new Set(['steps', 'meanwhile', 'else'])

/** The step, the fork or the end that a path leads into; null for another path. */
export function itemPath(path: Path): Path | null {
  const index = path.findLastIndex(
    (key, i) => typeof key === 'number' && ITEM_LISTS.has(path[i - 1] ?? '') && path[i - 2] !== 'answers',
  )
  return index < 0 ? null : path.slice(0, index + 1)
}

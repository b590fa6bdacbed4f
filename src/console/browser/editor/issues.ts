import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import type { EditorAnalysis, EditorIssue } from '../../editor-data.ts'
import { emptyWords } from '../../steps/empty-words.ts'
import { stepNames, withStepNumbers } from '../../steps/step-names.ts'
import { type Chosen, type EditorStore, keyOf } from './store.ts'

export interface ShownIssue extends EditorIssue {
  /** `empty`: still to be filled in. */
  tone: 'red' | 'amber' | 'empty'
}

/** All issues, and those of each card. */
interface Found {
  all: readonly ShownIssue[]
  byCard: ReadonlyMap<Chosen, readonly ShownIssue[]>
}
/** What they follow from, besides the text. */
type From = Pick<EditorStore, 'analysis' | 'left' | 'media'>
/** By the cards of a text. Every card and every field asks when one is drawn again. */
const known = new WeakMap<EditorStore['cards'], From & Found>()

function issuesIn(store: EditorStore): Found {
  const { cards, analysis, left, media } = store
  const found = known.get(cards)
  if (found?.analysis === analysis && found.left === left && found.media === media) return found
  const all = shownIssues(store)
  const byCard = new Map<Chosen, ShownIssue[]>()
  for (const issue of all) {
    const card = cardOfIssue(store, issue)
    const others = byCard.get(card)
    if (others) others.push(issue)
    else byCard.set(card, [issue])
  }
  const now = { analysis, left, media, all, byCard }
  known.set(cards, now)
  return now
}

function shownIssues({ analysis, fields, data, left, media }: EditorStore): ShownIssue[] {
  const { language } = data
  if (!analysis) return []
  const names = stepNames(fields, language, media)
  const inPlaces = ({ message, hint }: EditorIssue) => ({
    message: withStepNumbers(message, names, language),
    ...(hint === undefined ? {} : { hint: withStepNumbers(hint, names, language) }),
  })
  const shown =
    (tone: ShownIssue['tone']) =>
    (issue: EditorIssue): ShownIssue =>
      issue.isEmpty
        ? {
            ...issue,
            tone: left.has(issue.path) ? 'red' : 'empty',
            message: emptyWords(issue.path, language),
          }
        : { ...issue, tone, ...inPlaces(issue) }
  return [...analysis.issues.map(shown('red')), ...analysis.warnings.map(shown('amber'))]
}

/** The errors, then the warnings. */
export const allIssues = (store: EditorStore): readonly ShownIssue[] => issuesIn(store).all

/** The required fields without a value. */
export const emptyFields = ({ issues }: EditorAnalysis): string[] =>
  issues.flatMap(({ path, isEmpty }) => (isEmpty ? [path] : []))

/** The card that an issue is about: the innermost one on its path. */
export function cardOfIssue(store: EditorStore, { path }: EditorIssue): Chosen {
  const keys = store.cards.map((card) => keyOf(card.path))
  const inside = keys.filter((key) => path === key || path.startsWith(`${key}.`))
  const innermost = inside.sort((a, b) => b.length - a.length)[0]
  if (innermost !== undefined) return innermost
  if (/^(entry|reply)(\.|$)/.test(path)) return 'entry'
  return /^answers(\.|$)/.test(path) ? 'answers' : 'campaign'
}

export const issuesOfCard = (store: EditorStore, key: Chosen): readonly ShownIssue[] =>
  issuesIn(store).byCard.get(key) ?? []

/**
 * The issues of a field. An issue of a part of its value, such as the second keyword, is shown at the field.
 * @param exact only of the field itself
 */
export function issuesOfField(store: EditorStore, path: Path, exact = false): ShownIssue[] {
  const key = keyOf(path)
  return allIssues(store).filter((i) => i.path === key || (!exact && i.path.startsWith(`${key}.`)))
}

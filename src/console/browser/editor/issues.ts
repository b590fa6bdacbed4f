import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import type { EditorAnalysis, EditorIssue } from '../../editor-data.ts'
import { emptyWords } from '../../steps/empty-words.ts'
import { stepNames, withStepNumbers } from '../../steps/step-names.ts'
import { type Chosen, type EditorStore, keyOf } from './store.ts'

export interface ShownIssue extends EditorIssue {
  /** `empty`: still to be filled in. */
  tone: 'red' | 'amber' | 'empty'
}

/** The errors, then the warnings. */
export function allIssues(store: EditorStore): ShownIssue[] {
  const { analysis, fields, data, left } = store
  const { language } = data
  if (!analysis) return []
  const names = stepNames(fields, language, store.media)
  const shown =
    (tone: ShownIssue['tone']) =>
    (issue: EditorIssue): ShownIssue =>
      issue.isEmpty
        ? {
            ...issue,
            tone: left.has(issue.path) ? 'red' : 'empty',
            message: emptyWords(issue.path, language),
          }
        : { ...issue, tone, message: withStepNumbers(issue.message, names, language) }
  return [...analysis.issues.map(shown('red')), ...analysis.warnings.map(shown('amber'))]
}

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

/** The issues of each card. */
type ByCard = ReadonlyMap<Chosen, readonly ShownIssue[]>
/** By the cards that they are about: those of one text, for one analysis. Every card asks when one is drawn again. */
const known = new WeakMap<EditorStore['cards'], Pick<EditorStore, 'analysis' | 'left'> & { byCard: ByCard }>()

export function issuesOfCard(store: EditorStore, key: Chosen): readonly ShownIssue[] {
  const { cards, analysis, left } = store
  let found = known.get(cards)
  if (found?.analysis !== analysis || found.left !== left) {
    const byCard = new Map<Chosen, ShownIssue[]>()
    for (const issue of allIssues(store)) {
      const card = cardOfIssue(store, issue)
      byCard.set(card, [...(byCard.get(card) ?? []), issue])
    }
    found = { analysis, left, byCard }
    known.set(cards, found)
  }
  return found.byCard.get(key) ?? []
}

/**
 * The issues of a field. An issue of a part of its value, such as the second keyword, is shown at the field.
 * @param exact only of the field itself
 */
export function issuesOfField(store: EditorStore, path: Path, exact = false): ShownIssue[] {
  const key = keyOf(path)
  return allIssues(store).filter((i) => i.path === key || (!exact && i.path.startsWith(`${key}.`)))
}

import { type Card, cardsOf, type Fields } from '../../campaign/editing/campaign-items.ts'
import { placeName } from '../../campaign/texts/field-names.ts'
import { isRecord } from '../../shared/is-record.ts'
import type { MediaNames } from '../editor-data.ts'
import type { Language } from '../texts/bilingual.ts'
import { ISSUE_LIST_TEXTS } from '../texts/campaign-frame-texts.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { apiPlaceName } from '../texts/errors/api-error-text.ts'
import { type StepNames, stepInSentence, withStepNumbers } from './step-names.ts'
import { branchWords, elseWords, forkTitle, NO_MEDIA, stepWords } from './step-words.ts'

/** The step or fork that an issue of a file is about, as the editor calls it. */
export interface IssuePlace {
  /** In the file; '': it has none yet. */
  id: string
  /** Of the steps and forks, counted from 1 in the order of the file. */
  number: number
  /** The beginning of what a step says, or what it does; what divides the followers at a fork. */
  what: string
  /** The branch of the fork that it is about; null: no certain one. */
  branch: string | null
  /** The field in it, like `消息 2 · 标题`; '' for the whole. */
  field: string
}

/**
 * Where an issue is, in words.
 * @param path like `steps.1.branches.0.steps.2.after`
 * @param fields the file, with errors or without
 * @param media uploads by their ids
 * @returns null: it is about the campaign, and not about a step or a fork
 */
export function issuePlace(
  path: string,
  fields: Fields,
  language: Language,
  media: MediaNames = NO_MEDIA,
): IssuePlace | null {
  const onPath = cardsOn(path, fields)
  const innermost = onPath.at(-1)
  const card = onPath.findLast(({ kind }) => kind !== 'end')
  if (!card) return null
  // The number of a branch is that of the last step above it.
  const owner = card.kind === 'branch' ? onPath.findLast(({ kind }) => kind === 'fork') : card
  const { id } = owner?.fields ?? {}
  const inside = path.split('.').slice(card.path.length)
  const isElse = card.kind === 'fork' && inside[0] === 'else'
  const isEnd = innermost?.kind === 'end'
  const ending = isEnd ? EDITOR_TEXTS[language].kinds.end : ''
  return {
    id: typeof id === 'string' ? id : '',
    number: owner?.number ?? card.number,
    what:
      card.kind === 'step'
        ? stepWords(card.fields, language, 0, media)
        : forkTitle(owner?.fields ?? {}, language),
    branch:
      card.kind === 'branch'
        ? branchWords(card.fields, Number(card.path.at(-1)))
        : isElse
          ? elseWords(card.fields, language)
          : null,
    field: isEnd ? ending : placeName((isElse ? inside.slice(2) : inside).join('.'), language),
  }
}

/** Of fields that do not change, by their paths: a file may have very many cards and issues. */
const known = new WeakMap<Fields, ReadonlyMap<string, Card>>()

/** The cards that a path leads through, the outermost first. */
function cardsOn(path: string, fields: Fields): Card[] {
  const cards = known.get(fields) ?? new Map(cardsOf(fields).map((card) => [card.path.join('.'), card]))
  known.set(fields, cards)
  const parts = path.split('.')
  return parts.flatMap((_, i) => cards.get(parts.slice(0, i + 1).join('.')) ?? [])
}

/** The same on one line. */
function placeText(place: IssuePlace, language: Language): string {
  const branch = place.branch === null ? '' : ISSUE_LIST_TEXTS[language].branch(place.branch)
  return [stepInSentence(place.number, language), branch, place.field].filter(Boolean).join(' · ')
}

/** A path of the file in a message. */
const PATH = /\b(?:steps|answers)(?:\.\w+)+/g

/**
 * A message of the check in the words of the editor: steps and forks by their numbers in place of ids and of paths.
 * @param message in the reader's language
 * @param original as the check has it
 */
export function issueWords(
  message: string,
  original: string,
  { names, fields, language }: { names: StepNames; fields: unknown; language: Language },
): string {
  let text = withStepNumbers(message, names, language)
  for (const [path] of original.matchAll(PATH)) {
    const place = isRecord(fields) ? issuePlace(path, fields, language) : null
    const words = place ? placeText(place, language) : apiPlaceName(path, language)
    text = text.replaceAll(language === 'zh' ? apiPlaceName(path, 'zh') : path, words)
  }
  return text
}

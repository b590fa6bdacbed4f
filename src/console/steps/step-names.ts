import { cardsOf, type Fields, listOf, textOf } from '../../campaign/editing/campaign-items.ts'
import { partId } from '../../campaign/part-id.ts'
import { isRecord } from '../../shared/is-record.ts'
import type { MediaNames } from '../editor-data.ts'
import type { Language } from '../texts/bilingual.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import {
  branchWords,
  elseWords,
  forkTitle,
  forkWords,
  messagesIn,
  NO_MEDIA,
  stepWords,
} from './step-words.ts'

/** A step or a fork as operators know it. */
interface StepName {
  /** Of the steps and forks, counted from 1 in the order of the file, as the editor does. */
  number: number
  /** The beginning of what it says, or what it does. */
  words: string
  /** The same without the branches of a fork. */
  what: string
}

/** The names of the steps and forks of one version of a campaign. */
export interface StepNames {
  /** Null: this version has no such step or fork. @param id as counts and runs have it: `gift`, its second message `gift.2` */
  of(id: string): StepName | null
  /** A branch as it is called; the name that counts have for those who took none is `else`. */
  branch(fork: string, branch: string): string
}

/** Names where the version cannot be read: ids stay. */
const NO_STEP_NAMES: StepNames = { of: () => null, branch: (_, branch) => branch }

/** Of a model that does not change: the store keeps versions. */
const known = new WeakMap<MediaNames, WeakMap<object, Partial<Record<Language, StepNames>>>>()

/**
 * @param campaign a checked campaign, or the fields of a file; null: it cannot be read
 * @param media uploads by their ids
 */
export function stepNames(
  campaign: { steps?: unknown } | null | undefined,
  language: Language,
  media = NO_MEDIA,
): StepNames {
  if (!campaign) return NO_STEP_NAMES
  const withMedia = known.get(media) ?? new WeakMap()
  known.set(media, withMedia)
  const of: Partial<Record<Language, StepNames>> = withMedia.get(campaign) ?? {}
  withMedia.set(campaign, of)
  of[language] ??= namesOf(campaign as Fields, language, media)
  return of[language]
}

function namesOf(campaign: Fields, language: Language, media: MediaNames): StepNames {
  const names = new Map<string, StepName>()
  const forks = new Map<string, Fields>()
  for (const { kind, fields, number } of cardsOf(campaign)) {
    const id = textOf(fields.id)
    if (kind === 'fork') {
      forks.set(id, fields)
      names.set(id, { number, words: forkWords(fields, language), what: forkTitle(fields, language) })
    }
    if (kind !== 'step') continue
    const count = Math.max(1, messagesIn(fields).length)
    for (let i = 0; i < count; i++) {
      const words = stepWords(fields, language, i, media)
      names.set(partId(id, i), { number, words, what: words })
    }
  }
  return {
    of: (id) => names.get(id) ?? null,
    branch(fork, branch) {
      const fields = forks.get(fork)
      if (!fields) return branch
      const branches = listOf(fields.branches)
      const isNamed = branches.some((b, i) => isRecord(b) && branchWords(b, i) === branch)
      return branch === 'else' && !isNamed ? elseWords(fields, language) : branch
    },
  }
}

/** The first of some names that knows an id: those of a newer version know most, those of an older one the rest. */
export function firstNames(all: readonly StepNames[]): StepNames {
  return {
    of: (id) => all.map((names) => names.of(id)).find((name) => name !== null) ?? null,
    branch: (fork, branch) =>
      all.map((names) => names.branch(fork, branch)).find((b) => b !== branch) ?? branch,
  }
}

/** A step by its id in a message about a campaign, in both languages. */
const STEP_ID = /(?:步骤 |\bstep )([a-z\d](?:[a-z\d.-]*[a-z\d])?)( (?=[\u4e00-\u9fff]))?/g

/** A message of the check with the place of a step in place of its id, as the forms of the editor count steps. */
export function withStepNumbers(message: string, names: StepNames, language: Language): string {
  const { stepTitle } = EDITOR_TEXTS[language]
  return message.replaceAll(STEP_ID, (whole, id: string) => {
    const name = names.of(id)
    if (!name) return whole
    return language === 'zh' ? stepTitle(name.number) : stepTitle(name.number).toLowerCase()
  })
}

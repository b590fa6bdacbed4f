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
  /**
   * A branch as it is called. The name that counts have for those who took none is `else`; differences call one without a name
   * `branch 2`.
   */
  branch(fork: string, branch: string): string
  /** The branches of a fork in the order of the file: the key that differences have for each, and what it is called. */
  branches(fork: string): readonly { key: string; name: string }[]
}

/** Names where the version cannot be read: ids stay. */
const NO_STEP_NAMES: StepNames = { of: () => null, branch: (_, branch) => branch, branches: () => [] }

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
      if (isNamed) return branch
      const [, nth] = /^branch (\d+)$/.exec(branch) ?? []
      if (nth !== undefined) return branchWords(branches[Number(nth) - 1], Number(nth) - 1)
      return branch === 'else' ? elseWords(fields, language) : branch
    },
    branches: (fork) =>
      listOf(forks.get(fork)?.branches).map((branch, i) => ({
        key: (isRecord(branch) ? textOf(branch.name) : '') || `branch ${i + 1}`,
        name: branchWords(branch, i),
      })),
  }
}

/** The first of some names that knows an id: those of a newer version know most, those of an older one the rest. */
export function firstNames(all: readonly StepNames[]): StepNames {
  return {
    of: (id) => all.map((names) => names.of(id)).find((name) => name !== null) ?? null,
    branch: (fork, branch) =>
      all.map((names) => names.branch(fork, branch)).find((b) => b !== branch) ?? branch,
    branches: (fork) => all.flatMap((names) => names.branches(fork)),
  }
}

/** The id of a step or a fork. It is bounded, so that no message takes long to read. */
const ID = String.raw`([a-z\d](?:[a-z\d.-]{0,70}[a-z\d])?)`
/** What is before an id without a word of its own. */
const START = String.raw`^|[^a-z\d.-]`

/** Where a message names a step or a fork: what is before its id, what is behind it, and what stays of the former (default: all). */
const mentioned = (before: string, after: string, stays?: string) => ({
  pattern: new RegExp(`(${before})${ID}${after}`, 'g'),
  stays,
})

const MENTIONS = {
  zh: [
    mentioned('步骤 ', String.raw`(?: (?=[\u4e00-\u9fff]))?`, ''),
    mentioned('分叉 ', ' (?=的每个分支)', ''),
    mentioned('决定 ', ' (?=的点击)', '决定'),
    mentioned('把 ', ' (?=放到)', '把'),
    mentioned('放到 ', ' (?=的等待期间)', '放到'),
    mentioned(START, ' (?=可能等到|那时才开始等)'),
    mentioned('^', ' (?=在下面或别的分支里)'),
    mentioned(START, '(?= → )'),
  ],
  en: [
    mentioned(String.raw`\bstep `, '', ''),
    mentioned('that decides |branch of |meanwhile of |Put ', ''),
    mentioned(START, '(?= may be open until | waits only then)'),
    mentioned('^', '(?= is no step or fork above)'),
    mentioned(START, '(?= → )'),
  ],
}

/** The place of a step in the middle of a sentence: `第 3 步`, `step 3`. */
export function stepInSentence(number: number, language: Language): string {
  const title = EDITOR_TEXTS[language].stepTitle(number)
  return language === 'zh' ? title : title.toLowerCase()
}

/**
 * A message of the check, or its hint, with the place of a step or a fork in place of its id, as the forms of the editor count
 * them.
 */
export function withStepNumbers(message: string, names: StepNames, language: Language): string {
  return MENTIONS[language].reduce(
    (text, { pattern, stays }) =>
      text.replaceAll(pattern, (whole, before: string, id: string) => {
        const name = names.of(id)
        if (!name) return whole
        return `${stays ?? before}${stepInSentence(name.number, language)}`
      }),
    message,
  )
}

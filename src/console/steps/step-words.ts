import { type Fields, listOf, textOf } from '../../campaign/editing/campaign-items.ts'
import { withTokens } from '../../campaign/editing/text-tokens.ts'
import type { MessageKind } from '../../campaign/message-model.ts'
import { isRecord } from '../../shared/is-record.ts'
import type { MediaNames } from '../editor-data.ts'
import type { Language } from '../texts/bilingual.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'

/**
 * What steps and forks are called: the beginning of what they say, or what they do. Operators know these words, and not the ids of
 * the file. The editor and all pages use them.
 */

/** Where no upload is known by its name. */
export const NO_MEDIA: MediaNames = {}

/** The kinds of messages, in the order of the form. */
export const MESSAGE_KINDS = [
  'text',
  'image',
  'news',
  'menu',
  'miniprogram',
  'voice',
  'video',
  'music',
  'article',
  'card',
] as const satisfies readonly MessageKind[]

/** The kind of a message of a file; the first where it has several. */
export const kindOfMessage = (message: Fields): MessageKind =>
  MESSAGE_KINDS.find((kind) => kind in message) ?? 'text'

/** The first text of a message: a title, what it says, or the name of its file. @param media uploads by their ids */
export function excerptOf(message: unknown, media: MediaNames = NO_MEDIA): string {
  if (!isRecord(message)) return ''
  const body = message[kindOfMessage(message)]
  if (!isRecord(body)) return textOf(body)
  const medium = body.title ? undefined : media[textOf(body.file)]
  if (medium) return medium.filename
  return textOf(body.title ?? body.head ?? body.file ?? body.mediaId ?? body.id)
}

/** The messages of a step: `send` has one or a list. */
export const messagesIn = ({ send }: Fields): readonly unknown[] =>
  send === undefined ? [] : Array.isArray(send) ? send : [send]

/** What a fork's branches are: events, conditions or shares. */
export function forkKind({ branches }: Fields): 'on' | 'when' | 'share' {
  const [first] = listOf(branches)
  if (!isRecord(first)) return 'on'
  return (['on', 'when', 'share'] as const).find((kind) => first[kind] !== undefined) ?? 'on'
}

/** What the followers are called who take no branch of a fork. */
export function elseWords(fork: Fields, language: Language): string {
  const texts = EDITOR_TEXTS[language]
  return { on: texts.elseWait, when: texts.elseWhen, share: texts.elseShare }[forkKind(fork)]
}

/** A branch by its name; without one by its letter. */
export const branchWords = (branch: unknown, index: number): string =>
  (isRecord(branch) ? textOf(branch.name) : '') || String.fromCodePoint(97 + index)

/** What divides the followers at a fork. */
export function forkTitle(fork: Fields, language: Language): string {
  const { kinds } = EDITOR_TEXTS[language]
  return { on: kinds.ask, when: kinds.condition, share: kinds.split }[forkKind(fork)]
}

/** A fork by what divides the followers, and its branches. */
export const forkWords = (fork: Fields, language: Language): string =>
  withDetail(forkTitle(fork, language), listOf(fork.branches).map(branchWords).join(' / '), language)

/**
 * A step by the beginning of its message, or by what it does.
 * @param index of its messages: a step may send several
 */
export function stepWords(step: Fields, language: Language, index = 0, media = NO_MEDIA): string {
  const message = messagesIn(step)[index]
  return isRecord(message) ? messageWords(message, language, media) : actionWords(step, language)
}

function messageWords(message: Fields, language: Language, media: MediaNames): string {
  const kind = kindOfMessage(message)
  const said = excerptOf(message, media)
  const name = EDITOR_TEXTS[language].kinds[kind]
  if (kind === 'text') return beginningOf(withTokens(said, language)) || name
  const body = message[kind]
  // The id of a medium says nothing. A file may have a name.
  const isNamed =
    isRecord(body) && ('title' in body || 'head' in body || media[textOf(body.file)] !== undefined)
  return isNamed || /\.[a-z]\w{1,4}$/i.test(said)
    ? withDetail(name, withTokens(said, language), language)
    : name
}

/** The first thing that a step without a message does. */
function actionWords(step: Fields, language: Language): string {
  const { kinds, removeTags, message } = EDITOR_TEXTS[language]
  const actions = [
    [kinds.tag, step.tag],
    [removeTags, step.untag],
    [kinds.set, isRecord(step.set) ? Object.keys(step.set) : undefined],
    [kinds.webhook, step.webhook],
    [kinds.handover, step.handover],
    [kinds.go, step.go],
  ] as const
  const [name, value] = actions.find(([, given]) => given !== undefined) ?? [message(1), undefined]
  const detail = Array.isArray(value) ? value.map(textOf).join(' / ') : textOf(value)
  return withDetail(name, detail, language)
}

const withDetail = (name: string, detail: string, language: Language): string => {
  const shown = beginningOf(detail)
  return shown === '' ? name : `${name}${language === 'zh' ? '：' : ': '}${shown}`
}

const BEGINNING_CHARS = 24
const characters = new Intl.Segmenter('zh', { granularity: 'grapheme' })

/** The beginning of a text on one line. A variable is never cut in two. */
function beginningOf(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const end = endOfBeginning(line)
  if (end === null) return line
  const cut = line.slice(0, end)
  const open = cut.lastIndexOf('【')
  const kept = open > 0 && open > cut.lastIndexOf('】') ? cut.slice(0, open) : cut
  return `${kept.trimEnd()}…`
}

/** Where the beginning of a text ends; null: the text is no longer. The rest of a long text is not looked at. */
function endOfBeginning(line: string): number | null {
  if (line.length <= BEGINNING_CHARS) return null
  let count = 0
  for (const { index } of characters.segment(line)) if (count++ === BEGINNING_CHARS) return index
  return null
}

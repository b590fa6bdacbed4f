import { diffLines, diffWordsWithSpace } from 'diff'
import type { CampaignChange } from '../../campaign/diff.ts'
import { withTokens } from '../../campaign/editing/text-tokens.ts'
import { placeName } from '../../campaign/texts/field-names.ts'
import type { StepNames } from '../steps/step-names.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { VERSION_TEXTS } from '../texts/version-texts.ts'
import { useText, useView } from '../view.ts'
import { Data } from './basics.tsx'
import { type ChangeNames, changeField, changeValue } from './change-value.ts'
import { type Named, StepName, useMedia, useStepNames } from './step-name.tsx'

/** Longer texts are compared as a whole: the comparison of words takes the square of their lengths. */
const MAX_COMPARED_CHARS = 4_000
/** Equal lines around a change. */
const CONTEXT_LINES = 3
const words = new Intl.Segmenter('zh', { granularity: 'word' })

/** The differences between two versions, by step. @param between the newer version and the older one, for the names of steps */
export const ChangeList = (props: { changes: readonly CampaignChange[]; between: readonly Named[] }) => {
  const texts = useText(VERSION_TEXTS)
  const names = useStepNames(...props.between)
  const { changes } = props
  if (changes.length === 0) return <p>{texts.same}</p>
  return (
    <ul class="changes">
      {grouped(changes).map((group) => (
        <ChangeGroup changes={group} names={names} />
      ))}
    </ul>
  )
}

/** The changes of one step, fork, or of the campaign itself. */
const ChangeGroup = ({ changes, names }: { changes: readonly CampaignChange[]; names: StepNames }) => {
  const texts = useText(VERSION_TEXTS)
  const [first] = changes
  if (!first) return null
  const { id } = first
  const kind = changes.some((c) => c.kind !== 'changed') ? first.kind : 'changed'
  return (
    <li>
      <span class={`change-kind ${kind}`}>{texts.kinds[kind]}</span>
      <div>
        <b>{id === null ? texts.whole : <UnitName change={first} names={names} />}</b>
        {changes.map((change) => (
          <OneChange change={change} names={names} />
        ))}
      </div>
    </li>
  )
}

/** A step or a fork. The end of a branch has no id of its own. */
const UnitName = ({ change: { id }, names }: { change: CampaignChange; names: StepNames }) => {
  const { kinds } = useText(EDITOR_TEXTS)
  return id?.startsWith('end of ') ? kinds.end : <StepName id={id ?? ''} names={names} numbered withId />
}

/** The words of a step or a fork by its id; null: there is none. */
const wordsIn = (names: StepNames) => (id: string) => names.of(id)?.words ?? null

/** What the ids in the values of a change mean. For components only. */
const useChangeNames = (names: StepNames, { id }: CampaignChange): ChangeNames => ({
  stepOf: wordsIn(names),
  branchOf: (name) => names.branch(id ?? '', name),
  media: useMedia(),
})

/** Where a step or fork stands, in words. For components only. */
function usePlace(names: StepNames): (place: unknown) => string {
  const texts = useText(VERSION_TEXTS)
  const { kinds, meanwhile } = useText(EDITOR_TEXTS)
  return (place) => {
    const { list, after } = place as { list: string; after: string | null }
    const [fork = '', ...branch] = list.split(' / ')
    const name = branch.join(' / ')
    const inside =
      list === 'steps'
        ? null
        : {
            fork: names.of(fork)?.what ?? fork,
            branch: name === 'meanwhile' ? meanwhile : names.branch(fork, name),
          }
    return texts.place(
      after === null ? null : after === `${list} end` ? kinds.end : (wordsIn(names)(after) ?? after),
      inside,
    )
  }
}

const OneChange = ({ change, names }: { change: CampaignChange; names: StepNames }) => {
  const texts = useText(VERSION_TEXTS)
  const { language } = useView()
  const placeOf = usePlace(names)
  const meanings = useChangeNames(names, change)
  const { kind, id, field, from, to } = change
  if (kind === 'added') return <Unit change={change} value={to} tag="ins" names={names} />
  if (kind === 'removed') return <Unit change={change} value={from} tag="del" names={names} />
  if (kind === 'moved')
    return (
      <p>
        <Data>{placeOf(to)}</Data>{' '}
        <span class="quiet">
          {texts.was} <Data>{placeOf(from)}</Data>
        </span>
      </p>
    )
  const name = changeField(field ?? '', language, names.branches(id ?? ''))
  if (
    typeof from === 'string' &&
    typeof to === 'string' &&
    from.length + to.length <= MAX_COMPARED_CHARS &&
    !isUpload(from) &&
    !isUpload(to)
  )
    return (
      <p>
        {name} <InlineDiff from={withTokens(from, language)} to={withTokens(to, language)} />
      </p>
    )
  return (
    <p>
      {name}{' '}
      {from === undefined ? null : (
        <del translate="no">{changeValue(field ?? '', from, language, meanings)}</del>
      )}{' '}
      {to === undefined ? (
        <span class="quiet">{texts.none}</span>
      ) : (
        <ins translate="no">{changeValue(field ?? '', to, language, meanings)}</ins>
      )}
    </p>
  )
}

/** A step that is new or gone: where it stands, and its fields. */
const Unit = (props: { change: CampaignChange; value: unknown; tag: 'ins' | 'del'; names: StepNames }) => {
  const { change, value, tag, names } = props
  const { language } = useView()
  const placeOf = usePlace(names)
  const meanings = useChangeNames(names, change)
  const { fields } = value as { fields?: Record<string, unknown> }
  const shown = Object.entries(fields ?? {}).filter(([, v]) => v !== undefined)
  return (
    <>
      <p class="quiet">
        <Data>{placeOf(value)}</Data>
      </p>
      {shown.map(([name, v]) => (
        <p>
          {placeName(name, language)}{' '}
          {tag === 'ins' ? (
            <ins translate="no">{changeValue(name, v, language, meanings)}</ins>
          ) : (
            <del translate="no">{changeValue(name, v, language, meanings)}</del>
          )}
        </p>
      ))}
    </>
  )
}

/** The id of a file has no words to compare. */
const isUpload = (text: string) => /^sha256-[0-9a-f]{64}$/.test(text)

/** What was taken out of a text and what came in, word by word. */
const InlineDiff = ({ from, to }: { from: string; to: string }) => (
  <span class="inline-diff" translate="no">
    {diffWordsWithSpace(from, to, { intlSegmenter: words }).map(({ value, added, removed }) =>
      added ? <ins>{value}</ins> : removed ? <del>{value}</del> : value,
    )}
  </span>
)

/** Two files line by line. Of equal lines, only those near a change are shown. */
export const FileDiff = ({ from, to }: { from: string; to: string }) => {
  const texts = useText(VERSION_TEXTS)
  const parts = diffLines(from, to)
  if (parts.every(({ added, removed }) => !added && !removed)) return <p>{texts.sameText}</p>
  return (
    <pre class="file-diff" translate="no" tabindex={0}>
      {parts.map(({ value, added, removed }, i) => {
        if (added) return <ins>{marked(value, '+')}</ins>
        if (removed) return <del>{marked(value, '-')}</del>
        return marked(nearChange(value, i === 0, i === parts.length - 1), ' ')
      })}
    </pre>
  )
}

const linesOf = (text: string) => text.replace(/\n$/, '').split('\n')
const marked = (text: string, mark: string) =>
  linesOf(text)
    .map((line) => (line === OMITTED ? `${OMITTED}\n` : `${mark} ${line}\n`))
    .join('')

const OMITTED = '⋯'
function nearChange(text: string, isFirst: boolean, isLast: boolean): string {
  const lines = linesOf(text)
  const head = isFirst ? [] : lines.slice(0, CONTEXT_LINES)
  const tail = isLast ? [] : lines.slice(-CONTEXT_LINES)
  if (lines.length <= head.length + tail.length) return text
  return [...head, OMITTED, ...tail].join('\n')
}

/** Changes of one step stand together already. */
function grouped(changes: readonly CampaignChange[]): CampaignChange[][] {
  const groups: CampaignChange[][] = []
  for (const change of changes) {
    const last = groups.at(-1)
    if (last?.[0]?.of === change.of && last[0].id === change.id) last.push(change)
    else groups.push([change])
  }
  return groups
}

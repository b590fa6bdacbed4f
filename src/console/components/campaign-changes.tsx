import { diffLines, diffWordsWithSpace } from 'diff'
import { placeText } from '../../campaign/describe-change.ts'
import type { CampaignChange } from '../../campaign/diff.ts'
import { placeName } from '../../campaign/texts/field-names.ts'
import { VERSION_TEXTS } from '../texts/version-texts.ts'
import { useText, useView } from '../view.ts'
import { changeValue } from './change-value.ts'

/** Longer texts are compared as a whole: the comparison of words takes the square of their lengths. */
const MAX_COMPARED_CHARS = 4_000
/** Equal lines around a change. */
const CONTEXT_LINES = 3
const words = new Intl.Segmenter('zh', { granularity: 'word' })

/** The differences between two versions, by step. */
export const ChangeList = ({ changes }: { changes: readonly CampaignChange[] }) => {
  const texts = useText(VERSION_TEXTS)
  if (changes.length === 0) return <p>{texts.same}</p>
  return (
    <ul class="changes">
      {grouped(changes).map((group) => (
        <ChangeGroup changes={group} />
      ))}
    </ul>
  )
}

/** The changes of one step, fork, or of the campaign itself. */
const ChangeGroup = ({ changes }: { changes: readonly CampaignChange[] }) => {
  const texts = useText(VERSION_TEXTS)
  const [first] = changes
  if (!first) return null
  const { of, id } = first
  const kind = changes.some((c) => c.kind !== 'changed') ? first.kind : 'changed'
  return (
    <li>
      <span class={`change-kind ${kind}`}>{texts.kinds[kind]}</span>
      <div>
        <b>{id === null ? texts.whole : of === 'fork' ? texts.fork(id) : texts.step(id)}</b>
        {changes.map((change) => (
          <OneChange change={change} />
        ))}
      </div>
    </li>
  )
}

const OneChange = ({ change }: { change: CampaignChange }) => {
  const texts = useText(VERSION_TEXTS)
  const { language } = useView()
  const { kind, field, from, to } = change
  if (kind === 'added') return <Unit value={to} tag="ins" />
  if (kind === 'removed') return <Unit value={from} tag="del" />
  if (kind === 'moved')
    return (
      <p>
        {placeText(to)[language]} <span class="quiet">{`${texts.was} ${placeText(from)[language]}`}</span>
      </p>
    )
  const name = placeName(field ?? '', language)
  if (typeof from === 'string' && typeof to === 'string' && from.length + to.length <= MAX_COMPARED_CHARS)
    return (
      <p>
        {name} <InlineDiff from={from} to={to} />
      </p>
    )
  return (
    <p>
      {name}{' '}
      {from === undefined ? null : <del translate="no">{changeValue(field ?? '', from, language)}</del>}{' '}
      {to === undefined ? (
        <span class="quiet">{texts.none}</span>
      ) : (
        <ins translate="no">{changeValue(field ?? '', to, language)}</ins>
      )}
    </p>
  )
}

/** A step that is new or gone: where it stands, and its fields. */
const Unit = ({ value, tag }: { value: unknown; tag: 'ins' | 'del' }) => {
  const { language } = useView()
  const { fields } = value as { fields?: Record<string, unknown> }
  const shown = Object.entries(fields ?? {}).filter(([, v]) => v !== undefined)
  return (
    <>
      <p class="quiet">{placeText(value)[language]}</p>
      {shown.map(([name, v]) => (
        <p>
          {placeName(name, language)}{' '}
          {tag === 'ins' ? (
            <ins translate="no">{changeValue(name, v, language)}</ins>
          ) : (
            <del translate="no">{changeValue(name, v, language)}</del>
          )}
        </p>
      ))}
    </>
  )
}

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

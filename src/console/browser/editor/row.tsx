import type { ComponentChildren } from 'preact'
import { lanesAt, type PlayedMark } from '../../../campaign/played-marks.ts'
import { cardTimes, END } from './card-times.ts'
import { useStore } from './context.ts'
import { Icon } from './icon.tsx'
import type { EditorStore } from './store.ts'
import { momentText, sinceEntry } from './wording.ts'

/** A time, the lanes of the grants, and what happens then. */
export const Row = (props: {
  /** The card whose time it is; absent: the row has no time. */
  of?: string
  at?: ComponentChildren
  /** A row without a time has the grants before this card. */
  reached?: string
  /** A fork has the lanes of its branches inside. */
  lanes?: 'none'
  /** Where a card may be dropped: the list and the index. */
  place?: string
  /** The lane of the grant that pays, or `none` where none does. */
  dot?: 'short' | 'message' | 'none'
  dim?: boolean
  children?: ComponentChildren
}) => {
  const store = useStore()
  const time = props.of === undefined ? undefined : cardTimes(store).get(props.of)
  const reached = props.reached === undefined ? undefined : cardTimes(store).get(props.reached)
  const laneMs = time
    ? (time.atMs ?? time.reachedMs)
    : ((props.reached === END ? reached?.beforeMs : reached?.reachedMs) ?? null)
  return (
    <>
      {time?.marks.map((mark) => (
        <MarkRow key={`${mark.mark} ${mark.atMs}`} mark={mark} />
      ))}
      <li class={props.dim ? 'row-of-line off-way' : 'row-of-line'} data-place={props.place}>
        <span class="when">{props.at}</span>
        {props.lanes === 'none' ? (
          <span class="lanes" aria-hidden="true" />
        ) : (
          <Lanes atMs={props.dim ? null : laneMs} {...(props.dot ? { dot: props.dot } : {})} />
        )}
        <div class="body">{props.children}</div>
      </li>
    </>
  )
}

/** The grants of a moment: a lane for those of a minute, and one for the 48 hours of a message. */
const Lanes = ({ atMs, dot }: { atMs: number | null; dot?: 'short' | 'message' | 'none' }) => {
  const { played } = useStore()
  const lanes = played && atMs !== null ? lanesAt(played, atMs) : { short: null, message: null }
  const { short, message } = lanes
  return (
    <span class="lanes" aria-hidden="true">
      <span class={`lane ${short ? `of-${short.scene}` : ''} ${short?.isSpent ? 'spent' : ''}`}>
        {dot === 'short' ? <i class="dot" /> : null}
      </span>
      <span class={`lane ${message ? 'of-message' : ''} ${message?.isSpent ? 'spent' : ''}`}>
        {dot === 'message' ? <i class="dot" /> : dot === 'none' ? <i class="dot hollow" /> : null}
      </span>
    </span>
  )
}

/** The end of a grant, or quiet hours. */
const MarkRow = ({ mark }: { mark: PlayedMark }) => {
  const store = useStore()
  const isQuiet = mark.mark === 'quiet'
  return (
    <li class="row-of-line mark-row">
      <span class="when">{isQuiet ? <Icon name="moon" /> : timeOfMark(store, mark.atMs)}</span>
      <Lanes atMs={mark.atMs} />
      <p class={isQuiet ? 'between quiet-hours' : 'between'}>{markText(store, mark)}</p>
    </li>
  )
}

function timeOfMark({ texts, played }: EditorStore, atMs: number) {
  return played ? momentText(texts, played, atMs) : sinceEntry(texts, atMs)
}

function markText({ texts, played }: EditorStore, mark: PlayedMark): string {
  if (mark.mark === 'grant-end') return texts.grantOver(texts.grantNames[mark.scene])
  const { from = '', to = '' } = played?.quiet ?? {}
  return texts.quietRow(from, to)
}

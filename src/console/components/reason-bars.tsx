import type { Skips } from '../overview/today.ts'
import { reasonWords } from '../texts/reason-labels.ts'
import { REASON_TEXTS } from '../texts/reason-texts.ts'
import { useText, useView } from '../view.ts'
import { Share, type Tone } from './charts.tsx'
import { useNumber } from './numbers.tsx'

/** The words for a reason of a skipped step, in the reader's language. For components only. */
export function useReason(): (reason: string) => string {
  const { language } = useView()
  return (reason) => reasonWords(reason, language)
}

/** Messages that were not sent, by reason, with those that nobody must look at apart. Each leads to its followers. */
export const ReasonBars = (props: {
  skips: Skips
  /** Of which runs: the same names count others on another page. */
  scope: string
  /** The query of the list of followers, without the reason. */
  query?: Readonly<Record<string, string>>
}) => {
  const texts = useText(REASON_TEXTS)
  const { couldNot, byDesign, left } = props.skips
  const most = Math.max(1, ...couldNot.map(([, n]) => n), ...[...byDesign, ...left].map(([, n]) => n))
  const group = { most, scope: props.scope, query: props.query ?? {} }
  return (
    <>
      <ReasonGroup {...group} title={texts.couldNot} reasons={couldNot} tone="amber" />
      <ReasonGroup {...group} title={texts.byDesign} reasons={byDesign} tone="grey" />
      {left.length === 0 ? null : <ReasonGroup {...group} title={texts.left} reasons={left} tone="grey" />}
    </>
  )
}

const ReasonGroup = (props: {
  title: string
  scope: string
  reasons: Skips['couldNot']
  tone: Tone
  most: number
  query: Readonly<Record<string, string>>
}) => {
  const number = useNumber()
  const reasonText = useReason()
  return (
    <>
      <h3 class="hbar-group">
        <span>
          {props.title} <small class="quiet">{props.scope}</small>
        </span>
        <span>{number(props.reasons.reduce((sum, [, n]) => sum + n, 0))}</span>
      </h3>
      {props.reasons.map(([reason, n]) => (
        <a class="hbar" href={`/followers?${new URLSearchParams({ ...props.query, reason })}`}>
          <span title={reason}>{reasonText(reason)}</span>
          <Share value={n} of={props.most} tone={props.tone} />
          <b>{number(n)}</b>
        </a>
      ))}
    </>
  )
}

import { type Fields, listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { durationParts } from '../../../campaign/editing/duration-parts.ts'
import { daysBetweenInBeijing } from '../../../shared/beijing-time.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { clockText } from '../../../ui/near-time.ts'
import type { EditorAnalysis } from '../../editor-data.ts'
import { durationIn } from '../../texts/duration-words.ts'
import type { EditorStore } from './store.ts'

type Texts = EditorStore['texts']

/** The time of day of a moment, in China: 14:31. */
export const clockTime = (at: number | string): string => clockText(new Date(at).getTime())

/** `22h` as 22 小时. */
export function durationText(texts: Texts, value: unknown): string {
  const { count, unit } = durationParts(value)
  return count === '' ? '' : `${count} ${texts.units[unit]}`
}

/** How long something lasts: the two largest units. */
export const spanText = (texts: Texts, ms: number): string => durationIn(texts.units, ms, 2)

/** A time after the entry: +20 秒, +22 小时 5 分钟. */
export const sinceEntry = (texts: Texts, ms: number): string =>
  Math.round(ms / 1000) === 0 ? texts.at.entry : `+${spanText(texts, ms)}`

/** The day and the local time of a moment, in China: 第 2 天 09:00. */
export function dayAndTime(
  texts: Texts,
  { entryAt }: NonNullable<EditorAnalysis['played']>,
  ms: number,
): string {
  const at = entryAt + ms
  return texts.at.day(daysBetweenInBeijing(entryAt, at) + 1, clockText(at))
}

/** A moment of the run: within half a day as a time after the entry, later as a day and its time. */
export function momentText(texts: Texts, played: NonNullable<EditorAnalysis['played']>, ms: number): string {
  return ms < HALF_DAY_MS ? sinceEntry(texts, ms) : dayAndTime(texts, played, ms)
}
const HALF_DAY_MS = 12 * 3_600_000

/** When a step goes, as its fields say. */
export function timingText(store: EditorStore, fields: Fields): string {
  const { texts } = store
  const since = isRecord(fields.since)
    ? texts.sinceNames.fact
    : fields.since === 'entry' || fields.since === 'reply'
      ? texts.sinceNames[fields.since]
      : textOf(fields.since) && fields.since !== 'previous'
        ? texts.sinceNames.step(store.nameOf(textOf(fields.since)))
        : ''
  const after = durationText(texts, fields.after)
  const before = fields.before === undefined ? '' : `${texts.before} ${durationText(texts, fields.before)}`
  const day = fields.day === undefined ? '' : texts.at.day(Number(fields.day) + 1, '')
  return [
    since,
    day,
    daysText(texts, fields.days),
    textOf(fields.at),
    after === '' || /^0 /.test(after) ? '' : `+${after}`,
    before,
  ]
    .filter(Boolean)
    .join(' ')
    .trim()
}

function daysText(texts: Texts, days: unknown): string {
  if (days === 'workdays' || days === 'weekend') return texts.daysNames[days]
  return listOf(days)
    .map((day) => texts.weekdays[String(day) as keyof Texts['weekdays']] ?? String(day))
    .join(' ')
}

import { timePart } from '../../ui/near-time.ts'
import type { Language } from '../texts/bilingual.ts'
import { useView } from '../view.ts'

type Style = 'clock' | 'seconds' | 'day' | 'weekday-hour'

/** A time in Beijing in words of the language. */
export function timeText(at: number, style: Style, language: Language): string {
  if (style === 'clock' || style === 'seconds') return timePart(at, style, language)
  const rest = timePart(at, style === 'day' ? 'date' : 'clock', language)
  return `${timePart(at, 'weekday', language)} ${rest}`
}

/** For components only. */
export function useTimeText(): (at: number, style: Style) => string {
  const { language } = useView()
  return (at, style) => timeText(at, style, language)
}

/** The time of day in Beijing. The whole time is in the attribute. */
export const ClockTime = ({ at }: { at: number }) => (
  <time datetime={new Date(at).toISOString()}>{useTimeText()(at, 'seconds')}</time>
)

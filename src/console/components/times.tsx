import { CHINA_TIMEZONE } from '../../shared/beijing-time.ts'
import { spacedDay } from '../../ui/near-time.ts'
import type { Language } from '../texts/bilingual.ts'
import { useView } from '../view.ts'

type Style = 'clock' | 'seconds' | 'day' | 'weekday-hour'
type Field = 'clock' | 'seconds' | 'weekday' | 'date'

const OPTIONS: Record<Field, Intl.DateTimeFormatOptions> = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  weekday: { weekday: 'short' },
  date: { month: 'short', day: 'numeric' },
}
const formats = new Map<string, Intl.DateTimeFormat>()

function fieldText(at: number, field: Field, language: Language): string {
  const key = `${language} ${field}`
  const known = formats.get(key)
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  const format = known ?? new Intl.DateTimeFormat(locale, { ...OPTIONS[field], timeZone: CHINA_TIMEZONE })
  formats.set(key, format)
  const text = format.format(at)
  return language === 'zh' ? spacedDay(text) : text
}

/** A time in Beijing in words of the language. */
export function timeText(at: number, style: Style, language: Language): string {
  if (style === 'clock' || style === 'seconds') return fieldText(at, style, language)
  const rest = fieldText(at, style === 'day' ? 'date' : 'clock', language)
  return `${fieldText(at, 'weekday', language)} ${rest}`
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

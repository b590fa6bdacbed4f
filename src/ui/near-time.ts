import { CHINA_TIMEZONE, dayInBeijing, timeInBeijing } from '../shared/beijing-time.ts'
import { DAY_MS } from '../shared/time-units.ts'
import { bilingual, type Language } from './bilingual.ts'

const DAYS = bilingual(
  {
    yesterday: (time: string) => `昨天 ${time}`,
    tomorrow: (time: string) => `明天 ${time}`,
    other: (day: string, time: string) => `${day} ${time}`,
  },
  {
    yesterday: (time: string) => `yesterday ${time}`,
    tomorrow: (time: string) => `tomorrow ${time}`,
    other: (day: string, time: string) => `${day} ${time}`,
  },
)

const PARTS = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  weekday: { weekday: 'short' },
  date: { month: 'short', day: 'numeric' },
  dateWithYear: { year: 'numeric', month: 'short', day: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>
type TimePart = keyof typeof PARTS

/** By language and part. A format takes longer to make than a hundred times to write. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** The time of day in Beijing: `hh:mm`, or with seconds. */
export const clockText = (at: number, seconds = false): string =>
  timeInBeijing(at).slice(11, seconds ? 19 : 16)

/** A time as people say it: of today without the day, and of another year with the year. `now`: epoch ms. */
export function nearTime(at: number, now: number, language: Language, seconds = false): string {
  const time = clockText(at, seconds)
  const day = dayInBeijing(at)
  if (day === dayInBeijing(now)) return time
  if (day === dayInBeijing(now - DAY_MS)) return DAYS[language].yesterday(time)
  if (day === dayInBeijing(now + DAY_MS)) return DAYS[language].tomorrow(time)
  return DAYS[language].other(dayName(at, language, dayInBeijing(now).slice(0, 4)), time)
}

/** The day of a time in Beijing, with its year if it is another one. */
export function dayName(at: number, language: Language, year?: string): string {
  const isOther = year !== undefined && dayInBeijing(at).slice(0, 4) !== year
  return timePart(at, isOther ? 'dateWithYear' : 'date', language)
}

/** A part of a time in Beijing in the words of a language. */
export function timePart(at: number, part: TimePart, language: Language): string {
  const key = `${language} ${part}`
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  const format =
    formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...PARTS[part], timeZone: CHINA_TIMEZONE })
  formats.set(key, format)
  const text = format.format(at)
  return language === 'zh' ? spacedDay(text) : text
}

/** A Chinese day with a space between digits and Chinese, as everywhere on the pages. */
function spacedDay(text: string): string {
  return text.replace(/\d(?=[年月日])|[年月](?=\d)/g, '$& ')
}

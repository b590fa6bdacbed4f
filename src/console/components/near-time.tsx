import { CHINA_TIMEZONE, dayInBeijing, timeInBeijing } from '../../shared/beijing-time.ts'
import { timeLeft } from '../../shared/time-left.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { bilingual, type Language } from '../texts/bilingual.ts'
import { useView } from '../view.ts'
import { spacedDay } from './times.tsx'

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

/** A time as people say it: of today without the day. */
function nearTime(at: number, now: number, language: Language, seconds = false): string {
  const time = timeInBeijing(at).slice(11, seconds ? 19 : 16)
  const day = dayInBeijing(at)
  if (day === dayInBeijing(now)) return time
  if (day === dayInBeijing(now - DAY_MS)) return DAYS[language].yesterday(time)
  if (day === dayInBeijing(now + DAY_MS)) return DAYS[language].tomorrow(time)
  return DAYS[language].other(dayName(at, language, dayInBeijing(now).slice(0, 4)), time)
}

/** The day of a time in Beijing, with its year if it is another one. */
export function dayName(at: number, language: Language, year?: string): string {
  const isOther = year !== undefined && dayInBeijing(at).slice(0, 4) !== year
  const text = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    month: language === 'zh' ? 'long' : 'short',
    day: 'numeric',
    ...(isOther ? { year: 'numeric' } : {}),
    timeZone: CHINA_TIMEZONE,
  }).format(at)
  return language === 'zh' ? spacedDay(text) : text
}

/** {@link nearTime}, with the whole time as a title. */
export const NearTime = ({ at, now, seconds }: { at: string; now: number; seconds?: boolean }) => {
  const { language } = useView()
  const time = Date.parse(at)
  return (
    <time datetime={at} title={timeInBeijing(time)}>
      {nearTime(time, now, language, seconds)}
    </time>
  )
}

/** The time until `until`, epoch ms, as `h:mm:ss` or `m:ss`. The page's script counts it down. */
export const TimeLeft = ({ until, now, large }: { until: number; now: number; large?: boolean }) => (
  <time class={large ? 'big' : undefined} datetime={new Date(until).toISOString()} data-until>
    {timeLeft(until - now)}
  </time>
)

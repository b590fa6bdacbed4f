export type Language = 'zh' | 'en'

const DAY_MS = 86_400_000
const BEIJING_MS = 28_800_000

const dayOf = (at: number) => Math.floor((at + BEIJING_MS) / DAY_MS)
const two = (n: number) => String(n).padStart(2, '0')

/** The time of day in Beijing: `hh:mm`, or with seconds. */
export function clockText(at: number, seconds = false): string {
  return new Date(at + BEIJING_MS).toISOString().slice(11, seconds ? 19 : 16)
}

/** A time as a chat shows it: the day too, when it is another one than today's. `now`: real time, epoch ms. */
export function chatTime(at: number, now: number, language: Language, seconds = false): string {
  const time = clockText(at, seconds)
  const days = dayOf(at) - dayOf(now)
  if (days === 0) return time
  const names: Record<string, [string, string]> = { '-1': ['昨天', 'Yesterday'], '1': ['明天', 'Tomorrow'] }
  const name = names[String(days)]?.[language === 'zh' ? 0 : 1]
  if (name) return `${name} ${time}`
  const day = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    month: language === 'zh' ? 'long' : 'short',
    day: 'numeric',
    timeZone: 'Asia/Shanghai',
  }).format(at)
  return `${language === 'zh' ? day.replace(/(?<=\d)(?=[月日])|(?<=月)(?=\d)/g, ' ') : day} ${time}`
}

/** A time that is left, as `h:mm:ss` or `m:ss`. @param ms milliseconds */
export function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** How long something takes, in words, with at most two units. @param ms milliseconds */
export function spanText(ms: number, language: Language): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  const units: [number, string, string][] = [
    [86_400, '天', 'd'],
    [3600, '小时', 'h'],
    [60, '分', 'min'],
    [1, '秒', 's'],
  ]
  const first = units.findIndex(([size]) => seconds >= size)
  const parts: string[] = []
  let rest = seconds
  for (const [size, zh, en] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${language === 'zh' ? zh : en}`)
  }
  return parts.join(' ')
}

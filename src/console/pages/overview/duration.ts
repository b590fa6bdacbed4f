import { OVERVIEW_TEXTS } from '../../texts/overview-texts.ts'
import { useText } from '../../view.ts'

/** A duration in the largest unit that fits. For components only. */
export function useDuration(): (seconds: number) => string {
  const texts = useText(OVERVIEW_TEXTS)
  const short = (n: number) => String(Math.round(n * 10) / 10)
  return (seconds) => {
    if (seconds < 60) return texts.seconds(short(seconds))
    if (seconds < 3_600) return texts.minutes(short(seconds / 60))
    if (seconds < 86_400) return texts.hours(short(seconds / 3_600))
    return texts.days(short(seconds / 86_400))
  }
}

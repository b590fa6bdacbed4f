import { timeInBeijing } from '../../shared/beijing-time.ts'
import { nearTime } from '../../ui/near-time.ts'
import { timeLeft } from '../../ui/time-left.ts'
import { useView } from '../view.ts'

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

/**
 * The time until `until`, epoch ms, as `h:mm:ss` or `m:ss`. The page's script counts it down from `now`, which is not the
 * browser's time when the follower's clock was fast-forwarded.
 */
export const TimeLeft = ({ until, now, large }: { until: number; now: number; large?: boolean }) => (
  <time class={large ? 'big' : undefined} datetime={new Date(until).toISOString()} data-until={now}>
    {timeLeft(until - now)}
  </time>
)

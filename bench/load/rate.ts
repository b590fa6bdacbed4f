import { percentile } from '../stats.ts'
import { CAMPAIGN } from './burst.ts'
import type { Row } from './rows.ts'
import type { Target } from './target.ts'
import { flood, startWechat } from './wechat.ts'

const APP = 'wxload00000000002'
const P99_MAX_MS = 1_000
const TRIAL_S = 8
const FIRST_RATE = 100
const BISECTIONS = 3

interface Trial {
  asked: number
  /** What really went out, a second. */
  rate: number
  p50: number
  p99: number
  failed: number
  lost: number
  silences: number
}

/**
 * The highest rate of follows whose 99th percentile is answered within a second with no failed delivery, and what
 * happens at twice that rate. The inbox is not emptied between the trials: that is how a burst finds it. Stops the target.
 */
export async function measureRate(
  target: Target,
  say: (line: string) => void,
): Promise<{ best: Trial | null; twice: Trial | null }> {
  const wechat = await startWechat(target)
  let trials = 0
  const trial = async (asked: number): Promise<Trial> => {
    // An account of its own: MarkFail of one trial must not silence the next.
    const appId = APP.slice(0, -2) + String(10 + trials)
    const account = await wechat.addAccount(appId, 'wechat-2023')
    const { answered, undelivered, rate, deafMs } = await flood(account, `Rate${trials}x`, {
      count: asked * TRIAL_S,
      seconds: TRIAL_S,
    })
    trials += 1
    const { failed, pauses: silences } = wechat.simulator.wechat.pushCounts(appId)
    const [p50, p99] = [percentile(answered, 0.5), percentile(answered, 0.99)]
    const done = { asked, rate, p50, p99, failed, lost: undelivered.length, silences }
    say(
      `  ${asked}/s asked, ${Math.round(rate)}/s out: p99 ${Math.round(p99)} ms, ${failed} failed deliveries, generator deaf for ${Math.round(deafMs)} ms`,
    )
    return done
  }
  const isGood = (t: Trial) => t.p99 <= P99_MAX_MS && t.failed === 0 && t.rate > 0.9 * t.asked
  /** Once more where it went badly: other work on the machine must not end the search. */
  const fairTrial = async (rate: number): Promise<Trial> => {
    const t = await trial(rate)
    return isGood(t) ? t : trial(rate)
  }
  await wechat.publish(CAMPAIGN)
  for (let n = 0; n < 2; n++) await trial(FIRST_RATE / 2)
  let best: Trial | null = null
  let asked = FIRST_RATE
  for (;;) {
    const t = await fairTrial(asked)
    if (!isGood(t)) break
    best = t
    asked *= 2
  }
  let [low, high] = [best?.asked ?? 0, asked]
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = Math.round((low + high) / 2)
    const t = await fairTrial(middle)
    if (isGood(t)) [best, low] = [t, middle]
    else high = middle
  }
  const twice = best && (await trial(best.asked * 2))
  await target.stopAndRead(async () => null)
  await wechat.close()
  return { best, twice }
}

export function rowsOfRate(target: string, { best, twice }: Awaited<ReturnType<typeof measureRate>>): Row[] {
  const command = 'npm run load -- rate'
  const told = (t: Trial | null) =>
    t
      ? `${Math.round(t.rate)}/s for ${TRIAL_S} s: p50 ${Math.round(t.p50)} ms, p99 ${Math.round(t.p99)} ms, ${t.failed} failed deliveries, ${t.silences} MarkFail, ${t.lost} lost`
      : 'none'
  return [
    { what: `highest rate with p99 ≤ 1 s and none failed, ${target}`, value: told(best), command },
    { what: `twice that rate, ${target}`, value: told(twice), command },
  ]
}

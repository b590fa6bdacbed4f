import { percentile } from '../stats.ts'
import { CAMPAIGN } from './burst.ts'
import type { Row } from './rows.ts'
import type { Target } from './target.ts'
import { sendFollows, startWechat } from './wechat.ts'

const APP = 'wxload00000000002'
const P99_MAX_MS = 1_000
const TRIAL_S = 8
const FIRST_RATE = 100
const BISECTIONS = 3

interface Trial {
  /** Requested follows a second. */
  requested: number
  /** Follows that were really sent, a second. */
  rate: number
  p50: number
  p99: number
  failed: number
  lost: number
  pauses: number
}

/**
 * The highest rate of follows at which the 99th percentile is answered within a second and no delivery fails, and a trial at
 * twice that rate. The inbox is not emptied between trials, as it is not before a real burst. Stops the target.
 */
export async function measureRate(
  target: Target,
  print: (line: string) => void,
): Promise<{ best: Trial | null; twice: Trial | null }> {
  const wechat = await startWechat(target)
  let trials = 0
  const trial = async (requested: number): Promise<Trial> => {
    // A new account for each trial: the MarkFail pause of one trial must not affect the next.
    const appId = APP.slice(0, -2) + String(10 + trials)
    const account = await wechat.addAccount(appId, 'wechat-2023')
    const { answered, undelivered, rate, maxEventLoopDelayMs } = await sendFollows(
      account,
      `Rate${trials}x`,
      {
        count: requested * TRIAL_S,
        seconds: TRIAL_S,
      },
    )
    trials += 1
    const { failed, pauses } = wechat.simulator.wechat.pushCounts(appId)
    const [p50, p99] = [percentile(answered, 0.5), percentile(answered, 0.99)]
    const done = { requested, rate, p50, p99, failed, lost: undelivered.length, pauses }
    print(
      `  ${requested}/s requested, ${Math.round(rate)}/s sent: p99 ${Math.round(p99)} ms, ${failed} failed deliveries, generator event loop delay ${Math.round(maxEventLoopDelayMs)} ms`,
    )
    return done
  }
  const isGood = (t: Trial) => t.p99 <= P99_MAX_MS && t.failed === 0 && t.rate > 0.9 * t.requested
  /** Tries twice, because other work on the machine must not end the search. */
  const trialWithRetry = async (rate: number): Promise<Trial> => {
    const t = await trial(rate)
    return isGood(t) ? t : trial(rate)
  }
  await wechat.publish(CAMPAIGN)
  for (let n = 0; n < 2; n++) await trial(FIRST_RATE / 2)
  let best: Trial | null = null
  let requested = FIRST_RATE
  for (;;) {
    const t = await trialWithRetry(requested)
    if (!isGood(t)) break
    best = t
    requested *= 2
  }
  let [low, high] = [best?.requested ?? 0, requested]
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = Math.round((low + high) / 2)
    const t = await trialWithRetry(middle)
    if (isGood(t)) [best, low] = [t, middle]
    else high = middle
  }
  const twice = best && (await trial(best.requested * 2))
  await target.stopAndRead(async () => null)
  await wechat.close()
  return { best, twice }
}

export function rowsOfRate(target: string, { best, twice }: Awaited<ReturnType<typeof measureRate>>): Row[] {
  const command = 'npm run load -- rate'
  const describe = (t: Trial | null) =>
    t
      ? `${Math.round(t.rate)}/s for ${TRIAL_S} s: p50 ${Math.round(t.p50)} ms, p99 ${Math.round(t.p99)} ms, ${t.failed} failed deliveries, ${t.pauses} MarkFail, ${t.lost} lost`
      : 'none'
  return [
    { what: `highest rate with p99 ≤ 1 s and no failure, ${target}`, value: describe(best), command },
    { what: `twice that rate, ${target}`, value: describe(twice), command },
  ]
}

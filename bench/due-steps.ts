import { setTimeout as sleep } from 'node:timers/promises'
import type { PresentedRun } from '../src/run/present.ts'
import { callApi } from '../test/harness/process/program.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import { startWechat } from './load/wechat.ts'
import { type Figure, percentile } from './stats.ts'

const APP = 'wxbenchdue0000001'
const FOLLOWERS = 20
const STEPS = 4
const STEP_S = 5
/** Not a divisor of `STEP_S`: the steps of several followers come due at different moments. */
const FOLLOW_EVERY_MS = 1_370
const TIMEOUT_MS = 120_000

const CAMPAIGN = `id: due\nname: due\nentry: {event: subscribe}\nsteps:\n${Array.from(
  { length: STEPS },
  (_, i) => `  - {id: s${i}, after: ${(i + 1) * STEP_S}s, since: entry, send: {text: s${i}}}\n`,
).join('')}`

/**
 * How late steps are on a quiet machine: from the time at which a step is due to its request at WeChat. Few followers, so that
 * nothing queues.
 * @param base of an `npm start` without simulator
 */
export async function measureDueSteps(base: string): Promise<Figure[]> {
  const wechat = await startWechat({ base })
  const account = await wechat.addAccount(APP, 'classic-48h')
  await wechat.publish(CAMPAIGN)
  for (let i = 0; i < FOLLOWERS; i++) {
    await account.follow(`oDue${i}`)
    await sleep(FOLLOW_EVERY_MS)
  }
  const late: number[] = []
  for (let i = 0; i < FOLLOWERS; i++) {
    const openId = `oDue${i}`
    const run = () => callApi<PresentedRun>(base, `/api/followers/${APP}/${openId}`)
    await waitFor(async () => (await run()).status === 'ended', {
      message: () => `a run did not end within ${TIMEOUT_MS / 1_000} s`,
      timeoutMs: TIMEOUT_MS,
    })
    // In order: each step is sent before the next one is due.
    const sends = account.sends.filter((send) => send.openId === openId)
    for (const [n, step] of (await run()).steps.entries())
      late.push((sends[n]?.at ?? Number.NaN) - Date.parse(step.dueAt ?? ''))
  }
  await wechat.close()
  return [0.5, 0.99].map((share) => ({
    name: `lateness of a due step, quiet machine, p${share * 100} of ${late.length}`,
    unit: 'ms',
    value: percentile(late, share),
    aim: share === 0.5 ? '≤ 100 ms' : '≤ 300 ms',
  }))
}

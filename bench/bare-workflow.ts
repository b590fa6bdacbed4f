import { proxyActivities, sleep } from '@temporalio/workflow'
import type { BareActivities } from './history-size.ts'

const { noop } = proxyActivities<BareActivities>({ startToCloseTimeout: '10s' })

/** The minimum for five timed messages: a sleep and an activity, five times. The reference for the size of a run. */
export async function BareSeries(delaysMs: number[]): Promise<void> {
  for (const ms of delaysMs) {
    if (ms > 0) await sleep(ms)
    await noop()
  }
}

import { proxyActivities, sleep } from '@temporalio/workflow'
import type { BareActivities } from './history-size.ts'

const { nothing } = proxyActivities<BareActivities>({ startToCloseTimeout: '10s' })

/** The least that five timed messages cost: sleep, call, five times. The reference for the size of a run. */
export async function BareSeries(delaysMs: number[]): Promise<void> {
  for (const ms of delaysMs) {
    if (ms > 0) await sleep(ms)
    await nothing()
  }
}

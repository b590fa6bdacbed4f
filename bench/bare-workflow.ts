import { defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow'

export interface BareActivities {
  noop(): Promise<void>
}

const { noop } = proxyActivities<BareActivities>({ startToCloseTimeout: '10s' })

/** The signal that starts a run, as an event starts one of the product. */
export const startSignal = defineSignal('start')

/** The minimum for timed messages: a sleep and an activity for each. The reference for the size and the cost of a run. */
export async function BareSeries(delaysMs: number[]): Promise<void> {
  setHandler(startSignal, () => {})
  for (const ms of delaysMs) {
    if (ms > 0) await sleep(ms)
    await noop()
  }
}

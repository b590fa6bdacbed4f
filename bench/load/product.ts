import { callApi } from '../../test/harness/process/program.ts'

/** So long without progress, and what is missing does not come any more. */
export const STANDSTILL_MS = 120_000
const LOOK_EVERY_MS = 2_000

/** Events that wait in the inbox. */
export async function pendingOf(base: string): Promise<number> {
  return (await callApi<{ pending: number }>(base, '/api/inbox')).pending
}

/** Followers' runs that are under way. */
async function openRunsOf(base: string): Promise<number> {
  return (await callApi<{ activeRuns: number }>(base, '/api/temporal')).activeRuns
}

/** Waits until no event waits and no run is open, as long as they get fewer; false when they stood still instead. */
export async function allEnd(base: string): Promise<boolean> {
  let [fewest, since] = [Number.POSITIVE_INFINITY, Date.now()]
  for (;;) {
    const left = (await pendingOf(base)) + (await openRunsOf(base))
    if (left === 0) return true
    if (left < fewest) [fewest, since] = [left, Date.now()]
    else if (Date.now() - since > STANDSTILL_MS) return false
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

import { callApi } from '../../test/harness/process/program.ts'

/** Without progress for this long, the rest is considered lost. */
export const STALL_TIMEOUT_MS = 120_000
const POLL_MS = 2_000

/** Events in the inbox. */
export async function countPending(base: string): Promise<number> {
  return (await callApi<{ pending: number }>(base, '/api/inbox')).pending
}

/** Runs in progress. */
export async function countOpenRuns(base: string): Promise<number> {
  return (await callApi<{ activeRuns: number }>(base, '/api/temporal')).activeRuns
}

/** Waits until the inbox is empty and no run is open. Returns false when their number stops falling. */
export async function waitUntilAllEnded(base: string, pollMs = POLL_MS): Promise<boolean> {
  let [fewest, since] = [Number.POSITIVE_INFINITY, Date.now()]
  for (;;) {
    const left = (await countPending(base)) + (await countOpenRuns(base))
    if (left === 0) return true
    if (left < fewest) [fewest, since] = [left, Date.now()]
    else if (Date.now() - since > STALL_TIMEOUT_MS) return false
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

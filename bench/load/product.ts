import { ask } from '../../test/support/program.ts'

/** So long without progress, and what is missing does not come any more. */
export const STANDSTILL_MS = 120_000

/** Events that wait in the inbox. */
export async function pendingOf(base: string): Promise<number> {
  return (await ask<{ pending: number }>(base, '/api/inbox')).pending
}

/** Whether any follower's run is under way. */
export async function isRunOpen(base: string): Promise<boolean> {
  const { items } = await ask<{ items: unknown[] }>(base, '/api/followers?status=active&limit=1')
  return items.length > 0
}

/** Waits for an end that may be far away, as long as there is progress; false when it stood still instead. */
export async function whileItGoesOn(
  isOver: () => Promise<boolean>,
  progress: () => number,
): Promise<boolean> {
  let [best, since] = [progress(), Date.now()]
  while (!(await isOver())) {
    if (progress() > best) [best, since] = [progress(), Date.now()]
    else if (Date.now() - since > STANDSTILL_MS) return false
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  return true
}

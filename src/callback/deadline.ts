/** WeChat waits 5 s for an answer. A callback that is not stored within 4 s is answered 500, so that WeChat sends it again. */
export const STORE_DEADLINE_MS = 4_000

/**
 * Waits for `work` until the deadline of a callback.
 * @param startedAt time of arrival by `performance.now()`
 * @throws Error `<failure> within 4 s`
 */
export async function withinDeadline<T>(startedAt: number, work: Promise<T>, failure: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${failure} within ${STORE_DEADLINE_MS / 1000} s`)),
      STORE_DEADLINE_MS - (performance.now() - startedAt),
    )
  })
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer))
}

/** Seconds since `startedAt` (`performance.now()`). */
export function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}

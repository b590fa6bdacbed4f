/** WeChat waits 5 s. A callback that is not stored by then must fail, so that WeChat sends it again. */
export const STORE_DEADLINE_MS = 4_000

/**
 * Waits for `work` until the callback that began at `startedAt` (`performance.now()`) must be answered.
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

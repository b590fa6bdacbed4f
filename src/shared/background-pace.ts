import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestsInFlight } from './requests-in-flight.ts'

/** Called between two parts of some work. @param workedMs how long the last part took */
export type Pause = (workedMs: number) => Promise<void>

/** Runs `work` with a pause for it. `isAwaited`: somebody waits for it now, so it does not pause. */
export type Pace = <T>(isAwaited: () => boolean, work: (pause: Pause) => Promise<T>) => Promise<T>

/** Work in the background rests so many times as long as it works. */
const REST = 2
/** A rest lasts at most so much longer while requests are answered one after the other, ms. */
const MOST_FOR_REQUESTS_MS = 25

/**
 * A pace for long work in the background, whose parts would otherwise follow each other at once: the embedded store and this process
 * do one thing at a time. The works of one pace rest in turn, so that all together take at most a third of the time, and none goes on
 * while a request is answered.
 * @param requests those that the work would delay
 * @param rest waits so many ms
 */
export function createBackgroundPace(
  requests: Pick<RequestsInFlight, 'none'>,
  rest: (ms: number) => Promise<unknown> = sleep,
): Pace {
  let lastRest: Promise<unknown> = Promise.resolve()
  const restAfter = async (workedMs: number) => {
    await rest(workedMs * REST)
    await Promise.race([requests.none(), rest(MOST_FOR_REQUESTS_MS)])
  }
  return (isAwaited, work) =>
    work(async (workedMs) => {
      if (isAwaited()) return
      lastRest = lastRest.then(() => restAfter(workedMs))
      await lastRest
    })
}

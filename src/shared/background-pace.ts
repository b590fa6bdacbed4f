import { setTimeout as sleep } from 'node:timers/promises'

/** Called between two parts of some work. @param workedMs how long the last part took */
export type Pause = (workedMs: number) => Promise<void>

/** Runs `work` with a pause for it. `isAwaited`: somebody waits for it now, so it does not pause. */
export type Pace = <T>(isAwaited: () => boolean, work: (pause: Pause) => Promise<T>) => Promise<T>

/** Work in the background rests so many times as long as it works. */
const REST = 2

/**
 * A pace for long work in the background, whose parts would otherwise follow each other at once: the embedded store and this process
 * do one thing at a time. All work of one pace together takes at most a third of the time.
 * @param rest waits so many ms
 */
export function createBackgroundPace(rest: (ms: number) => Promise<unknown> = sleep): Pace {
  let running = 0
  return async (isAwaited, work) => {
    running += 1
    try {
      return await work(async (workedMs) => {
        if (!isAwaited()) await rest(workedMs * REST * running)
      })
    } finally {
      running -= 1
    }
  }
}

import { totalmem } from 'node:os'

/** A cached run needs up to 0.1 MB, so the cache grows to at most a fortieth of the memory. */
const MEMORY_PER_RUN = 4 * 1024 * 1024
const MIN_RUNS = 400
/** Enough for a burst. More runs would wait in memory for days. */
const MAX_RUNS = 2_500

/**
 * How many runs a worker keeps in memory. The next workflow task of a run that is not cached replays its history.
 * @param memory bytes that the process may use
 */
export function cachedRunsFor(memory: number = usableMemory()): number {
  return Math.min(MAX_RUNS, Math.max(MIN_RUNS, Math.floor(memory / MEMORY_PER_RUN)))
}

/** The memory of the machine, or the limit of the container. */
function usableMemory(): number {
  // Zero, or more than the machine has, when there is no limit.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY
  return Math.min(limit, totalmem())
}

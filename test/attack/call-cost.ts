const ROUNDS = 4

/** The cost of a call. */
export interface CallCost {
  /** Processor time, all threads, ms. */
  ms: number
  /** Relative to the reference. Both are measured alternately. */
  ratio: number
}

/** Measures `calls` calls of each, and takes the cheapest round. Other work on the machine can only make a round dearer. */
export async function compareCost(
  call: () => Promise<unknown>,
  reference: () => Promise<unknown>,
  calls: number,
): Promise<CallCost> {
  let ms = Number.POSITIVE_INFINITY
  let referenceMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    referenceMs = Math.min(referenceMs, await cpuTimePerCall(reference, calls / ROUNDS))
    ms = Math.min(ms, await cpuTimePerCall(call, calls / ROUNDS))
  }
  return { ms, ratio: ms / referenceMs }
}

/** The mean processor time of a call, ms. */
export async function cpuTimePerCall(call: () => Promise<unknown>, calls: number): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < calls; i++) await call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / calls
}

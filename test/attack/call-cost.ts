const ROUNDS = 4

/** What a call costs. */
export interface CallCost {
  /** Processor time, all threads, ms. */
  ms: number
  /** Against the reference, which is measured in turns with it. */
  ratio: number
}

/** Measures `calls` calls of both. Other work on the machine spoils some rounds, and never makes one cheaper. */
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

import { ActivityFailure, CancellationScope, isCancellation } from '@temporalio/workflow'

/** Runs one activity at a time, so that a signal can cancel the wait for the activity's next attempt. */
export class InterruptibleScope {
  private scope: CancellationScope | null = null

  /** @throws CancelledFailure, or an ActivityFailure caused by one, when `interrupt` cancelled the work */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope()
    this.scope = scope
    try {
      return await scope.run(work)
    } finally {
      this.scope = null
    }
  }

  /** Cancels the activity. A running attempt finishes first. */
  interrupt(): void {
    this.scope?.cancel()
  }
}

/** Ends normally when an operator cancels the workflow during `work`. The main loop checks for it and ends the run. */
export async function ignoreCancellation(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (err) {
    if (!isCancellation(err)) throw err
  }
}

/** @returns the result of `work`; `fallback` when its activity timed out; null when it was cancelled */
export async function orElseOnTimeout<T>(work: () => Promise<T>, fallback: T): Promise<T | null> {
  try {
    return await work()
  } catch (err) {
    if (isCancellation(err)) return null
    if (err instanceof ActivityFailure) return fallback
    throw err
  }
}

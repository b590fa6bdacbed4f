import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalServer } from '../src/temporal/local-server/start-server.ts'
import { startTemporal, type TemporalOptions } from '../test/harness/setup/temporal.ts'

/**
 * Does some work with a Temporal server of its own. Afterwards the server is stopped and its folder removed, also when the work
 * or the start has failed.
 * @param work gets the server's address and the folder
 * @param start for tests
 */
export async function withTemporal<T>(
  options: TemporalOptions,
  work: (address: string, dataDir: string) => Promise<T>,
  start: (
    dataDir: string,
    options: TemporalOptions,
  ) => Promise<Pick<LocalServer, 'address' | 'stop'>> = startTemporal,
): Promise<T> {
  const parts = new Started()
  const dataDir = parts.add(mkdtempSync(join(tmpdir(), 'follower-nurture-bench-')), (made) =>
    rmSync(made, { recursive: true, force: true, maxRetries: 5 }),
  )
  try {
    const server = parts.add(await start(dataDir, options), (running) => running.stop())
    return await work(server.address, dataDir)
  } finally {
    await parts.stop()
  }
}

/** Collects what was started, so that a start that fails half way stops all of it, the last first. */
export class Started {
  readonly #stops: (() => unknown)[] = []

  /** @returns what was started */
  add<T>(started: T, stop: (started: T) => unknown): T {
    this.#stops.push(() => stop(started))
    return started
  }

  /** Stops everything, also when a stop fails. @throws the first error of a stop */
  async stop(): Promise<void> {
    const errors: unknown[] = []
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (err) {
        errors.push(err)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}

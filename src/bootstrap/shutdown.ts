import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import type { Log } from '../shared/log.ts'
import { PRIVATE_UMASK } from './private-files.ts'

/** Contract: everything has stopped within 10 s. */
const SHUTDOWN_TIMEOUT_MS = 9_500
/** What one part gets; a call to an engine that is away must not hold the others up. */
const HOOK_TIMEOUT_MS = 2_000
/** What one address of a name is given to connect; Node's own 250 ms cut slow handshakes (nodejs/node 54359). */
const CONNECT_ATTEMPT_TIMEOUT_MS = 2_500

/** What a process must undo when it ends, last first. */
export function createShutdown(log: Log) {
  const hooks: { name: string; stop: () => Promise<unknown> | unknown; timeoutMs: number }[] = []
  let running: Promise<void> | null = null

  async function run(): Promise<void> {
    for (const { name, stop, timeoutMs: withinMs } of hooks.reverse()) {
      try {
        await runWithTimeout(withinMs, name, stop)
      } catch (err) {
        log.error({ err }, `stopping: ${name}`)
      }
    }
  }

  async function runWithTimeout(
    ms: number,
    hook: string,
    stop: () => Promise<unknown> | unknown,
  ): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timedOut = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log.warn({ part: hook, ms }, 'stopping: a part did not end in time; it is left behind')
        resolve()
      }, ms)
    })
    try {
      await Promise.race([stop(), timedOut])
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    /** Notes how to undo what was just done. */
    onShutdown(name: string, stop: () => Promise<unknown> | unknown, timeoutMs = HOOK_TIMEOUT_MS): void {
      hooks.push({ name, stop, timeoutMs })
    },
    run(): Promise<void> {
      running ??= run()
      return running
    },
    /** Ctrl-C and SIGTERM end in order; a second Ctrl-C, or ten seconds, at once. */
    handleSignals(): void {
      let requested = false
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.on(signal, () => {
          if (requested && signal === 'SIGINT') process.exit(1)
          if (requested) return
          requested = true
          log.info({ signal }, 'stopping')
          setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref()
          void this.run().then(() => process.exit(0))
        })
      }
    },
  }
}

/** Gives slow handshakes their time in all that opens connections by itself: the store's client, fetch, exporters. */
export function allowSlowHandshakes(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_ATTEMPT_TIMEOUT_MS)
}

/** Runs a program's main function, its files for its own user alone; an error that people can mend is told in its own words, with exit code 2. */
export async function main(program: () => Promise<void>): Promise<void> {
  process.umask(PRIVATE_UMASK)
  allowSlowHandshakes()
  try {
    await program()
  } catch (err) {
    const isExpected =
      err instanceof Error &&
      /^(ConfigError|PortInUseError|NoTemporalServerError|DataDirInUseError|OutdatedStoreError)$/.test(
        err.name,
      )
    process.stderr.write(
      isExpected ? `${err.message}\n` : `${err instanceof Error ? err.stack : String(err)}\n`,
    )
    process.exit(isExpected ? 2 : 1)
  }
}

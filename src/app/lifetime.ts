import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import type { Log } from '../log.ts'
import { PRIVATE_UMASK } from './private-files.ts'

/** Contract: everything has stopped within 10 s. */
const STOP_WITHIN_MS = 9_500
/** What one part gets; a call to an engine that is away must not hold the others up. */
const PART_WITHIN_MS = 2_000
/** What one address of a name is given to connect; Node's own 250 ms cut slow handshakes (nodejs/node 54359). */
const HANDSHAKE_MS = 2_500

/** What a process must undo when it ends, last first. */
export function createLifetime(log: Log) {
  const endings: { name: string; stop: () => Promise<unknown> | unknown; withinMs: number }[] = []
  let ending: Promise<void> | null = null

  async function end(): Promise<void> {
    for (const { name, stop, withinMs } of endings.reverse()) {
      try {
        await within(withinMs, name, stop)
      } catch (err) {
        log.error({ err }, `stopping: ${name}`)
      }
    }
  }

  async function within(ms: number, part: string, stop: () => Promise<unknown> | unknown): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log.warn({ part, ms }, 'stopping: a part did not end in time; it is left behind')
        resolve()
      }, ms)
    })
    try {
      await Promise.race([stop(), tooLong])
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    /** Notes how to undo what was just done. */
    onEnd(name: string, stop: () => Promise<unknown> | unknown, withinMs = PART_WITHIN_MS): void {
      endings.push({ name, stop, withinMs })
    },
    end(): Promise<void> {
      ending ??= end()
      return ending
    },
    /** Ctrl-C and SIGTERM end in order; a second Ctrl-C, or ten seconds, at once. */
    onSignals(): void {
      let asked = false
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.on(signal, () => {
          if (asked && signal === 'SIGINT') process.exit(1)
          if (asked) return
          asked = true
          log.info({ signal }, 'stopping')
          setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
          void this.end().then(() => process.exit(0))
        })
      }
    },
  }
}

/** Gives slow handshakes their time in all that opens connections by itself: the store's client, fetch, exporters. */
export function allowSlowHandshakes(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(HANDSHAKE_MS)
}

/** Runs a program's main function, its files for its own user alone; an error that people can mend is told in its own words, with exit code 2. */
export async function main(run: () => Promise<void>): Promise<void> {
  process.umask(PRIVATE_UMASK)
  allowSlowHandshakes()
  try {
    await run()
  } catch (err) {
    const known =
      err instanceof Error && /^(ConfigError|PortTakenError|NoEngineError|DataDirTakenError)$/.test(err.name)
    process.stderr.write(known ? `${err.message}\n` : `${err instanceof Error ? err.stack : String(err)}\n`)
    process.exit(known ? 2 : 1)
  }
}

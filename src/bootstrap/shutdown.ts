import type { Log } from '../shared/log.ts'

/** A process stops within 10 s: docs/contract.md#1-commands. */
const SHUTDOWN_TIMEOUT_MS = 9_500
/** Default for one hook. A call to an unreachable Temporal must not delay the others. */
const HOOK_TIMEOUT_MS = 2_000

type Stop = () => Promise<unknown> | unknown

interface Hook {
  name: string
  stop: Stop
  timeoutMs: number
}

/** Stops the parts of a process in order. */
export interface Shutdown {
  /** Registers a hook that stops a part. Hooks run one after another, the last registered first. */
  onShutdown(name: string, stop: Stop, timeoutMs?: number): void
  /** Whether the hooks run or have run. What fails then has failed because of it. */
  isRunning(): boolean
  /** Runs all hooks once. A hook that fails or times out is logged, and the next one runs. */
  run(): Promise<void>
  /** SIGINT (Ctrl-C) and SIGTERM run the hooks and end the process. A second SIGINT, or the time limit, ends it at once. */
  handleSignals(): void
}

/** Signals have no effect on it until `handleSignals`. */
export function createShutdown(log: Log): Shutdown {
  const hooks: Hook[] = []
  let running: Promise<void> | null = null
  const run = () => {
    running ??= runHooks(hooks.reverse(), log)
    return running
  }
  return {
    onShutdown: (name, stop, timeoutMs = HOOK_TIMEOUT_MS) => {
      hooks.push({ name, stop, timeoutMs })
    },
    isRunning: () => running !== null,
    run,
    handleSignals: () => endOnSignals(run, log),
  }
}

async function runHooks(hooks: readonly Hook[], log: Log): Promise<void> {
  for (const hook of hooks) {
    try {
      await runHook(hook, log)
    } catch (err) {
      log.error({ err, hook: hook.name }, 'shutdown hook failed')
    }
  }
}

async function runHook({ name, stop, timeoutMs }: Hook, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timedOut = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.warn({ hook: name, timeoutMs }, 'shutdown hook timed out')
      resolve()
    }, timeoutMs)
  })
  try {
    await Promise.race([stop(), timedOut])
  } finally {
    clearTimeout(timer)
  }
}

/** A second SIGTERM is ignored: npm sends one when it ends before this process, because Ctrl-C reaches npm too. */
function endOnSignals(run: () => Promise<void>, log: Log): void {
  let requested = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (requested && signal === 'SIGINT') process.exit(1)
      if (requested) return
      requested = true
      log.info({ signal }, 'shutting down')
      setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref()
      void run().then(() => process.exit(0))
    })
  }
}

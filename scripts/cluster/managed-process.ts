import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastLines } from '../../src/temporal/local-server/last-lines.ts'
import { NotStartedError } from '../../src/temporal/local-server/supervise.ts'

/** One process of a stack, which can be started, stopped, killed and paused. */
export interface ManagedProcess {
  name: string
  /** Starts the process unless it runs, and waits until it is ready. @throws NotStartedError when it does not become ready */
  start(): Promise<void>
  /** Sends SIGKILL to the process and its descendants. */
  kill(): Promise<void>
  /** Sends SIGSTOP to the process and its descendants; `resume` sends SIGCONT. */
  pause(): void
  resume(): void
  isRunning(): boolean
  /** How often the process ended without `kill` or `end`. */
  crashes(): number
  /** Stops the process in order: closes its standard input where that is a pipe, else sends SIGTERM. SIGKILL follows after `STOP_TIMEOUT_MS`. */
  end(): Promise<void>
}

const STOP_TIMEOUT_MS = 15_000
const START_ATTEMPTS = 5
const RETRY_DELAY_MS = 500

/** @param options.ready resolves when the process is ready; rejects when it will not become ready */
export function createManagedProcess(options: {
  name: string
  /** The file with its output. An error of `start` quotes the last lines. */
  logFile: string
  spawn(): ChildProcess
  ready(): Promise<void>
}): ManagedProcess {
  let child: ChildProcess | null = null
  let exited: Promise<void> = Promise.resolve()
  let crashes = 0
  /** Whether `kill` or `end` was called. */
  let stopRequested = false

  function spawnChild(): void {
    const started = options.spawn()
    child = started
    stopRequested = false
    exited = new Promise((resolve) => {
      started.on('error', () => resolve())
      started.on('exit', () => {
        if (!stopRequested) crashes += 1
        resolve()
      })
    })
  }

  const isRunning = () => child !== null && child.exitCode === null && child.signalCode === null
  const signal = (name: NodeJS.Signals) => {
    const pid = child?.pid
    if (pid === undefined || !isRunning()) return
    for (const target of [...descendants(pid), pid]) {
      try {
        process.kill(target, name)
      } catch {
        // The process has just ended.
      }
    }
  }

  const notStarted = (why: string, cause?: unknown) =>
    new NotStartedError(`${options.name} does not start: ${why}\n${lastLines(options.logFile)}`, { cause })

  return {
    name: options.name,
    isRunning,
    crashes: () => crashes,
    async start() {
      // A process that ends early is started again, as compose does: a killed predecessor may still hold its port or lock.
      for (let left = START_ATTEMPTS; ; left--) {
        if (!isRunning()) spawnChild()
        const isReady = options.ready().then(() => true)
        isReady.catch(() => {})
        try {
          if (await Promise.race([isReady, exited.then(() => false)])) return
        } catch (err) {
          throw notStarted(err instanceof Error ? err.message : String(err), err)
        }
        if (left <= 1) throw notStarted(`it ended ${START_ATTEMPTS} times before it was ready`)
        await sleep(RETRY_DELAY_MS)
      }
    },
    async kill() {
      stopRequested = true
      signal('SIGKILL')
      await exited
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async end() {
      if (!isRunning()) return
      stopRequested = true
      signal('SIGCONT')
      if (child?.stdin) child.stdin.end()
      else child?.kill('SIGTERM')
      const force = setTimeout(() => signal('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(force)
    },
  }
}

/** The descendants of a process, at any depth. Linux only: it reads /proc. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // The process has just ended.
    }
  }
  const below = (parent: number): number[] =>
    [...parents].filter(([, p]) => p === parent).flatMap(([child]) => [...below(child), child])
  return below(pid)
}

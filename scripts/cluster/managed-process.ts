import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastLines } from '../../src/temporal/local-server/last-lines.ts'
import { NotStartedError } from '../../src/temporal/local-server/supervise.ts'

/** One process of a stack, to be started, stopped, killed and paused. */
export interface ManagedProcess {
  name: string
  /** Starts it where it does not run, and waits until it is ready. @throws Error when it is not in time */
  start(): Promise<void>
  /** `kill -9`, the processes below it too. */
  kill(): Promise<void>
  /** SIGSTOP to it and what is below it, until `resume`. */
  pause(): void
  resume(): void
  isRunning(): boolean
  /** How often it ended although nobody had killed or stopped it. */
  crashes(): number
  /** In order: by closing its standard input where that is a pipe, else SIGTERM; and SIGKILL when it does not end. */
  end(): Promise<void>
}

const STOP_TIMEOUT_MS = 15_000
const START_ATTEMPTS = 5
const RETRY_DELAY_MS = 500

/** @param ready resolves once the process does its work; rejects when it never will */
export function createManagedProcess(options: {
  name: string
  /** Where its output goes: what it said last stands in the error when it does not start. */
  logFile: string
  spawn(): ChildProcess
  ready(): Promise<void>
}): ManagedProcess {
  let child: ChildProcess | null = null
  let exited: Promise<void> = Promise.resolve()
  let crashes = 0
  /** We have asked it to end. */
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
        // It has just ended.
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
      // One that ends before it is ready is started again, as compose does: what was killed may still hold what it needs.
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

/** Processes below this one, at any depth. Linux only: it reads /proc. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It has just ended.
    }
  }
  const below = (parent: number): number[] =>
    [...parents].filter(([, p]) => p === parent).flatMap(([child]) => [...below(child), child])
  return below(pid)
}

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { truncateStart } from '../../shared/text.ts'
import { toolFolders } from './tool-folders.ts'
import { isAtLeast, MIN_GO } from './versions.ts'

const LOCK_POLL_MS = 1_000
const PROGRESS_INTERVAL_MS = 20_000

/** A program that Go builds from a published module. */
export interface GoProgram {
  /** Its package. Go names the program after the last part. */
  module: string
  version: string
  /** The name of the file in the cache, before the version. */
  name: string
}

/** Whether PATH has a `go` that is new enough to build Temporal. */
export async function hasGo(): Promise<boolean> {
  try {
    return isAtLeast((await promisify(execFile)('go', ['version'])).stdout, /go(\d+)\.(\d+)/, MIN_GO)
  } catch {
    return false
  }
}

/**
 * Builds a program into `folder`, unless it exists. One process builds at a time; the others wait for it.
 * @param signal stops the build, with all processes of Go. What Go has compiled stays in its cache for the next build
 * @returns its path
 * @throws Error with the last output of Go
 */
export async function buildOnce(
  folder: string,
  program: GoProgram,
  print: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const target = join(folder, `${program.name}-${program.version}`)
  if (existsSync(target)) return target
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = join(folder, 'building')
  const wait = () => print(`waiting for another process, which builds into ${folder}…`)
  const release = await acquireLock(lock, wait, signal)
  try {
    if (!existsSync(target)) await goInstall(folder, program, { target, print, signal })
  } finally {
    release()
  }
  return target
}

/** @param onWait is called once, when another process has the lock */
async function acquireLock(lock: string, onWait: () => void, signal?: AbortSignal): Promise<() => void> {
  let isWaiting = false
  for (;;) {
    signal?.throwIfAborted()
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return () => rmSync(lock, { force: true })
    } catch {
      if (!isLockHeld(lock)) {
        rmSync(lock, { force: true })
        continue
      }
      if (!isWaiting) onWait()
      isWaiting = true
      await sleep(LOCK_POLL_MS, undefined, { signal })
    }
  }
}

function isLockHeld(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
    return true
  } catch {
    return false
  }
}

async function goInstall(
  folder: string,
  { module, version, name }: GoProgram,
  { target, print, signal }: { target: string; print(line: string): void; signal: AbortSignal | undefined },
): Promise<void> {
  const bin = mkdtempSync(join(folder, 'build-'))
  const startedAt = Date.now()
  print(`building ${name} ${version} with Go…`)
  const progress = setInterval(
    () => print(`  … ${Math.round((Date.now() - startedAt) / 1000)} s`),
    PROGRESS_INTERVAL_MS,
  )
  const go = spawn('go', ['install', '-ldflags=-s -w', `${module}@${version}`], {
    env: { ...process.env, ...toolFolders(dirname(folder)), GOBIN: bin, GOFLAGS: '-buildvcs=false' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own can be stopped as a whole. Without a signal, Ctrl-C in a terminal must reach it directly.
    detached: signal !== undefined,
  })
  const stop = () => killGroup(go)
  signal?.addEventListener('abort', stop)
  if (signal) process.once('exit', stop)
  try {
    await exitOf(go, module)
    signal?.throwIfAborted()
    renameSync(join(bin, basename(module)), target)
  } catch (err) {
    if (signal?.aborted) print(`the build of ${name} was stopped; the next start continues it`)
    throw err
  } finally {
    process.off('exit', stop)
    signal?.removeEventListener('abort', stop)
    clearInterval(progress)
    rmSync(bin, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Resolves when Go has succeeded. @throws Error with its last output */
function exitOf(go: ChildProcess, module: string): Promise<void> {
  let stderr = ''
  go.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = truncateStart(stderr + text, 2_000)
  })
  return new Promise((resolve, reject) => {
    go.on('error', reject)
    go.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`go install ${module} failed:\n${stderr}`))
    })
  })
}

/** Go's compilers would otherwise work on for a while. */
function killGroup(go: ChildProcess): void {
  try {
    if (go.pid !== undefined && go.exitCode === null) process.kill(-go.pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

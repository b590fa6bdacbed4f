import { execFile, spawn } from 'node:child_process'
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

export async function hasGo(): Promise<boolean> {
  try {
    return isAtLeast((await promisify(execFile)('go', ['version'])).stdout, /go(\d+)\.(\d+)/, MIN_GO)
  } catch {
    return false
  }
}

/**
 * Builds a program into `folder`, unless it exists. One process builds at a time; the others wait for it.
 * @returns its path
 * @throws Error with the last output of Go
 */
export async function buildOnce(
  folder: string,
  program: GoProgram,
  print: (line: string) => void,
): Promise<string> {
  const target = join(folder, `${program.name}-${program.version}`)
  if (existsSync(target)) return target
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const release = await acquireLock(join(folder, 'building'))
  try {
    if (!existsSync(target)) await goInstall(folder, program, target, print)
  } finally {
    release()
  }
  return target
}

async function acquireLock(lock: string): Promise<() => void> {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return () => rmSync(lock, { force: true })
    } catch {
      if (!isLockHeld(lock)) rmSync(lock, { force: true })
      else await sleep(LOCK_POLL_MS)
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

function goInstall(
  folder: string,
  { module, version, name }: GoProgram,
  target: string,
  print: (line: string) => void,
): Promise<void> {
  const bin = mkdtempSync(join(folder, 'build-'))
  const startedAt = Date.now()
  print(`building ${name} ${version} with Go…`)
  const progress = setInterval(
    () => print(`  … ${Math.round((Date.now() - startedAt) / 1000)} s`),
    PROGRESS_INTERVAL_MS,
  )
  return new Promise<void>((resolve, reject) => {
    const go = spawn('go', ['install', '-ldflags=-s -w', `${module}@${version}`], {
      env: { ...process.env, ...toolFolders(dirname(folder)), GOBIN: bin, GOFLAGS: '-buildvcs=false' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    go.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = truncateStart(stderr + text, 2_000)
    })
    go.on('error', reject)
    go.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`go install ${module} failed:\n${stderr}`))
    })
  })
    .then(() => renameSync(join(bin, basename(module)), target))
    .finally(() => {
      clearInterval(progress)
      rmSync(bin, { recursive: true, force: true })
    })
}

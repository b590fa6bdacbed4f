import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LOCK_WRITE_MS = 100

/** Another process owns the data folder; the message names it. */
class DataDirInUseError extends Error {
  override name = 'DataDirInUseError'
}

/**
 * Takes the data folder for this process alone: the embedded store has no protection of its own against a second one.
 * A lock whose process is dead (or whose pid now belongs to another program) is taken over.
 * @throws DataDirInUseError naming the holder's pid
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true })
  const path = join(dataDir, 'lock')
  const ownEntry = `${process.pid} ${startTimeOf(process.pid)}`
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, ownEntry, { flag: 'wx' })
      return () => {
        if (readText(path) === ownEntry) rmSync(path, { force: true })
      }
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'EEXIST') throw err
    }
    const holder = readHolder(path)
    const [pid, start] = holder.split(' ')
    if (isAlive(Number(pid)) && (!start || start === startTimeOf(Number(pid)))) {
      throw new DataDirInUseError(
        `The data folder ${dataDir} is in use by the process ${pid}. Stop that one, or choose another folder with DATA_DIR=….`,
      )
    }
    if (readText(path) === holder) rmSync(path, { force: true })
  }
  throw new DataDirInUseError(`The data folder ${dataDir} is being taken by another process just now.`)
}

/** A secret that development makes once and keeps, readable by its owner only. */
export function getOrCreateSecret(dataDir: string, name: string): string {
  const path = join(dataDir, name)
  const existing = readText(path).trim()
  if (existing) return existing
  const secret = randomBytes(24).toString('base64url')
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
  return secret
}

/** What the lock says; one that says nothing is being written just now, or was on a full disk. */
function readHolder(path: string): string {
  const text = readText(path)
  if (text) return text
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_WRITE_MS)
  return readText(path)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  // 0 would be our own group.
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (err) {
    return (err as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process began, in the kernel's ticks: tells a pid from its earlier owner. Linux only; '' elsewhere. */
function startTimeOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

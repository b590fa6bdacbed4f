import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LOCK_WRITE_MS = 100

/** Another process holds the data folder. The message has its pid. */
class DataDirInUseError extends Error {
  override name = 'DataDirInUseError'
}

/**
 * Locks the data folder for this process. The embedded store itself does not prevent a second process from opening it.
 * A lock is taken over when its process is dead, or another program has its pid now.
 * @returns releases the lock
 * @throws DataDirInUseError
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
        `The data folder ${dataDir} is in use by the process ${pid}. Stop that process, or choose another folder with DATA_DIR=….`,
      )
    }
    if (readText(path) === holder) rmSync(path, { force: true })
  }
  throw new DataDirInUseError(`Another process is locking the data folder ${dataDir} right now. Try again.`)
}

/** A secret of `npm start`, generated once and stored in a file that only its owner can read. */
export function getOrCreateSecret(dataDir: string, name: string): string {
  const path = join(dataDir, name)
  const existing = readText(path).trim()
  if (existing) return existing
  const secret = randomBytes(24).toString('base64url')
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
  return secret
}

/** The text of the lock. An empty lock is being written, or was written on a full disk. */
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
  // 0 would be the process group of this process.
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (err) {
    return (err as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process started, in clock ticks: distinguishes processes that had the same pid. Linux only; '' elsewhere. */
function startTimeOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

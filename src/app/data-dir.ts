import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const WRITTEN_WITHIN_MS = 100

/** Another process owns the data folder; the message names it. */
class DataDirTakenError extends Error {
  override name = 'DataDirTakenError'
}

/**
 * Takes the data folder for this process alone: the embedded store has no protection of its own against a second one.
 * A lock whose process is dead (or whose pid now belongs to another program) is taken over.
 * @throws DataDirTakenError naming the holder's pid
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true })
  const path = join(dataDir, 'lock')
  const mine = `${process.pid} ${startOf(process.pid)}`
  for (let tries = 0; tries < 3; tries++) {
    try {
      writeFileSync(path, mine, { flag: 'wx' })
      return () => {
        if (readText(path) === mine) rmSync(path, { force: true })
      }
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'EEXIST') throw err
    }
    const held = heldBy(path)
    const [pid, start] = held.split(' ')
    if (isAlive(Number(pid)) && (!start || start === startOf(Number(pid)))) {
      throw new DataDirTakenError(
        `The data folder ${dataDir} is in use by the process ${pid}. Stop that one, or choose another folder with DATA_DIR=….`,
      )
    }
    if (readText(path) === held) rmSync(path, { force: true })
  }
  throw new DataDirTakenError(`The data folder ${dataDir} is being taken by another process just now.`)
}

/** A secret that development makes once and keeps, readable by its owner only. */
export function keptSecret(dataDir: string, name: string): string {
  const path = join(dataDir, name)
  const known = readText(path).trim()
  if (known) return known
  const made = randomBytes(24).toString('base64url')
  writeFileSync(path, `${made}\n`, { mode: 0o600 })
  return made
}

/** What the lock says; one that says nothing is being written just now, or was on a full disk. */
function heldBy(path: string): string {
  const text = readText(path)
  if (text) return text
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WRITTEN_WITHIN_MS)
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
function startOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

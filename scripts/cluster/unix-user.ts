import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { UnixUser } from '../../src/temporal/local-server/supervise.ts'

const UNPRIVILEGED = 'nobody'

/** Whom PostgreSQL runs as, which refuses to run as root: a user without rights. Null: as this process. */
export function postgresUser(): UnixUser | null {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string) => Number(execFileSync('id', [flag, UNPRIVILEGED], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Whether a user gets through to a folder; as ourselves we do. A kernel's own answer: it knows ACLs and mounts. */
function canEnter(folder: string, user: UnixUser | null): boolean {
  if (!user) return true
  try {
    execFileSync('test', ['-x', folder], { ...user, cwd: '/', stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * A new temporary folder to which PostgreSQL's user gets through, also where TMPDIR is private.
 * @throws Error when no folder for temporary files is open to that user
 */
export function temporaryFolder(prefix: string): string {
  const user = postgresUser()
  const candidates = [tmpdir(), '/tmp', '/var/tmp']
  const base = candidates.find((folder) => canEnter(folder, user))
  if (base) return mkdtempSync(join(base, prefix))
  throw new Error(
    `PostgreSQL does not run as root, and the user ${UNPRIVILEGED} cannot enter any of ${candidates.join(', ')}: set TMPDIR to a folder that it can enter`,
  )
}

/** The first folder on the way that keeps a user out, or null. What is not there yet keeps nobody out. */
export function closedFolder(folder: string, user: UnixUser | null): string | null {
  const parent = dirname(folder)
  const above = parent === folder ? null : closedFolder(parent, user)
  return above ?? (existsSync(folder) && !canEnter(folder, user) ? folder : null)
}

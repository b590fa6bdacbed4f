import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { UnixUser } from '../../src/temporal/local-server/supervise.ts'

const UNPRIVILEGED = 'nobody'

/** The user that PostgreSQL runs as. PostgreSQL refuses to run as root, so for root it is an unprivileged user. Null: this process's user. */
export function postgresUser(): UnixUser | null {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string) => Number(execFileSync('id', [flag, UNPRIVILEGED], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Whether a user can enter a folder (true for `null`, this process's user). The kernel decides, so ACLs and mounts count. */
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
 * Creates a temporary folder that PostgreSQL's user can enter, also where TMPDIR is private.
 * @throws Error when that user can enter no folder for temporary files
 */
export function temporaryFolder(prefix: string): string {
  const user = postgresUser()
  const candidates = [tmpdir(), '/tmp', '/var/tmp']
  const base = candidates.find((folder) => canEnter(folder, user))
  if (base) return mkdtempSync(join(base, prefix))
  throw new Error(
    `PostgreSQL does not run as root, and the user ${UNPRIVILEGED} cannot enter any of ${candidates.join(', ')}. Set TMPDIR to a folder that it can enter`,
  )
}

/** The first folder of a path that a user cannot enter, or null. Folders that do not exist yet are skipped. */
export function closedFolder(folder: string, user: UnixUser | null): string | null {
  const parent = dirname(folder)
  const above = parent === folder ? null : closedFolder(parent, user)
  return above ?? (existsSync(folder) && !canEnter(folder, user) ? folder : null)
}

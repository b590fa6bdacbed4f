import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { closedFolder, postgresUser } from './unix-user.ts'

/** Linux takes 107 bytes of a socket's path, macOS 103; PostgreSQL's is `.s.PGSQL.` and its port. */
const SOCKET_PATH_MAX = 103
const SYSTEM_DATA = '/var/lib'

/**
 * Where a stack is when nobody says: in `.data/cluster` of the checkout. Where root's PostgreSQL, which runs as another
 * user, cannot be there, a folder of the system's that belongs to this checkout alone. A stack that is there stays.
 */
export function defaultFolder(checkout: string): string {
  const own = join(checkout, '.data/cluster')
  if (existsSync(join(own, 'postgres/data'))) return own
  const user = postgresUser()
  if (!user || !postgresFolderProblem(own)) return own
  const hash = createHash('sha256').update(own).digest('hex').slice(0, 12)
  return join(SYSTEM_DATA, `follower-nurture-${basename(own)}-${hash}`)
}

/** Why PostgreSQL cannot have its home below this folder, and what to do; null: it can. */
export function postgresFolderProblem(folder: string): string | null {
  const home = join(folder, 'postgres')
  if (Buffer.byteLength(join(home, '.s.PGSQL.65535')) > SOCKET_PATH_MAX)
    return `${folder} is too long a path for PostgreSQL's socket: choose a shorter --folder`
  const closedFolderPath = closedFolder(home, postgresUser())
  return closedFolderPath
    ? `PostgreSQL does not run as root, and the user nobody cannot enter ${closedFolderPath}: choose another --folder, like /var/lib/nurture, or let it through with chmod o+x`
    : null
}

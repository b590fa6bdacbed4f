import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { closedFolder, postgresUser } from './unix-user.ts'

/** The longest path of a Unix socket, bytes: 107 on Linux, 103 on macOS. PostgreSQL names its socket `.s.PGSQL.PORT`. */
const SOCKET_PATH_MAX = 103
const SYSTEM_DATA = '/var/lib'

/**
 * The folder of a stack without `--folder`: `.data/cluster` of the checkout. As root, PostgreSQL runs as another user; where
 * that user cannot enter the checkout, the default is a folder below /var/lib that belongs to this checkout alone. An
 * existing stack in `.data/cluster` stays there.
 */
export function defaultFolder(checkout: string): string {
  const own = join(checkout, '.data/cluster')
  if (existsSync(join(own, 'postgres/data'))) return own
  const user = postgresUser()
  if (!user || !postgresFolderProblem(own)) return own
  const hash = createHash('sha256').update(own).digest('hex').slice(0, 12)
  return join(SYSTEM_DATA, `follower-nurture-${basename(own)}-${hash}`)
}

/** The reason why PostgreSQL's data cannot be in this folder, with the remedy; null when it can. */
export function postgresFolderProblem(folder: string): string | null {
  const home = join(folder, 'postgres')
  if (Buffer.byteLength(join(home, '.s.PGSQL.65535')) > SOCKET_PATH_MAX)
    return `The path ${folder} is too long for PostgreSQL's socket. Choose a shorter --folder`
  const closedFolderPath = closedFolder(home, postgresUser())
  return closedFolderPath
    ? `PostgreSQL does not run as root, and the user nobody cannot enter ${closedFolderPath}. Choose another --folder, such as /var/lib/nurture, or run chmod o+x on it`
    : null
}

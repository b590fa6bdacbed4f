import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresUser } from '../../../scripts/cluster/unix-user.ts'
import { postgresBin } from '../../../scripts/ensure-test-tools.mjs'
import type { UnixUser } from '../../../src/temporal/local-server/supervise.ts'
import { waitFor } from '../wait-for.ts'

/** A PostgreSQL cluster on disk. To start it, run `program` with `args` as `user` in `home`. */
export interface PostgresCluster {
  program: string
  args: string[]
  /** The unprivileged user to run it as when this process is root, since the server refuses to run as root. */
  user: UnixUser | null
  /** The working directory. PostgreSQL returns to it, and exits where its user may not enter. */
  cwd: string
  url: string
  /** Resolves when the server accepts connections. @throws Error after a timeout, or when the signal is aborted */
  waitUntilReady(signal?: AbortSignal): Promise<void>
}

/** Creates a cluster in `folder`; null where PostgreSQL is not installed. `settings` are `name=value` of postgresql.conf. */
export function initCluster(
  folder: string,
  port: number,
  settings: readonly string[] = [],
): PostgresCluster | null {
  const bin = postgresBin()
  if (!bin) return null
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const user = postgresUser()
  if (user) chownSync(folder, user.uid, user.gid)
  // The locale of this user may not be installed on this machine.
  const how = ['-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  // The output goes into the error message.
  execFileSync(join(bin, 'initdb'), ['-D', data, ...how], { ...user, cwd: folder, stdio: 'pipe' })
  // Without a Unix socket: the path of a temporary folder may be too long for one.
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings]
  return {
    program: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...all.flatMap((s) => ['-c', s])],
    user,
    cwd: folder,
    url: `postgres://test@127.0.0.1:${port}/postgres`,
    waitUntilReady: (signal) => waitUntilReady(join(bin, 'pg_isready'), port, signal),
  }
}

async function waitUntilReady(isReady: string, port: number, signal?: AbortSignal): Promise<void> {
  const ask = () => promisify(execFile)(isReady, ['-h', '127.0.0.1', '-p', String(port)])
  await waitFor(
    () =>
      ask().then(
        () => null,
        (err: Error) => err,
      ),
    { until: (err) => err === null, message: String, signal },
  )
}

import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresUser } from '../../../scripts/cluster/unix-user.ts'
import { postgresBin } from '../../../scripts/ensure-test-tools.mjs'
import type { UnixUser } from '../../../src/temporal/local-server/supervise.ts'
import { waitFor } from '../wait-for.ts'

/** A PostgreSQL cluster that is there on the disk; whoever wants it runs `program` with `args` as `user` in `home`. */
export interface PostgresCluster {
  program: string
  args: string[]
  /** The server refuses to run as root: it gets a user without rights then. */
  user: UnixUser | null
  /** PostgreSQL goes back to the folder in which it was started, and ends where its user may not. */
  cwd: string
  url: string
  /** Resolves once it takes connections. @throws Error when it does not in time, or when the signal fires */
  waitUntilReady(signal?: AbortSignal): Promise<void>
}

/** Makes a cluster in `folder`; null where PostgreSQL is not installed. `settings` are `name=value` of postgresql.conf. */
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
  // The locale of this machine's user may not be installed here.
  const how = ['-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  // What it says goes into the error's message.
  execFileSync(join(bin, 'initdb'), ['-D', data, ...how], { ...user, cwd: folder, stdio: 'pipe' })
  // No socket: the path of a temporary folder may be too long for one.
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

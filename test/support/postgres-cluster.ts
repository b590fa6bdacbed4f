import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresBin } from '../../scripts/ensure-programs.mjs'
import { ownerOf } from '../../temporal-docker/native/furnish.ts'
import { PATIENCE_MS } from './patience.ts'

/** A PostgreSQL cluster that is there on the disk; whoever wants it runs `program` with `args` as `owner`. */
export interface Cluster {
  program: string
  args: string[]
  /** The server refuses to run as root: it gets a user without rights then. */
  owner: { uid: number; gid: number } | null
  url: string
  /** Resolves once it takes connections. @throws Error when it does not in time */
  answers(): Promise<void>
}

/** Makes a cluster in `folder`; null where PostgreSQL is not installed. `settings` are `name=value` of postgresql.conf. */
export function initCluster(folder: string, port: number, settings: readonly string[] = []): Cluster | null {
  const bin = postgresBin()
  if (!bin) return null
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const owner = ownerOf()
  if (owner) chownSync(folder, owner.uid, owner.gid)
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...owner,
    cwd: folder,
    stdio: 'ignore',
  })
  const all = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, ...settings]
  return {
    program: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...all.flatMap((s) => ['-c', s])],
    owner,
    url: `postgres://test@127.0.0.1:${port}/postgres`,
    answers: () => answers(join(bin, 'pg_isready'), port),
  }
}

async function answers(isReady: string, port: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      await promisify(execFile)(isReady, ['-h', '127.0.0.1', '-p', String(port)])
      return
    } catch (err) {
      if (Date.now() > until) throw err
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

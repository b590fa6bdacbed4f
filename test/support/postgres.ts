import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { postgresBin } from '../../scripts/ensure-programs.mjs'
import { freePort } from '../../src/engine/local/ports.ts'
import { supervise } from '../../src/engine/local/supervise.ts'

/** One PostgreSQL for the whole run, where there is one. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const running = await startPostgres()
  if (!running) process.stderr.write('tests: PostgreSQL is not installed; what needs it is skipped\n')
  project.provide('postgresUrl', running?.url ?? '')
  return running?.stop ?? (async () => {})
}

/**
 * A throwaway cluster, or null where PostgreSQL is not installed. Its server refuses to run as root, so it gets a user
 * without rights then.
 */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> } | null> {
  const bin = postgresBin()
  if (!bin) return null
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-pg-'))
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const who = process.getuid?.() === 0 ? nobody() : null
  if (who) chownSync(folder, who.uid, who.gid)
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...who,
    cwd: folder,
    stdio: 'ignore',
  })
  const port = await freePort()
  const server = supervise(
    join(bin, 'postgres'),
    [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      `unix_socket_directories=${folder}`,
    ],
    { logFile: join(folder, 'postgres.log'), ...who },
  )
  const url = `postgres://test@127.0.0.1:${port}/postgres`
  await answers(bin, port)
  return {
    url,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function answers(bin: string, port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      execFileSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
      return
    } catch (err) {
      if (tries > 100) throw err
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

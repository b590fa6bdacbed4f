import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

/** A program that starts a PostgreSQL for tests, and a cluster as in chaos, in the current folder. */
const PROGRAM = `
  import { spawn } from 'node:child_process'
  import pg from 'pg'
  import { freePort } from './src/temporal/local-server/ports.ts'
  import { temporaryFolder } from './scripts/cluster/unix-user.ts'
  import { initCluster } from './test/harness/setup/postgres-cluster.ts'
  import { startPostgres } from './test/harness/setup/postgres.ts'

  const ask = async (connectionString) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    const { rows } = await client.query("SELECT 'it answers' AS said")
    await client.end()
    return rows[0].said
  }
  const tests = await startPostgres()
  console.log('tests: ' + (await ask(tests.url)))
  await tests.stop()
  const cluster = initCluster(temporaryFolder('follower-nurture-pg-'), await freePort())
  const child = spawn(cluster.program, cluster.args, { ...cluster.user, cwd: cluster.cwd, stdio: 'inherit' })
  await Promise.race([cluster.waitUntilReady(), new Promise((_, fail) => child.on('exit', () => fail(new Error('it ended'))))])
  console.log('chaos: ' + (await ask(cluster.url)))
  child.kill()
`
const FOLDERS = ['src', 'scripts', 'temporal-docker', 'test/harness', 'package.json', 'tsconfig.json']
const root = fileURLToPath(new URL('../..', import.meta.url))
const isRoot = process.getuid?.() === 0
const reason = isRoot ? '' : ' (needs root: an ordinary user’s PostgreSQL is its own)'

describe.skipIf(!isRoot || !inject('postgresUrl'))(`a checkout that only root may enter${reason}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'follower-nurture-private-'))
  const checkout = join(home, 'my 项目')
  beforeAll(() => {
    chmodSync(home, 0o700)
    for (const name of FOLDERS) cpSync(join(root, name), join(checkout, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
    writeFileSync(join(checkout, 'try.ts'), PROGRAM)
    mkdirSync(join(home, 'tmp'))
  })
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  it.each([
    ['', tmpdir(), '022'],
    [', TMPDIR in it and every new file private', join(home, 'tmp'), '077'],
  ])('runs PostgreSQL, whose user may not enter it%s', async (_, TMPDIR, umask) => {
    const command = `umask ${umask}; exec ${JSON.stringify(process.execPath)} --import tsx try.ts`
    const { stdout } = await promisify(execFile)('sh', ['-c', command], {
      cwd: checkout,
      env: { ...process.env, LC_ALL: 'zh_XX.UTF-8', TMPDIR },
    })
    expect(stdout).toContain('tests: it answers')
    expect(stdout).toContain('chaos: it answers')
  })
})

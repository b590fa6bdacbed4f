import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { UnixUser } from '../../src/temporal/local-server/supervise.ts'
import { postgresFolderProblem } from './default-folder.ts'
import { findPrograms, MissingProgramsError } from './find-programs.ts'
import { DEPLOY_FOLDER } from './load-compose.ts'
import { choosePorts, type StackLocation } from './stack-location.ts'
import { postgresUser } from './unix-user.ts'

/** A folder that is ready for a stack. */
export interface PreparedDir {
  location: StackLocation
  /** The user that PostgreSQL runs as; null: the user of this process. */
  owner: UnixUser | null
  adminToken: string
  databaseUrl: string
}

/**
 * Puts into `folder` what the stack lacks: programs under their names in the images, secrets, an empty database.
 * @throws MissingProgramsError when this machine lacks a program that the stack needs
 */
export async function prepareDir(options: {
  folder: string
  port: number
  root: string
  settings?: Record<string, string>
  print(line: string): void
}): Promise<PreparedDir> {
  const { folder, root } = options
  mkdirSync(folder, { recursive: true })
  // PostgreSQL's user must be able to enter. Secrets are in a subfolder that only this user may open.
  chmodSync(folder, 0o755)
  const problem = postgresFolderProblem(folder)
  if (problem) throw new MissingProgramsError(problem)
  const programs = await findPrograms(options.print)
  installPrograms(join(folder, 'bin'), programs)
  const ports = await choosePorts(join(folder, 'ports.json'), options.port)
  execFileSync(join(DEPLOY_FOLDER, 'make-secrets.sh'), [folder], { stdio: 'ignore' })
  const secret = (name: string) => readFileSync(join(folder, 'secrets', name), 'utf8').trim()
  const databaseUrl = secret('database_url').replace(/@[^/]+\//, `@127.0.0.1:${ports.postgres}/`)
  writeSecret(join(folder, 'secrets/database_url'), databaseUrl)
  const owner = postgresUser()
  const home = join(folder, 'postgres')
  if (!existsSync(join(home, 'data')))
    initPostgres(home, owner, secret('postgres_password'), programs.postgres)
  const settings = {
    NURTURE_VERSION: versionOf(root),
    PROXY_ADDRESS: '127.0.0.1',
    ...UNUSED_SETTINGS,
    ...options.settings,
  }
  return {
    location: { folder, root, ports, settings },
    owner,
    adminToken: secret('admin_token'),
    databaseUrl,
  }
}

/** Creates the stack's databases and their owners, once. PostgreSQL must run. */
export function makeDatabases(folder: string, env: Record<string, string>): void {
  const marker = join(folder, 'databases-made')
  if (existsSync(marker)) return
  execFileSync('bash', [join(DEPLOY_FOLDER, 'postgres/init-databases.sh')], { env, stdio: 'pipe' })
  writeFileSync(marker, '')
}

/** Settings that compose.yaml requires and this machine does not use: for certificates, and for tools that do not run here. */
const UNUSED_SETTINGS = {
  ACME_EMAIL: 'nobody@localhost',
  CALLBACK_HOST: 'localhost',
  CONSOLE_HOST: 'localhost',
  TEMPORAL_UI_HOST: 'localhost',
  GRAFANA_HOST: 'localhost',
  TOOLS_USER: 'nobody',
  TOOLS_PASSWORD_HASH: 'none',
}

function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

/** Links the programs under their names in the images. */
function installPrograms(bin: string, programs: Awaited<ReturnType<typeof findPrograms>>): void {
  mkdirSync(bin, { recursive: true })
  const { postgres, ...others } = programs
  const found = {
    ...others,
    ...Object.fromEntries(
      ['postgres', 'psql', 'pg_dump', 'pg_restore', 'pg_isready'].map((name) => [name, join(postgres, name)]),
    ),
    docker: join(import.meta.dirname, 'docker-stand-in.mjs'),
  }
  for (const [name, target] of Object.entries(found)) {
    rmSync(join(bin, name), { force: true })
    symlinkSync(target, join(bin, name))
  }
  writeFileSync(join(bin, 'entrypoint.sh'), '#!/bin/sh\nexec temporal-server start\n', { mode: 0o755 })
}

function writeSecret(file: string, text: string): void {
  chmodSync(file, 0o644)
  writeFileSync(file, `${text}\n`)
}

/** Creates an empty database, as the image does. Connections over TCP need a password, those over the socket do not. */
function initPostgres(home: string, owner: UnixUser | null, password: string, programs: string): void {
  mkdirSync(home, { recursive: true })
  const passwordFile = join(home, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) for (const path of [home, passwordFile]) chownSync(path, owner.uid, owner.gid)
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`]
  execFileSync(
    join(programs, 'initdb'),
    ['-D', join(home, 'data'), '-U', 'postgres', '-E', 'UTF8', ...auth],
    {
      ...owner,
      cwd: home,
      stdio: 'pipe',
    },
  )
  rmSync(passwordFile)
}

import { loadConfig } from '../../src/config/config.ts'
import { cacheFolder, serverCacheFolder } from '../../src/temporal/local-server/find-server.ts'
import { buildOnce, type GoProgram, hasGo } from '../../src/temporal/local-server/go-build.ts'
import { MIN_GO, SERVER_MODULE, SERVER_VERSION } from '../../src/temporal/local-server/versions.ts'
import { postgresBin } from '../ensure-test-tools.mjs'

/** The programs in the images of the stack, in the versions that compose.yaml names. */
const GO_PROGRAMS = {
  'temporal-server': { module: SERVER_MODULE, version: SERVER_VERSION },
  'temporal-sql-tool': { module: 'go.temporal.io/server/cmd/tools/sql', version: SERVER_VERSION },
  caddy: { module: 'github.com/caddyserver/caddy/v2/cmd/caddy', version: 'v2.10.2' },
} as const satisfies Record<string, Omit<GoProgram, 'name'>>

type Programs = Record<keyof typeof GO_PROGRAMS, string> & {
  /** The folder of PostgreSQL's programs. */
  postgres: string
}

/** This machine lacks a program that the stack needs. The message names what to install. */
export class MissingProgramsError extends Error {
  override name = 'MissingProgramsError'
}

/**
 * The stack's programs for this machine. A missing program is built with Go into the user's cache folder, once. Without the
 * Temporal server this takes about 3 minutes.
 * @throws MissingProgramsError
 */
export async function findPrograms(print: (line: string) => void): Promise<Programs> {
  const postgres = postgresBin()
  if (!postgres)
    throw new MissingProgramsError('PostgreSQL is not installed. On Debian: apt-get install postgresql-15')
  const folder = serverCacheFolder(cacheFolder(loadConfig()))
  const found: Record<string, string> = {}
  for (const [name, program] of Object.entries(GO_PROGRAMS)) {
    try {
      found[name] = await buildOnce(folder, { ...program, name }, print)
    } catch (err) {
      if (await hasGo()) throw err
      throw new MissingProgramsError(
        `${name} must be built with Go ${MIN_GO.join('.')} or newer, which is not on PATH. Install it from https://go.dev/dl`,
      )
    }
  }
  return { ...(found as Record<keyof typeof GO_PROGRAMS, string>), postgres }
}

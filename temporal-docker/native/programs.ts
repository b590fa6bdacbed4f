import { join } from 'node:path'
import { postgresBin } from '../../scripts/ensure-programs.mjs'
import { loadConfig } from '../../src/config.ts'
import { cacheFolder } from '../../src/engine/local/find.ts'
import { buildOnce, type GoProgram, hasGo } from '../../src/engine/local/go-build.ts'
import { LEAST_GO, SERVER_MODULE, SERVER_VERSION } from '../../src/engine/local/versions.ts'

/** What the images of the stack hold, in the versions that compose.yaml names. */
const BUILT = {
  'temporal-server': { module: SERVER_MODULE, version: SERVER_VERSION },
  'temporal-sql-tool': { module: 'go.temporal.io/server/cmd/tools/sql', version: SERVER_VERSION },
  caddy: { module: 'github.com/caddyserver/caddy/v2/cmd/caddy', version: 'v2.10.2' },
} as const satisfies Record<string, Omit<GoProgram, 'name'>>

type Programs = Record<keyof typeof BUILT, string> & {
  /** PostgreSQL's folder of programs. */
  postgres: string
}

/** This machine lacks something that the stack needs; the message says what to install. */
export class NoProgramsError extends Error {
  override name = 'NoProgramsError'
}

/**
 * The stack's programs for this machine. What is missing is built with Go into the user's cache, once: about 3 minutes
 * besides the server.
 * @throws NoProgramsError
 */
export async function findPrograms(say: (line: string) => void): Promise<Programs> {
  const postgres = postgresBin()
  if (!postgres)
    throw new NoProgramsError('PostgreSQL is not installed (on Debian: apt-get install postgresql-15)')
  const folder = join(cacheFolder(loadConfig()), 'engine')
  const found: Record<string, string> = {}
  for (const [name, program] of Object.entries(BUILT)) {
    try {
      found[name] = await buildOnce(folder, { ...program, name }, say)
    } catch (err) {
      if (await hasGo()) throw err
      throw new NoProgramsError(
        `${name} is built with Go ${LEAST_GO.join('.')} or newer, which is not on PATH (https://go.dev/dl)`,
      )
    }
  }
  return { ...(found as Record<keyof typeof BUILT, string>), postgres }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { PGlite } from '@electric-sql/pglite'
import { runScript } from '../shared/run-script.ts'
import { PreparedStatements } from './pglite-statements.ts'

const createScript = fileURLToPath(new URL('./create-pglite.mjs', import.meta.url))
const REOPEN_EVERY_MS = 2_000
/** PostgreSQL's page cache. The default of 128 MB is never released, and the system caches the files anyway. */
const SHARED_BUFFERS = '16MB'

/** The embedded PostgreSQL has stopped. The query was not run. */
class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}

/**
 * PGlite that restarts after a PANIC. PostgreSQL exits when it cannot write its log, as on a full disk, and expects to be
 * restarted. Embedded, its next query would never be answered. Queries fail at once while it is down, and it is opened
 * again until that succeeds.
 */
export async function openRestartingPglite(path: string): Promise<PGlite> {
  let pglite = await create(path)
  let statements = new PreparedStatements(pglite)
  let down: Promise<void> | null = null
  let closed = false

  async function reopen(): Promise<void> {
    while (!closed) {
      try {
        pglite = await create(path)
        statements = new PreparedStatements(pglite)
        down = null
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, REOPEN_EVERY_MS))
      }
    }
  }

  async function unlessDown<T>(work: (pglite: PGlite) => Promise<T>): Promise<T> {
    if (down)
      throw new StoreUnavailableError(
        'the embedded store has stopped and is being opened again; check that the disk is not full',
      )
    try {
      return await work(pglite)
    } catch (err) {
      if (isPanic(err)) down ??= reopen()
      throw err
    }
  }

  return new Proxy(pglite, {
    get(_, name) {
      if (name === 'query')
        return (...args: Parameters<PGlite['query']>) => unlessDown(() => queryThenYield(statements, args))
      if (name === 'exec') return (...args: Parameters<PGlite['exec']>) => unlessDown((e) => e.exec(...args))
      if (name === 'transaction') {
        return (...args: Parameters<PGlite['transaction']>) => unlessDown((e) => e.transaction(...args))
      }
      if (name === 'close') {
        return async () => {
          closed = true
          if (!down) await pglite.close()
        }
      }
      const value = Reflect.get(pglite, name)
      return typeof value === 'function' ? value.bind(pglite) : value
    },
  })
}

async function create(path: string): Promise<PGlite> {
  // Each compiler thread keeps 40 MB. One is enough, because it compiles in the background.
  setFlagsFromString('--wasm-num-compilation-tasks=1')
  if (!path.startsWith('memory:') && !existsSync(join(path, 'PG_VERSION'))) {
    await runScript(createScript, [path], `the store could not be created in ${path}`)
  }
  return PGlite.create(path, {
    startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`],
  })
}

/**
 * Runs a query, then yields one turn of the event loop. PGlite answers within the same turn, so that busy queries would starve
 * timers, sockets and the worker of this process.
 */
async function queryThenYield(statements: PreparedStatements, args: Parameters<PGlite['query']>) {
  const result = await statements.query(...args)
  await new Promise(setImmediate)
  return result
}

function isPanic(err: unknown): boolean {
  for (let current = err; current instanceof Error; current = current.cause) {
    if ('severity' in current && current.severity === 'PANIC') return true
    // Errors with which the embedded PostgreSQL exits.
    if (current.name === 'ExitStatus' || /program terminated|unreachable|PANIC/i.test(current.message))
      return true
  }
  return false
}

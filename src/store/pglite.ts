import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { PGlite } from '@electric-sql/pglite'
import { runScript } from '../shared/run-script.ts'

const createScript = fileURLToPath(new URL('./create-pglite.mjs', import.meta.url))
const REOPEN_EVERY_MS = 2_000
/**
 * PostgreSQL's own cache of pages. Its default, 128 MB, is memory that never comes back; what does not fit is read from
 * the files, which the system caches.
 */
const SHARED_BUFFERS = '16MB'

/** The embedded PostgreSQL has stopped. The query was not run. */
class StoreUnavailableError extends Error {
  override name = 'StoreDownError'
}

/**
 * PGlite that goes on after a PANIC. PostgreSQL ends itself when it cannot write its log (a full disk) and is started
 * again from outside; embedded, its next query would never be answered. What is asked while it is down fails at once; it
 * is opened again, as after a crash, until that succeeds.
 */
export async function openRestartingPglite(path: string): Promise<PGlite> {
  let pglite = await create(path)
  let down: Promise<void> | null = null
  let closed = false

  async function reopen(): Promise<void> {
    while (!closed) {
      try {
        pglite = await create(path)
        down = null
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, REOPEN_EVERY_MS))
      }
    }
  }

  async function unlessDown<T>(work: (pglite: PGlite) => Promise<T>): Promise<T> {
    if (down) throw new StoreUnavailableError('the embedded store is being opened again: is the disk full?')
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
        return (...args: Parameters<PGlite['query']>) => unlessDown((e) => queryThenYield(e, args))
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
  // Each thread that compiles keeps what it needed for it: 40 MB for nothing. One is enough, it compiles in the background.
  setFlagsFromString('--wasm-num-compilation-tasks=1')
  if (!path.startsWith('memory:') && !existsSync(join(path, 'PG_VERSION'))) {
    await runScript(createScript, [path], `the store could not be made in ${path}`)
  }
  return PGlite.create(path, {
    startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`],
  })
}

/**
 * PGlite answers within the same turn of the event loop: a few busy queries would starve timers, sockets and the worker
 * in this process. One turn for the others after each query cures it.
 */
async function queryThenYield(pglite: PGlite, args: Parameters<PGlite['query']>) {
  const result = await pglite.query(...args)
  await new Promise(setImmediate)
  return result
}

function isPanic(err: unknown): boolean {
  for (let current = err; current instanceof Error; current = current.cause) {
    if ('severity' in current && current.severity === 'PANIC') return true
    // How the end of the embedded PostgreSQL looks from outside.
    if (current.name === 'ExitStatus' || /program terminated|unreachable|PANIC/i.test(current.message))
      return true
  }
  return false
}

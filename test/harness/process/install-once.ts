import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../../src/config/config.ts'
import { cacheFolder } from '../../../src/temporal/local-server/find-server.ts'
import { toolFolders } from '../../../src/temporal/local-server/tool-folders.ts'

const BUILD_WITHIN_MS = 900_000

/** Dependencies could not be fetched. */
export class RegistryError extends Error {
  override name = 'RegistryError'
}

/**
 * Copies a folder with a lock file into the product's cache folder and installs there what it asks for, once for each state
 * of its files. Two processes at once may both install: the first to finish is used.
 * @param options.cache the folder's parent within the cache folder; `name` begins the folder's own name
 * @returns the path of the copy
 * @throws RegistryError when dependencies could not be fetched; Error when the build failed otherwise
 */
export async function installOnce(options: {
  sources: string
  cache: string
  name: string
  build(folder: string): Promise<void>
  print(state: 'building' | 'ready'): void
}): Promise<string> {
  const { sources, name, build, print } = options
  const cacheDir = join(cacheFolder(loadConfig()), options.cache)
  const folder = join(cacheDir, `${name}-${hashOf(sources)}`)
  if (existsSync(folder)) return folder
  mkdirSync(cacheDir, { recursive: true })
  const out = mkdtempSync(join(cacheDir, 'building-'))
  print('building')
  try {
    cpSync(sources, out, { recursive: true, filter: (path) => !path.endsWith('node_modules') })
    await build(out)
    renameInto(out, folder)
    print('ready')
    return folder
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|no such host|dial tcp|i\/o timeout|Could not transfer|Temporary failure|NewConnectionError|Max retries|Connection (refused|timed out)|Could not find a version/i

/**
 * Runs a build tool or package client in `cwd`.
 * @param name how errors call it
 * @throws RegistryError when its output shows that a registry was not reached; Error for any other exit code than 0
 */
export function runTool(program: string, name: string, cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...toolFolders(cacheFolder(loadConfig())) }
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BUILD_WITHIN_MS,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output = `${output}${text}`.slice(-8_000)
      })
    }
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) return resolve()
      const message = `${name} ended with ${code}: ${output.trim()}`
      reject(UNREACHABLE.test(output) ? new RegistryError(message) : new Error(message))
    })
  })
}

/** Over every file of the folder, its lock file among them. */
function hashOf(folder: string): string {
  const hash = createHash('sha256').update(process.platform).update(process.arch)
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (statSync(path).isFile()) hash.update(name).update('\0').update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

/** Another process may have been faster; then its result stays. */
function renameInto(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (err) {
    if (!existsSync(to)) throw err
  }
}

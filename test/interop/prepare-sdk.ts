import { execFileSync, spawn } from 'node:child_process'
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
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/config.ts'
import { cacheFolder } from '../../src/temporal/local-server/find-server.ts'
import { toolFolders } from '../../src/temporal/local-server/tool-folders.ts'

/** A harness that can be started: a program, its arguments, and what its environment needs. */
export interface Prepared {
  program: string
  args: string[]
  env: Record<string, string>
}

/** No harness, because a toolchain or its registry is missing. */
export interface Missing {
  missing: string
}

export type Toolchain = 'python' | 'node' | 'go' | 'java'

interface Recipe {
  /** Programs with the arguments that show that they work. */
  needs: [program: string, ...args: string[]][]
  /** Installs into `out` what the copy of the harness's folder in `out` asks for. */
  build(out: string): Promise<void>
  start(folder: string, harness: string): Prepared
}

const sources = (toolchain: Toolchain) => fileURLToPath(new URL(`sdks/${toolchain}`, import.meta.url))
const BUILD_WITHIN_MS = 900_000

const RECIPES: Record<Toolchain, Recipe> = {
  python: {
    needs: [
      ['python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 9))'],
      ['python3', '-m', 'pip', '--version'],
    ],
    build: (out) =>
      run('python3', 'pip', out, [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-input',
        '--require-hashes',
        '--only-binary=:all:',
        '--target=site',
        '--requirement=requirements.txt',
      ]),
    start: (folder, harness) => ({
      program: 'python3',
      args: ['-I', '-W', 'ignore', join(folder, `${harness}.py`)],
      env: {},
    }),
  },
  node: {
    needs: [
      ['node', '--version'],
      ['npm', '--version'],
    ],
    build: (out) =>
      run('npm', 'npm', out, ['ci', `--prefix=${out}`, '--ignore-scripts', '--no-audit', '--no-fund']),
    start: (folder, harness) => ({
      program: process.execPath,
      args: ['--no-deprecation', join(folder, `${harness}.cjs`)],
      env: {},
    }),
  },
  go: {
    needs: [['go', 'version']],
    build: (out) => run('go', 'go', out, ['build', '-mod=readonly', '-trimpath', '-o', 'harness', '.']),
    start: (folder) => ({ program: join(folder, 'harness'), args: [], env: {} }),
  },
  java: {
    needs: [
      ['javac', '-version'],
      ['mvn', '--version'],
    ],
    async build(out) {
      await run('mvn', 'Maven', out, [
        '--batch-mode',
        '--quiet',
        '--strict-checksums',
        'dependency:copy-dependencies',
      ])
      const files = readdirSync(out).filter((name) => name.endsWith('.java'))
      await run('javac', 'javac', out, ['-encoding', 'UTF-8', '-cp', 'lib/*', '-d', 'classes', ...files])
    },
    start: (folder, harness) => ({
      program: 'java',
      args: [
        '-XX:TieredStopAtLevel=1',
        '-cp',
        `${join(folder, 'classes')}:${join(folder, 'lib')}/*`,
        harness,
      ],
      env: {},
    }),
  },
}

/**
 * Installs and compiles the harnesses of a toolchain, once for each state of their files; what is done is kept in the
 * product's cache folder. Two processes at once may both build: the first to finish is used.
 */
export async function prepare(toolchain: Toolchain, harness: string): Promise<Prepared | Missing> {
  const recipe = RECIPES[toolchain]
  const absent = recipe.needs.find(([program, ...args]) => !runs(program, args))
  if (absent) return missing(toolchain, `${absent[0]} not found or too old`)
  const cacheDir = join(cacheFolder(loadConfig()), 'interop')
  const folder = join(cacheDir, `${toolchain}-${hashOf(sources(toolchain))}`)
  if (!existsSync(folder)) {
    mkdirSync(cacheDir, { recursive: true })
    const out = mkdtempSync(join(cacheDir, 'building-'))
    print(`interop: preparing the ${toolchain} SDKs (once)…`)
    try {
      cpSync(sources(toolchain), out, { recursive: true, filter: (path) => !path.endsWith('node_modules') })
      await recipe.build(out)
      renameInto(out, folder)
      print(`interop: the ${toolchain} SDKs are ready`)
    } catch (err) {
      // A harness that does not compile is a fault, not a missing toolchain.
      if (!(err instanceof RegistryError)) throw err
      return missing(toolchain, err.message)
    } finally {
      rmSync(out, { recursive: true, force: true })
    }
  }
  return recipe.start(folder, harness)
}

function missing(toolchain: Toolchain, reason: string): Missing {
  print(`tests: the ${toolchain} SDKs are skipped: ${reason}`)
  return { missing: reason }
}

/** Dependencies could not be fetched. */
class RegistryError extends Error {
  override name = 'RegistryError'
}

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|no such host|dial tcp|i\/o timeout|Could not transfer|Temporary failure|NewConnectionError|Max retries|Connection (refused|timed out)|Could not find a version/i

function run(program: string, name: string, cwd: string, args: string[]): Promise<void> {
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

function runs(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 60_000 })
    return true
  } catch {
    return false
  }
}

/** Over every file of a harness's folder, its lock file among them. */
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

function print(line: string): void {
  process.stderr.write(`${line}\n`)
}

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installOnce, RegistryError, runTool } from '../harness/process/install-once.ts'

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

const RECIPES: Record<Toolchain, Recipe> = {
  python: {
    needs: [
      ['python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 9))'],
      ['python3', '-m', 'pip', '--version'],
    ],
    build: (out) =>
      runTool('python3', 'pip', out, [
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
      runTool('npm', 'npm', out, ['ci', `--prefix=${out}`, '--ignore-scripts', '--no-audit', '--no-fund']),
    start: (folder, harness) => ({
      program: process.execPath,
      args: ['--no-deprecation', join(folder, `${harness}.cjs`)],
      env: {},
    }),
  },
  go: {
    needs: [['go', 'version']],
    build: (out) => runTool('go', 'go', out, ['build', '-mod=readonly', '-trimpath', '-o', 'harness', '.']),
    start: (folder) => ({ program: join(folder, 'harness'), args: [], env: {} }),
  },
  java: {
    needs: [
      ['javac', '-version'],
      ['mvn', '--version'],
    ],
    async build(out) {
      await runTool('mvn', 'Maven', out, [
        '--batch-mode',
        '--quiet',
        '--strict-checksums',
        'dependency:copy-dependencies',
      ])
      const files = readdirSync(out).filter((name) => name.endsWith('.java'))
      await runTool('javac', 'javac', out, ['-encoding', 'UTF-8', '-cp', 'lib/*', '-d', 'classes', ...files])
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
  try {
    const folder = await installOnce({
      sources: sources(toolchain),
      cache: 'interop',
      name: toolchain,
      build: recipe.build,
      print: (state) =>
        print(
          state === 'building'
            ? `interop: preparing the ${toolchain} SDKs (once)…`
            : `interop: the ${toolchain} SDKs are ready`,
        ),
    })
    return recipe.start(folder, harness)
  } catch (err) {
    // A harness that does not compile is a fault, not a missing toolchain.
    if (!(err instanceof RegistryError)) throw err
    return missing(toolchain, err.message)
  }
}

function missing(toolchain: Toolchain, reason: string): Missing {
  print(`tests: the ${toolchain} SDKs are skipped: ${reason}`)
  return { missing: reason }
}

function runs(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 60_000 })
    return true
  } catch {
    return false
  }
}

function print(line: string): void {
  process.stderr.write(`${line}\n`)
}

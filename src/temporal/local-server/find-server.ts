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

/** What the local engine runs on. */
export type ServerProgram = { kind: 'cli'; program: string } | BuiltServer

/** `ui` is null where the Web UI could not be built. */
interface BuiltServer {
  kind: 'server'
  program: string
  ui: string | null
}

/** No engine can be had on this machine; the message names the ways. */
export class NoTemporalServerError extends Error {
  override name = 'NoTemporalServerError'
}

/** Where what is built or fetched once is kept, for each user. */
export function cacheFolder(config: { cacheDir?: string | undefined }, env = process.env): string {
  return config.cacheDir ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'follower-nurture')
}

/**
 * The engine for this machine: a `temporal` CLI, a built one in the cache, the CLI download that the SDK knows, or a
 * build with Go, which takes some minutes once.
 * @throws NoTemporalServerError
 */
export async function findTemporalServer(options: {
  cacheDir: string
  print: (line: string) => void
}): Promise<ServerProgram> {
  const { print: say } = options
  const folder = join(options.cacheDir, 'engine')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const onPath = await isUsableCli('temporal')
  if (onPath) return { kind: 'cli', program: 'temporal' }
  assertFolderTrusted(folder)
  const built = builtServer(folder)
  // The server alone is there when the production stack without containers had it built; its Web UI takes seconds.
  if (built) return built.ui || !(await hasGo()) ? built : buildServer(folder, say)
  const downloaded = await downloadCli(folder, say)
  if (downloaded) return { kind: 'cli', program: downloaded }
  if (await hasGo()) return buildServer(folder, say)
  throw new NoTemporalServerError(
    [
      'No Temporal engine can be had here. Any one of these will do:',
      `  - the \`temporal\` CLI with Server ${MIN_SERVER.join('.')} or newer on PATH (https://docs.temporal.io/cli)`,
      '  - access to the open internet, so that it can be downloaded',
      `  - Go ${MIN_GO.join('.')} or newer on PATH, to build the server once (about 5 minutes)`,
      '  - TEMPORAL_ADDRESS=host:port of a cluster that you have',
    ].join('\n'),
  )
}

/** @throws NoTemporalServerError where another user could have put a program */
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

/** Lets the SDK fetch the CLI; null, with a line that says so, where there is no open internet. */
async function downloadCli(folder: string, print: (line: string) => void): Promise<string | null> {
  print('engine: trying to download the Temporal CLI…')
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
    ])
  } catch (err) {
    print(`engine: the CLI cannot be downloaded here (${firstLine(err)})`)
    return null
  }
  for (const name of readdirSync(folder)) {
    const program = join(folder, name)
    if (name.startsWith('temporal-cli') && (await isUsableCli(program))) return program
  }
  print(`engine: the downloaded CLI is older than Server ${MIN_SERVER.join('.')}`)
  return null
}

/** Builds server and Web UI into the cache. */
async function buildServer(folder: string, print: (line: string) => void): Promise<ServerProgram> {
  const server = { module: SERVER_MODULE, version: SERVER_VERSION, name: 'temporal-server' }
  const ui = { module: UI_MODULE, version: UI_VERSION, name: 'temporal-ui-server' }
  if (!builtServer(folder))
    print(`engine: Temporal server ${SERVER_VERSION} is built with Go, once: about 5 minutes on two cores`)
  await buildOnce(folder, server, print)
  await buildOnce(folder, ui, print).catch((err) =>
    print(`engine: no Web UI, its build failed (${firstLine(err)})`),
  )
  const built = builtServer(folder)
  if (!built) throw new NoTemporalServerError('The build of the Temporal server left no program behind.')
  return built
}

function firstLine(err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).split('\n')[0] ?? ''
}

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { closeCodeFolder, codeFileTrouble } from '../own-code.mjs'
import { buildOnce, hasGo } from './go-build.ts'
import {
  CLI_VERSION,
  isAtLeast,
  LEAST_GO,
  LEAST_SERVER,
  SERVER_MODULE,
  SERVER_VERSION,
  UI_MODULE,
  UI_VERSION,
} from './versions.ts'

const run = promisify(execFile)
const DOWNLOAD_WITHIN_MS = 20_000

/** What the local engine runs on. */
export type Engine = { kind: 'cli'; program: string } | BuiltServer

/** `ui` is null where the Web UI could not be built. */
interface BuiltServer {
  kind: 'server'
  program: string
  ui: string | null
}

/** No engine can be had on this machine; the message names the ways. */
export class NoEngineError extends Error {
  override name = 'NoEngineError'
}

/** Where what is built or fetched once is kept, for each user. */
export function cacheFolder(config: { cacheDir?: string | undefined }, env = process.env): string {
  return config.cacheDir ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'follower-nurture')
}

/**
 * The engine for this machine: a `temporal` CLI, a built one in the cache, the CLI download that the SDK knows, or a
 * build with Go, which takes some minutes once.
 * @throws NoEngineError
 */
export async function findEngine(options: {
  cacheDir: string
  say: (line: string) => void
}): Promise<Engine> {
  const { say } = options
  const folder = join(options.cacheDir, 'engine')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const onPath = await usableCli('temporal')
  if (onPath) return { kind: 'cli', program: 'temporal' }
  refuseOthersCode(folder)
  const built = builtEngine(folder)
  // The server alone is there when the production stack without containers had it built; its Web UI takes seconds.
  if (built) return built.ui || !(await hasGo()) ? built : buildEngine(folder, say)
  const fetched = await downloadCli(folder, say)
  if (fetched) return { kind: 'cli', program: fetched }
  if (await hasGo()) return buildEngine(folder, say)
  throw new NoEngineError(
    [
      'No Temporal engine can be had here. Any one of these will do:',
      `  - the \`temporal\` CLI with Server ${LEAST_SERVER.join('.')} or newer on PATH (https://docs.temporal.io/cli)`,
      '  - access to the open internet, so that it can be downloaded',
      `  - Go ${LEAST_GO.join('.')} or newer on PATH, to build the server once (about 5 minutes)`,
      '  - TEMPORAL_ADDRESS=host:port of a cluster that you have',
    ].join('\n'),
  )
}

/** @throws NoEngineError where another user could have put a program */
function refuseOthersCode(folder: string): void {
  for (const path of [dirname(folder), folder]) refuse(path, closeCodeFolder(path))
  for (const name of readdirSync(folder)) {
    if (name.startsWith('temporal-')) refuse(join(folder, name), codeFileTrouble(join(folder, name)))
  }
}

function refuse(path: string, trouble: string | null): void {
  if (!trouble) return
  throw new NoEngineError(
    `Temporal is not run from ${path}: ${trouble}. Remove it, or choose a folder of this user's own with FOLLOWER_NURTURE_CACHE.`,
  )
}

async function usableCli(program: string): Promise<boolean> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 })
    return isAtLeast(stdout, /Server (\d+)\.(\d+)/i, LEAST_SERVER)
  } catch {
    return false
  }
}

function builtEngine(folder: string): BuiltServer | null {
  const program = join(folder, `temporal-server-${SERVER_VERSION}`)
  const ui = join(folder, `temporal-ui-server-${UI_VERSION}`)
  return existsSync(program) ? { kind: 'server', program, ui: existsSync(ui) ? ui : null } : null
}

/** Lets the SDK fetch the CLI; null, with a line that says so, where there is no open internet. */
async function downloadCli(folder: string, say: (line: string) => void): Promise<string | null> {
  say('engine: trying to download the Temporal CLI…')
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
        setTimeout(() => reject(new Error('no answer')), DOWNLOAD_WITHIN_MS).unref(),
      ),
    ])
  } catch (err) {
    say(`engine: the CLI cannot be downloaded here (${firstLine(err)})`)
    return null
  }
  for (const name of readdirSync(folder)) {
    const program = join(folder, name)
    if (name.startsWith('temporal-cli') && (await usableCli(program))) return program
  }
  say(`engine: the downloaded CLI is older than Server ${LEAST_SERVER.join('.')}`)
  return null
}

/** Builds server and Web UI into the cache. */
async function buildEngine(folder: string, say: (line: string) => void): Promise<Engine> {
  const server = { module: SERVER_MODULE, version: SERVER_VERSION, name: 'temporal-server' }
  const ui = { module: UI_MODULE, version: UI_VERSION, name: 'temporal-ui-server' }
  if (!builtEngine(folder))
    say(`engine: Temporal server ${SERVER_VERSION} is built with Go, once: about 5 minutes on two cores`)
  await buildOnce(folder, server, say)
  await buildOnce(folder, ui, say).catch((err) =>
    say(`engine: no Web UI, its build failed (${firstLine(err)})`),
  )
  const built = builtEngine(folder)
  if (!built) throw new NoEngineError('The build of the Temporal server left no program behind.')
  return built
}

function firstLine(err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).split('\n')[0] ?? ''
}

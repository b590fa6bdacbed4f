import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { waitFor } from '../wait-for.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A program of the product as a separate process. */
export interface Program {
  process: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves with the exit code once all that it wrote was read; null when it was killed. */
  exited: Promise<number | null>
}

/** Those that have not ended. */
const running = new Set<Program>()
/** Folders of {@link isolatedSettings} that were not removed yet. */
const folders = new Set<() => void>()
let isStopping = false
/** A program of the product stops within 10 s. */
const STOP_TIMEOUT_MS = 12_000

/**
 * Stops all programs that were started here, and removes their folders: before a command ends that was interrupted. No program can be started
 * afterwards.
 */
export async function stopPrograms(): Promise<void> {
  isStopping = true
  const ended = Promise.all([...running].map(({ exited }) => exited))
  for (const { process: child } of running) child.kill('SIGTERM')
  await Promise.race([ended, pause(STOP_TIMEOUT_MS)])
  for (const { process: child } of running) child.kill('SIGKILL')
  await ended
  for (const cleanUp of folders) cleanUp()
}

/**
 * Starts a program with these settings only: it inherits no setting from the environment of this process.
 * @param node the path of another Node program
 */
export function spawnProgram(file: string, env: Record<string, string>, node = process.execPath): Program {
  if (isStopping) throw new Error('the programs are being stopped')
  const { PATH = '', HOME = '', XDG_CACHE_HOME, FOLLOWER_NURTURE_CACHE } = process.env
  const child = spawn(node, [...nodeOptions(file), 'scripts/run.mjs', file], {
    cwd: root,
    env: {
      PATH,
      HOME,
      ...(XDG_CACHE_HOME ? { XDG_CACHE_HOME } : {}),
      ...(FOLLOWER_NURTURE_CACHE ? { FOLLOWER_NURTURE_CACHE } : {}),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    err += text
  })
  const exited = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  const program = { process: child, stdout: () => out, stderr: () => err, exited }
  running.add(program)
  void exited.then(() => running.delete(program))
  return program
}

/** The Node options of this program's script in package.json. */
function nodeOptions(file: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const command = Object.values(scripts).find((script) => script.endsWith(`scripts/run.mjs ${file}`))
  return command?.split(' ').slice(1, -2) ?? []
}

/** Settings for an isolated `npm start`: free ports and a new folder. */
export async function isolatedSettings(): Promise<{
  env: Record<string, string>
  dataDir: string
  cleanUp(): void
}> {
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-data-'))
  const cleanUp = () => {
    folders.delete(cleanUp)
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
  folders.add(cleanUp)
  const [PORT, SIMULATOR_PORT, TEMPORAL_PORT, TEMPORAL_UI_PORT] = await Promise.all(
    [1, 2, 3, 4].map(async () => String(await freePort())),
  )
  return {
    env: {
      DATA_DIR: dataDir,
      PORT: PORT ?? '',
      SIMULATOR_PORT: SIMULATOR_PORT ?? '',
      TEMPORAL_PORT: TEMPORAL_PORT ?? '',
      TEMPORAL_UI_PORT: TEMPORAL_UI_PORT ?? '',
      ADMIN_TOKEN: 'test-admin-token',
      LOG_LEVEL: 'warn',
    },
    dataDir,
    cleanUp,
  }
}

/** Waits for the `ready` line of `npm start`. Returns its URL. */
export async function waitUntilReady(program: Program): Promise<string> {
  const readyUrl = () => /^ready (\S+)$/m.exec(program.stdout())?.[1]
  const url = await waitFor(readyUrl, {
    until: (found) => found !== undefined || program.process.exitCode !== null,
    message: () => `not ready: ${program.stdout()}${program.stderr()}`,
  })
  if (!url) throw new Error(`it ended: ${program.stderr()}`)
  return url
}

/** Calls the operator API or the simulator of a program with JSON. */
export async function callApi<T>(base: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${base}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

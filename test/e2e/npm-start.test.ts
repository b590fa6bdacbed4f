import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, it } from 'vitest'
import type { PresentedRun } from '../../src/run/present.ts'
import { assertPortFree } from '../../src/temporal/local-server/ports.ts'
import { processTreeMemory, totalMemory } from '../harness/process/process-memory.ts'
import {
  callApi,
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../harness/process/program.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxsimulated000001'
/**
 * The limit of the RSS of all Node processes, MiB: the value of docs/performance.md and a quarter more for other machines
 * (threads, allocator, garbage collection). A bundler in the process, or PostgreSQL's default page cache, exceeds it.
 */
const MOST_MEMORY_MIB = 500
/** What Temporal's SDK bundles workflows with. */
const BUNDLERS = ['webpack', 'memfs', 'unionfs', '@swc/core', 'swc-loader']
const started: Program[] = []
const cleanUps: (() => void)[] = []
afterEach(async () => {
  for (const p of started.splice(0)) {
    p.process.kill('SIGTERM')
    await p.exited
  }
  for (const f of cleanUps.splice(0)) f()
})

async function settings() {
  const made = await isolatedSettings()
  cleanUps.push(made.cleanUp)
  return made
}

function start(env: Record<string, string>): Program {
  const program = spawnProgram('src/start.ts', env)
  started.push(program)
  return program
}

/** The names of the packages that these files belong to. */
function packagesOf(paths: string): string[] {
  return [...paths.matchAll(/.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/g)].map((m) => m[1] ?? '')
}

const isFree = (port: string | undefined) =>
  assertPortFree(Number(port), '127.0.0.1', '').then(
    () => true,
    () => false,
  )

/** The names of the periodic jobs that have run in a program's store. */
async function jobsDone(base: string): Promise<string[]> {
  const { jobs } = await callApi<{ jobs: { name: string; lastRunAt: string | null }[] }>(base, '/api/system')
  return jobs.filter((job) => job.lastRunAt !== null).map((job) => job.name)
}

describe.skipIf(!inject('temporalAddress'))('npm start', () => {
  it('continues after kill -9 in the middle of a series, with nothing lost and nothing sent twice', async () => {
    const { env, dataDir } = await settings()
    const base = `http://127.0.0.1:${env.PORT}`
    const phone = `http://127.0.0.1:${env.SIMULATOR_PORT}/_sim/${APP}/oKilled`
    const run = () => callApi<PresentedRun>(base, `/api/followers/${APP}/oKilled`)
    const step = async (id: string) => (await run().catch(() => null))?.steps.find((s) => s.id === id)?.state
    const first = start(env)
    expect(await waitUntilReady(first)).toBe(`${base}/`)
    await callApi(phone, '/act', { do: 'follow' })
    await callApi(phone, '/act', { do: 'type', text: '1' })
    await waitFor(async () => (await step('gift')) === 'sent')
    // The simulated WeChat must keep its state, as the real one does.
    await waitFor(() => readFileSync(join(dataDir, 'simulator.json'), 'utf8').includes('三分钟看完'))

    // A killed program would keep the lease of a job that it had begun.
    await waitFor(async () => {
      const done = await jobsDone(base)
      return ['purge', 'vacuum'].every((job) => done.includes(job))
    })

    first.process.kill('SIGKILL')
    await first.exited
    // The Temporal server ends with the program, without a signal.
    await waitFor(() => isFree(env.TEMPORAL_PORT))

    const second = start(env)
    await waitUntilReady(second)
    expect(await step('gift')).toBe('sent')
    await callApi(phone, '/fast-forward', { ms: 48 * 3_600_000 })
    await waitFor(async () => (await run()).status === 'ended')
    expect(await run()).toMatchObject({
      outcome: 'completed',
      steps: [
        { id: 'hint', state: 'skipped', reason: 'replied' },
        { id: 'gift', state: 'sent' },
        { id: 'tip', state: 'sent' },
        { id: 'day-1', state: 'sent' },
        { id: 'last', state: 'sent' },
      ],
    })
    const { messages } = await callApi<{ messages: { from: string; via: string }[] }>(phone, '/state')
    expect(messages.filter((m) => m.from === 'account' && m.via === 'custom')).toHaveLength(4)
    const processes = processTreeMemory(second.process.pid ?? 0)
    if (processes) {
      const nodeProcesses = processes.filter((p) => p.isNode)
      expect(nodeProcesses).toHaveLength(1)
      expect(totalMemory(nodeProcesses, 'rss')).toBeLessThan(MOST_MEMORY_MIB)
    }

    second.process.kill('SIGTERM')
    expect(await second.exited).toBe(0)
  })

  it('serves after one ready line, loads no bundler, names the process that holds its folder, and stops everything that it started', async () => {
    const { env, dataDir } = await settings()
    const loadedModules = join(dataDir, 'loaded-modules')
    const program = start({
      ...env,
      NODE_OPTIONS: '--require ./test/fixtures/list-loaded-modules.cjs',
      LOADED_MODULES: loadedModules,
    })
    await waitUntilReady(program)
    expect(program.stdout().match(/^ready /gm)).toHaveLength(1)

    const other = await settings()
    const second = spawnProgram('src/start.ts', { ...other.env, DATA_DIR: dataDir })
    expect(await second.exited).toBe(2)
    expect(second.stderr()).toContain(`process ${program.process.pid}`)

    const began = Date.now()
    program.process.kill('SIGTERM')
    expect(await program.exited).toBe(0)
    // Containers are killed after thirty seconds.
    expect(Date.now() - began).toBeLessThan(30_000)
    for (const port of [env.PORT, env.SIMULATOR_PORT, env.TEMPORAL_PORT, env.TEMPORAL_UI_PORT]) {
      await waitFor(() => isFree(port))
    }
    const packages = new Set(packagesOf(readFileSync(loadedModules, 'utf8')))
    expect(packages).toContain('@temporalio/worker')
    for (const bundler of BUNDLERS) expect(packages).not.toContain(bundler)
  })

  it.each(['PORT', 'SIMULATOR_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT'])(
    'names a port in use and its variable: %s',
    async (variable) => {
      const { env } = await settings()
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(Number(env[variable]), '127.0.0.1', resolve))
      const program = start(env)
      expect(await program.exited).toBe(2)
      expect(program.stderr()).toContain(`Port ${env[variable]} on 127.0.0.1`)
      expect(program.stderr()).toContain(`${variable}=`)
      server.close()
    },
  )

  it('refuses invalid settings by name', async () => {
    const { env } = await settings()
    const program = start({ ...env, PORT: 'eighty', CALLBACK_MAX_AGE: '-1' })
    expect(await program.exited).toBe(2)
    expect(program.stderr()).toMatch(/PORT:[\s\S]*CALLBACK_MAX_AGE:/)
  })
})

import { type ProcessMemory, processTreeMemory, totalMemory } from '../test/harness/process/process-memory.ts'
import { callApi, isolatedSettings, spawnProgram, waitUntilReady } from '../test/harness/process/program.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import type { Figure } from './stats.ts'

const APP = 'wxsimulated000001'
const FOLLOWERS = 3
const POLL_MS = 5_000
/** The program is idle after this many measurements in a row without a change. */
const STABLE_CHECKS = 3
/** The relative change that counts as none. */
const TOLERANCE = 0.01
const MAX_CHECKS = 24

/**
 * Memory of an idle `npm start`: after some followers have had the whole series and pages were requested, once the memory is
 * stable. Returns no figures on other systems than Linux.
 */
export async function measureMemory(): Promise<Figure[]> {
  const { env, cleanUp } = await isolatedSettings()
  const program = spawnProgram('src/start.ts', env)
  try {
    await waitUntilReady(program)
    const { pid } = program.process
    if (pid === undefined || !processTreeMemory(pid)) return []
    await play(env)
    return figuresOf(await atRest(pid))
  } finally {
    program.process.kill('SIGTERM')
    await program.exited
    cleanUp()
  }
}

interface Run {
  status: string
  steps: { state: string }[]
}

async function play(env: Record<string, string>): Promise<void> {
  const base = `http://127.0.0.1:${env.PORT}`
  for (let i = 0; i < FOLLOWERS; i++) {
    const openId = `oMemory${i}`
    const phone = `http://127.0.0.1:${env.SIMULATOR_PORT}/_sim/${APP}/${openId}`
    const run = () => callApi<Run>(base, `/api/followers/${APP}/${openId}`).catch(() => null)
    await callApi(phone, '/act', { do: 'follow' })
    await callApi(phone, '/act', { do: 'type', text: '1' })
    await waitFor(async () => (await run())?.steps.some((step) => step.state === 'sent') === true)
    await callApi(phone, '/fast-forward', { ms: 48 * 3_600_000 })
    await waitFor(async () => (await run())?.status === 'ended')
  }
  for (const path of ['/api/openapi.json', '/api/temporal', '/api/campaigns']) await callApi(base, path)
}

async function atRest(pid: number): Promise<ProcessMemory[]> {
  let last = processTreeMemory(pid) ?? []
  for (let checks = 0, stable = 0; stable < STABLE_CHECKS && checks < MAX_CHECKS; checks++) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    const now = processTreeMemory(pid) ?? []
    stable =
      Math.abs(totalMemory(now, 'rss') - totalMemory(last, 'rss')) < TOLERANCE * totalMemory(last, 'rss')
        ? stable + 1
        : 0
    last = now
  }
  return last
}

function figuresOf(processes: readonly ProcessMemory[]): Figure[] {
  const own = processes.filter((p) => p.isNode)
  const temporal = processes.filter((p) => !p.isNode)
  const row = (name: string, value: number, aim?: string): Figure => ({
    name: `memory of an idle npm start, ${name}`,
    unit: 'MiB',
    value,
    ...(aim ? { aim } : {}),
  })
  return [
    row('all processes, RSS', totalMemory(processes, 'rss'), '≤ 400 MB (381 MiB)'),
    row('all processes, PSS', totalMemory(processes, 'pss')),
    row('Node processes of the application, RSS', totalMemory(own, 'rss'), '≤ 400 MB (381 MiB)'),
    row('Node processes of the application, PSS', totalMemory(own, 'pss')),
    row('the serving process, RSS', own[0]?.rss ?? Number.NaN),
    row('Temporal’s server and Web UI, RSS', totalMemory(temporal, 'rss')),
  ]
}

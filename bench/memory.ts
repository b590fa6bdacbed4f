import { type ProcessMemory, processTreeMemory, totalMemory } from '../test/harness/process/process-memory.ts'
import { callApi, isolatedSettings, spawnProgram, waitUntilReady } from '../test/harness/process/program.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import type { Figure } from './stats.ts'

const APP = 'wxsimulated000001'
const FOLLOWERS = 3
const LOOK_EVERY_MS = 5_000
/** At rest: so many looks in a row that are as good as the same. */
const SAME_LOOKS = 3
const SAME = 0.01
const AT_MOST_LOOKS = 24

/**
 * Memory of `npm start` at rest: after some followers have had the whole series, pages were looked at, and nothing
 * changed any more. Nothing where there is no Linux to ask.
 */
export async function measureMemory(): Promise<Figure[]> {
  const { env, cleanUp: forget } = await isolatedSettings()
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
    forget()
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
  for (let looks = 0, same = 0; same < SAME_LOOKS && looks < AT_MOST_LOOKS; looks++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    const now = processTreeMemory(pid) ?? []
    same =
      Math.abs(totalMemory(now, 'rss') - totalMemory(last, 'rss')) < SAME * totalMemory(last, 'rss')
        ? same + 1
        : 0
    last = now
  }
  return last
}

function figuresOf(processes: readonly ProcessMemory[]): Figure[] {
  const ours = processes.filter((p) => p.isNode)
  const temporal = processes.filter((p) => !p.isNode)
  const row = (name: string, value: number, aim?: string): Figure => ({
    name: `memory of npm start at rest, ${name}`,
    unit: 'MiB',
    value,
    ...(aim ? { aim } : {}),
  })
  return [
    row('our Node processes, RSS', totalMemory(ours, 'rss'), '≤ 400 MB (381 MiB)'),
    row('our Node processes, PSS', totalMemory(ours, 'pss')),
    row('the one that serves, RSS', ours[0]?.rss ?? Number.NaN),
    row('Temporal’s server and Web UI, RSS', totalMemory(temporal, 'rss')),
  ]
}

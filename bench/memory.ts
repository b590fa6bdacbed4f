import { memoryBelow, type ProcessMemory, sumOf } from '../test/support/memory.ts'
import { ask, ownSettings, ready, runProgram, until } from '../test/support/program.ts'
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
  const { env, forget } = await ownSettings()
  const program = runProgram('src/start.ts', env)
  try {
    await ready(program)
    const { pid } = program.process
    if (pid === undefined || !memoryBelow(pid)) return []
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
    const run = () => ask<Run>(base, `/api/followers/${APP}/${openId}`).catch(() => null)
    await ask(phone, '/act', { do: 'follow' })
    await ask(phone, '/act', { do: 'type', text: '1' })
    await until(async () => (await run())?.steps.some((step) => step.state === 'sent') === true)
    await ask(phone, '/fast-forward', { ms: 48 * 3_600_000 })
    await until(async () => (await run())?.status === 'ended')
  }
  for (const path of ['/api/openapi.json', '/api/engine', '/api/campaigns']) await ask(base, path)
}

async function atRest(pid: number): Promise<ProcessMemory[]> {
  let last = memoryBelow(pid) ?? []
  for (let looks = 0, same = 0; same < SAME_LOOKS && looks < AT_MOST_LOOKS; looks++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    const now = memoryBelow(pid) ?? []
    same = Math.abs(sumOf(now, 'rss') - sumOf(last, 'rss')) < SAME * sumOf(last, 'rss') ? same + 1 : 0
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
    row('our Node processes, RSS', sumOf(ours, 'rss'), '≤ 400 MB (381 MiB)'),
    row('our Node processes, PSS', sumOf(ours, 'pss')),
    row('the one that serves, RSS', ours[0]?.rss ?? Number.NaN),
    row('Temporal’s server and Web UI, RSS', sumOf(temporal, 'rss')),
  ]
}

import { type ProcessMemory, processTreeMemory, totalMemory } from '../test/harness/process/process-memory.ts'
import { callApi, isolatedSettings, spawnProgram, waitUntilReady } from '../test/harness/process/program.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import { countOpenRuns, countPending } from './load/progress.ts'
import { sendFollows, startWechat } from './load/wechat.ts'
import { NotAvailableError } from './not-available.ts'
import type { Figure } from './stats.ts'

const APP = 'wxsimulated000001'
const FOLLOWERS = 3
const POLL_MS = 5_000
/** The program is idle after this many measurements in a row without a change. */
const STABLE_CHECKS = 3
/** The relative change that counts as none. */
const TOLERANCE = 0.01
const MAX_CHECKS = 24

/** The account of the followers who wait, and their series. */
const WAITING_APP = 'wxbenchwaiting001'
const WAITING = `id: waiting
name: waiting
accounts: [${WAITING_APP}]
entry: {event: subscribe}
steps: [{id: later, after: 47h, send: {text: hello}}]
`
const FOLLOWS_PER_S = 100
/** How long one follower may need to be taken in, at most. */
const EACH_TIMEOUT_MS = 1_000

/**
 * Memory of `npm start`, each time once it is stable: idle, after some followers have had the whole series and pages were
 * requested; and then with `waiting` followers whose next step is due in two days.
 * @throws NotAvailableError on other systems than Linux
 */
export async function measureMemory({ waiting }: { waiting: number }): Promise<Figure[]> {
  const { env, cleanUp } = await isolatedSettings()
  const program = spawnProgram('src/start.ts', env)
  try {
    await waitUntilReady(program)
    const { pid } = program.process
    if (pid === undefined || !processTreeMemory(pid))
      throw new NotAvailableError('the memory of processes is read from /proc, which only Linux has')
    await play(env)
    const idle = await atRest(pid)
    const wechat = await letWait(`http://127.0.0.1:${env.PORT}`, waiting)
    const then = await atRest(pid)
    await wechat.close()
    return [...figuresOf(idle), ...waitingFigures(waiting, idle, then)]
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

async function letWait(base: string, count: number) {
  const wechat = await startWechat({ base }, true)
  const account = await wechat.addAccount(WAITING_APP, 'classic-48h')
  await wechat.publish(WAITING)
  await sendFollows(account, 'Waiting', { count, seconds: count / FOLLOWS_PER_S })
  await waitFor(async () => (await countPending(base)) === 0 && (await countOpenRuns(base)) >= count, {
    message: () => `not all of ${count} followers have a run`,
    timeoutMs: 60_000 + count * EACH_TIMEOUT_MS,
    pollMs: 500,
  })
  return wechat
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

function waitingFigures(
  count: number,
  idle: readonly ProcessMemory[],
  then: readonly ProcessMemory[],
): Figure[] {
  const name = `memory of npm start with ${count.toLocaleString('en')} followers who wait`
  const row = (what: string, of: (processes: readonly ProcessMemory[]) => number, aim?: string): Figure => ({
    name: `${name}, ${what}`,
    unit: 'MiB',
    value: of(then),
    reference: { name: 'idle', value: of(idle) },
    ...(aim ? { aim } : {}),
  })
  const temporal = (all: readonly ProcessMemory[]) => all.filter((p) => !p.isNode)
  return [
    row('all processes, RSS', (all) => totalMemory(all, 'rss'), '≤ 1.1 ×'),
    row('the serving process, RSS', (all) => all.find((p) => p.isNode)?.rss ?? Number.NaN),
    row('Temporal’s server and Web UI, RSS', (all) => totalMemory(temporal(all), 'rss')),
  ]
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

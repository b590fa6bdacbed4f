import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { cpuTimeBelow } from './cpu-time.ts'
import { waitUntilAllEnded } from './load/progress.ts'
import { startTarget, type TargetName } from './load/target.ts'
import { sendFollows, startWechat } from './load/wechat.ts'
import { withTemporal } from './own-temporal.ts'
import { type Figure, median } from './stats.ts'

const APP = 'wxbenchcost00001'
const WARM_UP_RUNS = 60
const RUNS = 300
/** Between two steps, ms. */
const DELAY_MS = 5_000
const POLL_MS = 250

/** CPU time of one run by program, ms, and the runs that ended a second. */
interface Cost {
  /** The product, or the bare workflow's worker and starter. */
  application: number
  temporal: number
  postgres: number
  runsPerSecond: number
}

/**
 * The cost of a run of two and of five steps, against a bare workflow with as many activities and timers: signal with
 * start, activity, timer, activity. 300 runs start within a second; rounds alternate, and each figure is a median.
 */
export async function measureRunCost(
  print: (line: string) => void,
  { rounds, stepCounts = [2, 5] }: { rounds: number; stepCounts?: number[] },
): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const steps of stepCounts) {
    const costs: Record<'bare' | 'pglite' | 'postgres', Cost[]> = { bare: [], pglite: [], postgres: [] }
    for (let round = 1; round <= rounds; round++) {
      print(`bench: the cost of ${RUNS} runs of ${steps} steps, round ${round} of ${rounds}…`)
      costs.bare.push(await bareCost(steps))
      for (const target of ['pglite', 'postgres'] as const) {
        const cost = await productCost(target, steps, print)
        if (cost) costs[target].push(cost)
      }
    }
    figures.push(...figuresOf(`${steps} steps, PGlite`, costs.pglite, costs.bare))
    figures.push(...figuresOf(`${steps} steps, PostgreSQL`, costs.postgres, costs.bare))
  }
  return figures
}

function figuresOf(name: string, product: readonly Cost[], bare: readonly Cost[]): Figure[] {
  if (product.length === 0) return []
  const of = (costs: readonly Cost[], value: (cost: Cost) => number) => median(costs.map(value))
  const compare = (what: string, unit: string, value: (cost: Cost) => number, aim?: string): Figure => ({
    name: `${what}, ${name}`,
    unit,
    value: of(product, value),
    reference: { name: 'bare workflow', value: of(bare, value) },
    ...(aim ? { aim } : {}),
  })
  return [
    compare('CPU of a run', 'ms', (c) => c.application + c.temporal, '≤ 1.0 ×'),
    compare('CPU of a run in the application', 'ms', (c) => c.application),
    compare('CPU of a run in Temporal', 'ms', (c) => c.temporal),
    compare('runs a second', '1/s', (c) => c.runsPerSecond, '≥ 1.0 ×'),
  ]
}

const delaysOf = (steps: number) => Array.from({ length: steps }, (_, i) => (i === 0 ? 0 : DELAY_MS))

async function productCost(
  name: TargetName,
  steps: number,
  print: (line: string) => void,
): Promise<Cost | null> {
  const target = await startTarget(name, print)
  if (!target) return null
  const wechat = await startWechat(target, true)
  const account = await wechat.addAccount(APP, 'classic-48h')
  const series = delaysOf(steps).map((ms, i) => `{id: s${i}, after: ${ms / 1_000}s, send: {text: hello}}`)
  await wechat.publish(`id: cost\nname: cost\nentry: {event: subscribe}\nsteps: [${series.join(', ')}]\n`)
  const run = async (followers: string, count: number) => {
    await sendFollows(account, followers, { count, seconds: 1 })
    await waitUntilAllEnded(target.base, POLL_MS)
  }
  try {
    return await measure(run)
  } finally {
    await target.stopAndRead(async () => {})
    await wechat.close()
  }
}

const bareCost = (steps: number): Promise<Cost> => withTemporal({}, (address) => bareCostAt(address, steps))

async function bareCostAt(address: string, steps: number): Promise<Cost> {
  const command = ['scripts/run.mjs', 'bench/bare-program.ts', address, 'default']
  const program = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(program, 'exit')
  const lines = createInterface({ input: program.stdout })
  try {
    await once(lines, 'line')
    return await measure(async (_, count) => {
      program.stdin.write(`${count} ${JSON.stringify(delaysOf(steps))}\n`)
      await once(lines, 'line')
    })
  } finally {
    program.stdin.end()
    await exited
  }
}

async function measure(run: (followers: string, count: number) => Promise<void>): Promise<Cost> {
  await run('Warm', WARM_UP_RUNS)
  const before = cpuTimeBelow(process.pid, programOf)
  const began = performance.now()
  await run('Cost', RUNS)
  const seconds = (performance.now() - began) / 1_000
  const after = cpuTimeBelow(process.pid, programOf)
  const perRun = (program: string) => ((after[program] ?? 0) - (before[program] ?? 0)) / RUNS
  return {
    application: perRun('application'),
    temporal: perRun('temporal'),
    postgres: perRun('postgres'),
    runsPerSecond: RUNS / seconds,
  }
}

/** The program that a process belongs to, by its command line. */
function programOf(args: readonly string[]): string {
  const [file = ''] = args
  if (/postgres/.test(file)) return 'postgres'
  if (/temporal/.test(file)) return 'temporal'
  return args.some((arg) => /^(src|bench)\/[\w-]+\.ts$/.test(arg)) ? 'application' : 'other'
}

import { isolatedSettings, spawnProgram, waitUntilReady } from '../test/harness/process/program.ts'
import { measureAnswers } from './answers.ts'
import type { BenchName } from './bench-list.ts'
import { measureCallbacks } from './callback.ts'
import { measureCampaignCheck } from './campaign-check.ts'
import { measureConsole } from './console/index.ts'
import { type Counts, numbersOf } from './counts.ts'
import { measureDueSteps } from './due-steps.ts'
import { measureFootprint } from './footprint.ts'
import { measureRunSize } from './history-size.ts'
import { measureBurst } from './load/burst.ts'
import { figuresOfBurst, figuresOfRate, figuresOfRestart } from './load/figures.ts'
import { measureRate } from './load/rate.ts'
import { measureRestart } from './load/restart.ts'
import { startTarget, type Target, type TargetName } from './load/target.ts'
import { measureLoadCurve } from './load-curve/measure.ts'
import { measureMemory } from './memory.ts'
import { NotAvailableError } from './not-available.ts'
import { measurePeers } from './peers/index.ts'
import { STORY_SIZE } from './peers/story.ts'
import type { Measured } from './report/results.ts'
import { measureRunCost } from './run-cost.ts'
import { measureSlowAccount } from './slow-account.ts'
import { measureStart } from './start.ts'
import type { Figure } from './stats.ts'
import { measureTenantIsolation } from './tenant-isolation.ts'
import { measureTokenRefreshes } from './tokens.ts'

/** What a bench is told: how much it does, and where it reports its progress. */
interface BenchOptions {
  counts: Counts
  /** Of `peers` and `footprint`: the designs and the stages that they measure. */
  peers: readonly string[]
  stages: readonly string[]
  print(line: string): void
}

/** @throws NotAvailableError when this machine lacks something that the bench needs */
type Measure = (options: BenchOptions) => Promise<Measured>

/** After a minute no message of a burst can be sent any more. */
const BURST_WATCHED_MS = 75_000

/** How each bench measures. */
export const MEASURES: Readonly<Record<BenchName, Measure>> = {
  start: () => figures(measureStart()),
  memory: ({ counts }) => figures(measureMemory({ waiting: Number(counts.waiting) })),
  callbacks: () => withProgram((env) => measureCallbacks(`http://127.0.0.1:${env.PORT}`)),
  answers: () => withProgram((env) => measureAnswers(`http://127.0.0.1:${env.PORT}`)),
  due: () => withProgram((env) => measureDueSteps(`http://127.0.0.1:${env.PORT}`)),
  size: () => withProgram((env) => measureRunSize(`127.0.0.1:${env.TEMPORAL_PORT}`)),
  async isolation({ counts, print }) {
    const inOneProcess = await measureTenantIsolation(print, { queued: Number(counts.queued) })
    print('bench: first messages of one account, beside an account whose API is slow…')
    const beside = await withProgram((env) => measureSlowAccount(`http://127.0.0.1:${env.PORT}`))
    return { figures: [...inOneProcess, ...beside.figures] }
  },
  check: () => figures(measureCampaignCheck()),
  tokens: () => figures(measureTokenRefreshes()),
  console: ({ counts, print }) =>
    figures(
      measureConsole(print, { followers: Number(counts['in-store']), rounds: Number(counts.requests) }),
    ),
  cost: ({ counts, print }) => figures(measureRunCost(print, { rounds: Number(counts['cost-rounds']) })),
  burst: measureBursts,
  async 'load-curve'({ counts, print }) {
    const options = { rates: numbersOf(counts.rates), seconds: Number(counts['step-seconds']) }
    const curve = await withTarget('pglite', print, (target) => measureLoadCurve(target, options, print))
    return { figures: [], curve }
  },
  async rate({ print }) {
    const rate = await withTarget('pglite', print, (target) => measureRate(target, print))
    return { figures: figuresOfRate(STORE_NAMES.pglite, rate) }
  },
  async restart({ counts, print }) {
    return { figures: figuresOfRestart(await measureRestart(Number(counts.runs), print)) }
  },
  footprint: ({ counts, stages, print }) =>
    figures(measureFootprint(print, { followers: Number(counts.followers), stages })),
  async peers({ counts, peers, print }) {
    const size = { ...STORY_SIZE, waiting: Number(counts.count) }
    return { figures: [], peers: await measurePeers({ peers, rounds: Number(counts.rounds), size }, print) }
  },
}

async function figures(measured: Promise<Figure[]>): Promise<Measured> {
  return { figures: await measured }
}

/** `npm start` with a new data folder and without simulator. */
async function withProgram(work: (env: Record<string, string>) => Promise<Figure[]>): Promise<Measured> {
  const { env, cleanUp } = await isolatedSettings()
  const program = spawnProgram('src/start.ts', { ...env, SIMULATOR: 'off', LOG_LEVEL: 'error' })
  try {
    await waitUntilReady(program)
    return await figures(work(env))
  } finally {
    program.process.kill('SIGTERM')
    await program.exited
    cleanUp()
  }
}

async function measureBursts({ counts, print }: BenchOptions): Promise<Measured> {
  const measured: Figure[] = []
  for (const store of counts.stores.split(',') as TargetName[])
    for (const burst of counts.bursts.split(',')) {
      const [follows = 0, seconds = 0] = numbersOf(burst, '/')
      print(`bench: ${follows} follows in ${seconds} s, ${store}…`)
      const options = { follows, seconds, dispatchedWithinMs: seconds * 1_000 + BURST_WATCHED_MS }
      const result = await withTarget(store, print, (target) => measureBurst(target, options))
      measured.push(...figuresOfBurst(STORE_NAMES[store], seconds, result))
    }
  return { figures: measured }
}

const STORE_NAMES: Record<TargetName, string> = {
  pglite: 'PGlite',
  postgres: 'PostgreSQL',
  cluster: 'the production stack',
}

/** `work` stops the target; after an error it is stopped here, so that it does not disturb the next bench. */
async function withTarget<T>(
  name: TargetName,
  print: (line: string) => void,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const target = await startTarget(name, print)
  if (!target) throw new NotAvailableError(`a program that ${STORE_NAMES[name]} needs is not installed`)
  try {
    return await work(target)
  } catch (err) {
    await target.stopAndRead(async () => null)
    throw err
  }
}

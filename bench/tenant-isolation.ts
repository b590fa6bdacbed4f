import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config/config.ts'
import { runsByFollower } from '../src/store/runs/run-rows.ts'
import { cacheFolder, findTemporalServer } from '../src/temporal/local-server/find-server.ts'
import { startLocalServer } from '../src/temporal/local-server/start-server.ts'
import { type AppHarness, startAppHarness } from '../test/harness/app-harness.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import '../test/harness/setup/silence-sdk.ts'
import { eachOf, type Figure } from './stats.ts'

/** The account that floods or hangs, and the one beside it. */
const A = 'wxbenchflood00001'
const B = 'wxbenchquiet00001'
const QUEUED = 2_000
const QUIET = 20
const FLOOD = 600
const HANGING = 200
const LATER_MS = 30_000
const ACTIVITY_QUEUE = 2
const LONG_MS = 600_000
const tooSlow = () => `not within ${LONG_MS / 1000} s`

const campaign = (steps: string) =>
  `id: apart\nname: apart\nentry: {event: subscribe}\nsteps:\n${steps
    .split('|')
    .map((s) => `  - {${s}}\n`)
    .join('')}`
const ONE_STEP = campaign('id: now, after: 0s, send: {text: hello}')
const LATER_STEP = campaign(
  `id: now, after: 0s, send: {text: hello}|id: later, after: ${LATER_MS / 1000}s, since: entry, send: {text: later}`,
)

/** What one account's flood, backlog or silence costs another one. The whole product in one process, its engine beside. */
export async function measureAccountsApart(say: (line: string) => void): Promise<Figure[]> {
  say(`bench: ${QUEUED} sends of one account queued before ${QUIET} of another, with fairness off…`)
  const unfair = await withProduct({ fair: false, sendsLater: true }, drainBehindBacklog)
  say('bench: the same with fairness on…')
  const fair = await withProduct({ fair: true, sendsLater: true }, drainBehindBacklog)
  say('bench: a later step alone, behind a flood, and beside an account that hangs…')
  const alone = await withProduct({ fair: true }, (whole) => latestStep(whole, async () => {}))
  const flooded = await withProduct({ fair: true }, (whole) =>
    latestStep(whole, () => follow(whole, A, FLOOD, 50)),
  )
  const hanging = await withProduct({ fair: true }, (whole) =>
    latestStep(whole, async () => {
      whole.simulator.fault({ api: 'custom/send', appId: A, hang: 'before', times: 1_000_000 })
      await follow(whole, A, HANGING, 20)
    }),
  )
  const reference = { name: 'nobody else there', value: alone }
  return [
    {
      name: `${QUIET} sends behind ${QUEUED} of another account, all out`,
      unit: 'ms',
      value: fair,
      reference: { name: 'fairness off', value: unfair },
      aim: '≤ 1/4',
    },
    { name: 'latest later step behind a flood', unit: 'ms', value: flooded, reference, aim: '≤ 2000' },
    {
      name: 'latest later step beside an account that hangs',
      unit: 'ms',
      value: hanging,
      reference,
      aim: '≤ 2000',
    },
  ]
}

async function withProduct<T>(
  options: { fair: boolean; sendsLater?: boolean },
  work: (whole: AppHarness) => Promise<T>,
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-bench-'))
  const engine = await startLocalServer({
    program: await findTemporalServer({ cacheDir: cacheFolder(loadConfig()), print: () => {} }),
    dataDir,
    port: 0,
    uiPort: 0,
    namespace: 'default',
    settings: { 'matching.enableFairness': options.fair },
  })
  const whole = await startAppHarness({
    temporalAddress: engine.address,
    deferSends: options.sendsLater ?? false,
  })
  for (const appId of [A, B]) await whole.addAccount({ appId, rules: 'classic-48h' })
  try {
    return await work(whole)
  } finally {
    await whole.close()
    await engine.stop()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** From the moment in which sends are taken up until the quiet account's last one is out. */
async function drainBehindBacklog(whole: AppHarness): Promise<number> {
  await whole.publish(ONE_STEP)
  await follow(whole, A, QUEUED, 20)
  await waitFor(async () => (await backlog(whole)) >= QUEUED, { message: tooSlow, timeoutMs: LONG_MS })
  await follow(whole, B, QUIET, QUIET)
  await waitFor(async () => (await backlog(whole)) >= QUEUED + QUIET, {
    message: tooSlow,
    timeoutMs: LONG_MS,
  })
  const began = performance.now()
  await whole.startSendWorker()
  await waitFor(() => sent(whole, B) >= QUIET, { message: tooSlow, timeoutMs: LONG_MS })
  return performance.now() - began
}

/** The most that a later step of the quiet account is late, while the other one does its worst. */
async function latestStep(whole: AppHarness, worst: () => Promise<void>): Promise<number> {
  await whole.publish(LATER_STEP)
  await follow(whole, B, QUIET, QUIET)
  const trouble = worst()
  const lateness: number[] = []
  for (let i = 0; i < QUIET; i++) {
    await waitFor(
      async () => {
        const [run] = await runsByFollower(whole.services.db, { appId: B, openId: `o${i}` }, 1)
        const step = run?.state.steps[1]
        if (step?.state !== 'sent') return false
        lateness.push((step.sentAt ?? 0) - (step.dueAt ?? 0))
        return true
      },
      { message: tooSlow, timeoutMs: LONG_MS },
    )
  }
  await trouble
  return Math.max(...lateness)
}

function follow(whole: AppHarness, appId: string, count: number, concurrency: number): Promise<void> {
  const account = whole.simulator.account(appId)
  return eachOf(count, concurrency, async (i) => {
    const { ok } = await account.follow(`o${i}`)
    if (!ok) throw new Error('a callback was not answered')
  })
}

function sent(whole: AppHarness, appId: string): number {
  return whole.simulator.account(appId).sends.filter((s) => s.errcode === 0).length
}

/** Sends that wait in Temporal's queue. */
async function backlog(whole: AppHarness): Promise<number> {
  const { client } = whole.services.temporal
  const answer = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: 'send' },
    taskQueueType: ACTIVITY_QUEUE,
    reportStats: true,
  })
  return Number(answer.stats?.approximateBacklogCount ?? 0)
}

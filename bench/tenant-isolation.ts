import { runsByFollower } from '../src/store/runs/run-rows.ts'
import { type AppHarness, startAppHarness } from '../test/harness/app-harness.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import '../test/harness/setup/silence-sdk.ts'
import { withTemporal } from './own-temporal.ts'
import { type Figure, runConcurrently } from './stats.ts'

/** The account that causes the load, and the quiet account beside it. */
const A = 'wxbenchbusy000001'
const B = 'wxbenchquiet00001'
const QUEUED = 500
const QUIET = 20
const BURST = 600
const HANGING = 200
const LATER_STEP_MS = 30_000
const ACTIVITY_TASK_QUEUE = 2
const TIMEOUT_MS = 600_000
const timeoutMessage = () => `not within ${TIMEOUT_MS / 1000} s`

const campaign = (steps: string) =>
  `id: isolation\nname: isolation\nentry: {event: subscribe}\nsteps:\n${steps
    .split('|')
    .map((s) => `  - {${s}}\n`)
    .join('')}`
const ONE_STEP = campaign('id: now, after: 0s, send: {text: hello}')
const LATER_STEP = campaign(
  `id: now, after: 0s, send: {text: hello}|id: later, after: ${LATER_STEP_MS / 1000}s, since: entry, send: {text: later}`,
)

/**
 * The effect of one account's burst, backlog or unresponsive WeChat on another account. The whole application runs in this
 * process, with a Temporal server of its own.
 */
export async function measureTenantIsolation(
  print: (line: string) => void,
  { queued = QUEUED } = {},
): Promise<Figure[]> {
  const drain = (app: AppHarness) => drainBehindBacklog(app, queued)
  print(`bench: ${queued} sends of one account queued before ${QUIET} of another, fairness off…`)
  const unfair = await withApp({ fair: false, sendsLater: true }, drain)
  print('bench: the same, fairness on…')
  const fair = await withApp({ fair: true, sendsLater: true }, drain)
  print('bench: a later step alone, behind a burst, and beside an account whose sends hang…')
  const alone = await withApp({ fair: true }, (app) => latestStep(app, async () => {}))
  const burst = await withApp({ fair: true }, (app) => latestStep(app, () => follow(app, A, BURST, 50)))
  const hanging = await withApp({ fair: true }, (app) =>
    latestStep(app, async () => {
      app.simulator.fault({ api: 'custom/send', appId: A, hang: 'before', times: 1_000_000 })
      await follow(app, A, HANGING, 20)
    }),
  )
  const reference = { name: 'no other account', value: alone }
  return [
    {
      name: `${QUIET} sends behind ${queued.toLocaleString('en')} of another account, all sent`,
      unit: 'ms',
      value: fair,
      reference: { name: 'fairness off', value: unfair },
      aim: '≤ 1/4',
    },
    {
      name: 'maximum lateness of a later step behind a burst',
      unit: 'ms',
      value: burst,
      reference,
      aim: '≤ 2 s',
    },
    {
      name: 'maximum lateness of a later step beside hanging sends',
      unit: 'ms',
      value: hanging,
      reference,
      aim: '≤ 2 s',
    },
  ]
}

async function withApp<T>(
  options: { fair: boolean; sendsLater?: boolean },
  work: (app: AppHarness) => Promise<T>,
): Promise<T> {
  const settings = { 'matching.enableFairness': options.fair }
  return withTemporal({ settings }, async (temporalAddress) => {
    const app = await startAppHarness({ temporalAddress, deferSends: options.sendsLater ?? false })
    try {
      for (const appId of [A, B]) await app.addAccount({ appId, rules: 'classic-48h' })
      return await work(app)
    } finally {
      await app.close()
    }
  })
}

/** The time from the start of the send worker to the last message of the quiet account, ms. */
async function drainBehindBacklog(app: AppHarness, queued: number): Promise<number> {
  await app.publish(ONE_STEP)
  await follow(app, A, queued, 20)
  await waitFor(async () => (await backlog(app)) >= queued, {
    message: timeoutMessage,
    timeoutMs: TIMEOUT_MS,
  })
  await follow(app, B, QUIET, QUIET)
  await waitFor(async () => (await backlog(app)) >= queued + QUIET, {
    message: timeoutMessage,
    timeoutMs: TIMEOUT_MS,
  })
  const began = performance.now()
  await app.startSendWorker()
  await waitFor(() => sent(app, B) >= QUIET, { message: timeoutMessage, timeoutMs: TIMEOUT_MS })
  return performance.now() - began
}

/** The greatest lateness of a later step of the quiet account while the other account causes load, ms. */
async function latestStep(app: AppHarness, causeLoad: () => Promise<void>): Promise<number> {
  await app.publish(LATER_STEP)
  await follow(app, B, QUIET, QUIET)
  const load = causeLoad()
  const lateness: number[] = []
  for (let i = 0; i < QUIET; i++) {
    await waitFor(
      async () => {
        const [run] = await runsByFollower(app.services.db, { appId: B, openId: `o${i}` }, 1)
        const step = run?.state.steps[1]
        if (step?.state !== 'sent') return false
        lateness.push((step.sentAt ?? 0) - (step.dueAt ?? 0))
        return true
      },
      { message: timeoutMessage, timeoutMs: TIMEOUT_MS },
    )
  }
  await load
  return Math.max(...lateness)
}

function follow(app: AppHarness, appId: string, count: number, concurrency: number): Promise<void> {
  const account = app.simulator.account(appId)
  return runConcurrently(count, concurrency, async (i) => {
    const { ok } = await account.follow(`o${i}`)
    if (!ok) throw new Error('WeChat got no accepted answer to a callback')
  })
}

function sent(app: AppHarness, appId: string): number {
  return app.simulator.account(appId).sends.filter((s) => s.errcode === 0).length
}

/** The sends in Temporal's task queue. */
async function backlog(app: AppHarness): Promise<number> {
  const { client } = app.services.temporal
  const answer = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: 'send' },
    taskQueueType: ACTIVITY_TASK_QUEUE,
    reportStats: true,
  })
  return Number(answer.stats?.approximateBacklogCount ?? 0)
}

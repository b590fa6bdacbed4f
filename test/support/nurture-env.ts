import { randomUUID } from 'node:crypto'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker'
import type { Activities, RecordInput, SendInput } from '../../activities/index.ts'
import type { LearnResult, TagResult } from '../../src/campaign/facts.ts'
import type { Entry, Interaction, Plan, PlanStep, Start } from '../../src/campaign/plan.ts'
import type { PresentedRun } from '../../src/campaign/present.ts'
import type { SendResult } from '../../src/campaign/send-result.ts'
import { createDataConverter } from '../../src/engine/codec.ts'
import { fastForward, runClock } from '../../src/engine/fast-forward.ts'
import { runLogSinks } from '../../src/engine/run-log.ts'
import { createRuns, type Runs } from '../../src/engine/runs.ts'
import { traceActivities, traceCalls } from '../../src/engine/trace-calls.ts'
import { bundleWorkflows } from '../../src/engine/workflow-bundle.ts'
import { workflowIdOf } from '../../src/ids.ts'
import { createLog } from '../../src/log.ts'
import { noTracing } from '../../src/tracing/tracing.ts'
import type { Ledger } from '../../src/wechat/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../../src/wechat/rules.ts'
import type { NurtureOutcome } from '../../workflows/follower-nurture.ts'
import { freshNamespace } from './namespace.ts'

let bundle: Promise<WorkflowBundle> | undefined

/** A real engine with a worker whose activities write down what they are asked, instead of calling WeChat. */
export interface NurtureEnv {
  client: Client
  runs: Runs
  follower(options?: { rules?: RulesProfileName }): TestFollower
  /** Starts the worker of an environment that was made `idle`. */
  work(): Promise<void>
  close(): Promise<void>
}

interface SentStep {
  stepId: string
  /** The follower's clock, ms since the entry. */
  afterMs: number
  paidBy: Scene
}

/** One follower with a series of its own: what it does, and what reached it. */
export interface TestFollower {
  openId: string
  workflowId: string
  /** Epoch ms (whole seconds) of the entry. */
  entryAt: number
  sent: SentStep[]
  records: RecordInput[]
  /** Answers the next sends; the last one stays. Default: every send succeeds. */
  answer(reply: (input: SendInput) => Promise<SendResult> | SendResult): void
  /** Who answers for tags and facts. Default: tagged, and nothing known. */
  wechat: { tags(): Promise<TagResult> | TagResult; knows(): Promise<LearnResult> | LearnResult }
  start(plan: Plan, scene?: Scene): Promise<void>
  interact(
    scene: Scene,
    options?: { text?: string; at?: number; start?: Start; ledger?: Ledger; key?: string },
  ): Promise<void>
  unfollow(at?: number): Promise<void>
  handle(): WorkflowHandle
  hop(ms: number): Promise<void>
  clock(): Promise<number>
  state(): Promise<PresentedRun>
  stateWhen(ready: (state: PresentedRun) => boolean): Promise<PresentedRun>
  outcome(): Promise<NurtureOutcome>
}

/**
 * Connects a worker to the engine at `address`.
 * @param encrypt as PAYLOAD_ENCRYPTION; stored histories are made readable
 */
export async function createNurtureEnv(
  address: string,
  { encrypt = true, idle = false, tracing = noTracing } = {},
): Promise<NurtureEnv> {
  bundle ??= bundleWorkflows()
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ])
  const namespace = await freshNamespace(address)
  const dataConverter = createDataConverter({ current: 'test-encryption-key' }, encrypt)
  const interceptors = { workflow: [traceCalls(tracing)] }
  const client = new Client({ connection, namespace, identity: 'test', dataConverter, interceptors })
  const runs = createRuns(client)
  const followers = new Map<string, FollowerDesk>()
  const desk = (openId: string) => {
    const found = followers.get(openId)
    if (!found) throw new Error(`no test follower ${openId}`)
    return found
  }
  const activities = createDeskActivities(desk)
  const taskQueue = 'nurture'
  const workflowBundle = await bundle
  const common = { connection: native, namespace, dataConverter }
  const sinks = runLogSinks(createLog('silent'))
  let workers: Worker[] = []
  let running: Promise<unknown> = Promise.resolve()
  const work = async () => {
    workers = await Promise.all([
      Worker.create({ ...common, taskQueue, workflowBundle, sinks, maxCachedWorkflows: 100 }),
      Worker.create({
        ...common,
        taskQueue: 'send',
        activities: { ...activities },
        interceptors: { activity: [traceActivities(tracing)] },
      }),
    ])
    running = Promise.all(workers.map((w) => w.run()))
  }
  if (!idle) await work()
  return {
    client,
    runs,
    work,
    follower: ({ rules = 'wechat-2023' } = {}) => {
      const openId = `o${randomUUID().slice(0, 12)}`
      const wechat: FollowerDesk['wechat'] = {
        tags: () => ({ result: 'tagged' }),
        knows: () => ({ facts: { tags: [], qrScene: '', subscribeScene: '' } }),
      }
      const one: FollowerDesk = { openId, entryAt: 0, sent: [], records: [], reply: null, wechat }
      followers.set(openId, one)
      return createTestFollower(client, runs, one, rules)
    },
    async close() {
      for (const w of workers) w.shutdown()
      await running
      await native.close()
      await connection.close()
    },
  }
}

interface FollowerDesk {
  openId: string
  entryAt: number
  sent: SentStep[]
  records: RecordInput[]
  reply: ((input: SendInput) => Promise<SendResult> | SendResult) | null
  wechat: TestFollower['wechat']
}

function createDeskActivities(desk: (openId: string) => FollowerDesk): Activities {
  const open = async () => {
    const { Context } = await import('@temporalio/activity')
    return desk(Context.current().info.workflowExecution?.workflowId.split('/')[2] ?? '')
  }
  return {
    async send(input) {
      const one = await open()
      const result: SendResult = one.reply
        ? await one.reply(input)
        : { result: 'sent', at: input.now, unclear: 0 }
      if (result.result === 'sent') {
        const stepId = input.state.steps[input.index]?.id ?? '?'
        one.sent.push({ stepId, afterMs: result.at - one.entryAt, paidBy: input.grant.scene })
      }
      return result
    },
    prepareMedia: async () => null,
    learnFacts: async () => (await open()).wechat.knows(),
    tagFollower: async () => (await open()).wechat.tags(),
    settle: async (input) => ({
      result: 'not-sent',
      reason: 'test',
      errcode: null,
      at: input.now,
      unclear: 0,
    }),
    async record(input) {
      ;(await open()).records.push(input)
    },
  }
}

let arrivals = 0

function createTestFollower(
  client: Client,
  runs: Runs,
  desk: FollowerDesk,
  rules: RulesProfileName,
): TestFollower {
  const appId = 'wxtest'
  const whose = { appId, openId: desk.openId }
  const workflowId = workflowIdOf(appId, desk.openId)
  const handle = () => client.workflow.getHandle(workflowId)
  const event = (scene: Scene, at: number, text: string | null, key: string = randomUUID()): Interaction => ({
    key,
    at,
    seq: ++arrivals,
    scene,
    allowance: allowanceOf(rules, scene),
    text,
  })
  const clock = async () => (await runClock(client, workflowId)) ?? Date.now()
  const wholeSecond = (at: number) => Math.floor(at / 1000) * 1000
  const follower: TestFollower = {
    openId: desk.openId,
    workflowId,
    get entryAt() {
      return desk.entryAt
    },
    sent: desk.sent,
    records: desk.records,
    wechat: desk.wechat,
    answer(reply) {
      desk.reply = reply
    },
    async start(plan, scene = 'subscribe') {
      desk.entryAt = wholeSecond(Date.now())
      const first = event(scene, desk.entryAt, null)
      await runs.startOrSignal(whose, startOf(first, plan), first, [])
    },
    async interact(scene, options = {}) {
      const at = options.at ?? wholeSecond(await clock())
      const heard = event(scene, at, options.text ?? null, options.key)
      if (options.start)
        await runs.startOrSignal(
          whose,
          options.start,
          { ...heard, start: options.start },
          options.ledger ?? [],
        )
      else await handle().signal('interaction', heard)
    },
    async unfollow(at) {
      const mark = { key: randomUUID(), at: at ?? wholeSecond(await clock()), seq: ++arrivals }
      await handle().signal('unsubscribed', mark)
    },
    handle,
    async hop(ms) {
      await fastForward(client, workflowId, ms)
    },
    clock,
    state: () => handle().query<PresentedRun>('state'),
    async stateWhen(ready) {
      for (let tries = 0; ; tries++) {
        const state = await follower.state()
        if (ready(state)) return state
        if (tries > 100) throw new Error(`never came to be: ${JSON.stringify(state)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    outcome: () => handle().result() as Promise<NurtureOutcome>,
  }
  return follower
}

/** The start that an entry event makes. */
function startOf(event: Interaction, plan: Plan): Start {
  const kind: Entry['event'] = event.scene === 'menu' ? 'click' : event.scene === 'pay' ? 'scan' : event.scene
  const entry = {
    at: event.at,
    seq: event.seq,
    key: event.key,
    event: kind,
    qrScene: null,
    eventKey: null,
    text: null,
  }
  return { entry, plan }
}

export function makeStart(plan: Plan, at: number): Start {
  const entry = {
    at,
    seq: ++arrivals,
    key: randomUUID(),
    event: 'subscribe' as const,
    qrScene: null,
    eventKey: null,
    text: null,
  }
  return { entry, plan }
}

/** A plan of the given steps, with the campaign format's defaults. */
export function planOf(
  steps: (Partial<PlanStep> & { id: string; afterMs: number })[],
  more: Partial<Plan> = {},
): Plan {
  return {
    campaign: 'welcome',
    version: 1,
    spacingMs: 2_000,
    windowMs: 48 * 3_600_000,
    exitKeywords: ['td'],
    ...more,
    steps: steps.map((s) => ({
      kind: 'text',
      media: false,
      since: 'entry',
      ifLate: 'hold',
      when: null,
      ...s,
    })),
  }
}

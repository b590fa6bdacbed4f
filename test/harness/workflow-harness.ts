import { randomUUID } from 'node:crypto'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import type { ActInput, Activities, RecordRunInput, SendInput } from '../../activities/index.ts'
import type { WorkerVersion } from '../../src/config/config.ts'
import { type ActResult, applySend } from '../../src/run/act.ts'
import type { FetchAttributesResult, TagResult } from '../../src/run/attributes.ts'
import type { HandoverResult } from '../../src/run/handover.ts'
import type { Entry, Interaction, Plan, PlanStep, RunStart } from '../../src/run/plan.ts'
import type { PresentedRun } from '../../src/run/present.ts'
import { completeRun } from '../../src/run/run-actions.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import type { Facts } from '../../src/shared/facts.ts'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { createLog } from '../../src/shared/log.ts'
import { advanceRunClock, readRunClock } from '../../src/temporal/advance-clock.ts'
import { createDataConverter } from '../../src/temporal/codec.ts'
import { createRunClient, type RunClient } from '../../src/temporal/run-client.ts'
import { runLogSinks } from '../../src/temporal/run-log-sinks.ts'
import { traceActivities, traceCalls } from '../../src/temporal/trace-calls.ts'
import { buildIdOf } from '../../src/temporal/workers.ts'
import { bundleWorkflows, type WorkflowCode } from '../../src/temporal/workflow-bundle/workflow-bundle.ts'
import { noopTracing } from '../../src/tracing/tracing.ts'
import type { Ledger } from '../../src/wechat/rules/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../../src/wechat/rules/rules.ts'
import type { NurtureResult } from '../../workflows/nurture-input.ts'
import { freshNamespace } from './fresh-namespace.ts'
import { waitFor } from './wait-for.ts'

let bundle: Promise<WorkflowCode> | undefined

/** A real Temporal server and a worker. Its activities record their calls instead of calling WeChat. */
export interface WorkflowHarness {
  client: Client
  runs: RunClient
  follower(options?: { rules?: RulesProfileName }): TestFollower
  /** Starts the worker of a harness that was created with `idle`. Runs stay on its `version`. */
  startWorkers(version?: WorkerVersion): Promise<void>
  stopWorkers(): Promise<void>
  close(): Promise<void>
}

interface SentStep {
  stepId: string
  /** The follower's clock, ms since the entry. */
  afterMs: number
  paidBy: Scene
}

type Recorded = Pick<RecordRunInput, 'state' | 'writtenAt'> & { with?: 'send' }

/** One follower with a run: the follower's actions, and the messages that arrived. */
export interface TestFollower {
  openId: string
  workflowId: string
  /** The time of the entry, epoch ms in whole seconds. */
  entryAt: number
  sent: SentStep[]
  /** The snapshots of `recordRun`, and the ends of runs that sends have written. */
  records: Recorded[]
  /** What steps without a message wrote to the store. */
  acts: ActInput[]
  /** The answers to the next sends. The last one repeats. By default every send succeeds. */
  answerSends(answer: (input: SendInput) => Promise<SendResult> | SendResult): void
  /** Has every local activity of the run throw an error with this message. */
  failLocally(message: string): void
  /** Answers the calls for tags, attributes and handovers. By default all succeed, and no attributes are known. */
  wechat: {
    tags(): Promise<TagResult> | TagResult
    attributes(): Promise<FetchAttributesResult> | FetchAttributesResult
    handover(agent: string): Promise<HandoverResult> | HandoverResult
  }
  start(plan: Plan, scene?: Scene): Promise<void>
  interact(
    scene: Scene,
    options?: {
      text?: string
      at?: number
      start?: RunStart
      ledger?: Ledger
      key?: string
      eventKey?: string
      /** The key of the run that the start replaces. */
      replaces?: string
    },
  ): Promise<void>
  /** Tells the run of facts, tags or the click of a link. */
  tell(news: { facts: Facts } | { tags: string[] } | { link: string }): Promise<void>
  unfollow(at?: number): Promise<void>
  handle(): WorkflowHandle
  advance(ms: number): Promise<void>
  clock(): Promise<number>
  state(): Promise<PresentedRun>
  waitForState(ready: (state: PresentedRun) => boolean): Promise<PresentedRun>
  outcome(): Promise<NurtureResult>
}

/**
 * Connects a worker to the Temporal server at `address`.
 * @param encrypt as PAYLOAD_ENCRYPTION; stored histories are not encrypted
 */
export async function startWorkflowHarness(
  address: string,
  { encrypt = true, idle: withoutWorkers = false, tracing = noopTracing } = {},
): Promise<WorkflowHarness> {
  bundle ??= bundleWorkflows()
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ])
  const namespace = await freshNamespace(address)
  const dataConverter = createDataConverter({ current: 'test-encryption-key' }, encrypt)
  const interceptors = { workflow: [traceCalls(tracing)] }
  const client = new Client({ connection, namespace, identity: 'test', dataConverter, interceptors })
  const runs = createRunClient(client)
  const followers = new Map<string, FollowerRecord>()
  const findFollower = (openId: string) => {
    const found = followers.get(openId)
    if (!found) throw new Error(`unknown test follower ${openId}`)
    return found
  }
  const activities = createFakeActivities(findFollower)
  const taskQueue = 'nurture'
  const workflowBundle = await bundle
  const common = { connection: native, namespace, dataConverter, identity: 'test' }
  const sinks = runLogSinks(createLog('silent'))
  let workers: Worker[] = []
  let running: Promise<unknown> = Promise.resolve()
  const startWorkers = async (version?: WorkerVersion) => {
    workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue,
        workflowBundle,
        ...(version
          ? {
              workerDeploymentOptions: {
                version,
                useWorkerVersioning: true,
                defaultVersioningBehavior: 'PINNED',
              },
            }
          : { buildId: buildIdOf(workflowBundle) }),
        sinks,
        maxCachedWorkflows: 100,
        activities: { ...activities },
        enableNonLocalActivities: false,
        interceptors: { activity: [traceActivities(tracing)] },
      }),
      Worker.create({
        ...common,
        taskQueue: 'send',
        activities: { ...activities },
        interceptors: { activity: [traceActivities(tracing)] },
      }),
    ])
    running = Promise.all(workers.map((w) => w.run()))
  }
  const stopWorkers = async () => {
    for (const w of workers) w.shutdown()
    workers = []
    await running
  }
  if (!withoutWorkers) await startWorkers()
  return {
    client,
    runs,
    startWorkers,
    stopWorkers,
    follower: ({ rules = 'wechat-2023' } = {}) => {
      const openId = `o${randomUUID().slice(0, 12)}`
      const wechat: FollowerRecord['wechat'] = {
        tags: () => ({ result: 'tagged' }),
        attributes: () => ({ attributes: { tags: [], qrScene: '', subscribeScene: '' } }),
        handover: () => ({ result: 'opened', at: Date.now() }),
      }
      const follower: FollowerRecord = {
        openId,
        entryAt: 0,
        sent: [],
        records: [],
        acts: [],
        answer: null,
        localFailure: null,
        wechat,
      }
      followers.set(openId, follower)
      return createTestFollower(client, runs, follower, rules)
    },
    async close() {
      await stopWorkers()
      await native.close()
      await connection.close()
    },
  }
}

interface FollowerRecord {
  openId: string
  entryAt: number
  sent: SentStep[]
  acts: ActInput[]
  records: Recorded[]
  answer: ((input: SendInput) => Promise<SendResult> | SendResult) | null
  localFailure: string | null
  wechat: TestFollower['wechat']
}

function createFakeActivities(findFollower: (openId: string) => FollowerRecord): Activities {
  const currentFollower = async () => {
    const { Context } = await import('@temporalio/activity')
    return findFollower(Context.current().info.workflowExecution?.workflowId.split('/')[2] ?? '')
  }
  const send: Activities['send'] = async (input) => {
    const follower = await currentFollower()
    const result: SendResult = follower.answer
      ? await follower.answer(input)
      : { result: 'sent', at: input.now, unclear: 0 }
    if (result.result === 'sent') {
      const stepId = input.state.steps[input.index]?.id ?? '?'
      follower.sent.push({ stepId, afterMs: result.at - follower.entryAt, paidBy: input.grant.scene })
      if (input.completesRun) {
        const { state, index, grant } = input
        const after = applySend(state, index, { grant, grants: state.ledger }, result, input.effects?.acts)
        follower.records.push({ state: completeRun(after, result.at), with: 'send' })
        return { ...result, completedRun: true }
      }
    }
    return result
  }
  return {
    send,
    // A test that answers sends itself does so in the `send` activity, which has retries.
    sendNow: async (input) => {
      const { localFailure, answer } = await currentFollower()
      if (localFailure) throw new Error(localFailure)
      return answer ? null : send(input)
    },
    prepareMedia: async () => null,
    fetchFollowerAttributes: async () => (await currentFollower()).wechat.attributes(),
    tagFollower: async () => (await currentFollower()).wechat.tags(),
    handOver: async ({ agent }) => (await currentFollower()).wechat.handover(agent),
    async act(input): Promise<ActResult> {
      const { acts } = await currentFollower()
      acts.push(input)
      return { result: 'done' }
    },
    resolveUnanswered: async (input) => ({
      result: 'not-sent',
      reason: 'test',
      errcode: null,
      at: input.now,
      unclear: 0,
    }),
    async recordRun(input) {
      const { Context } = await import('@temporalio/activity')
      const { localFailure, records } = await currentFollower()
      if (localFailure && Context.current().info.isLocal) throw new Error(localFailure)
      records.push(input)
      return []
    },
  }
}

let lastSeq = 0

function createTestFollower(
  client: Client,
  runs: RunClient,
  record: FollowerRecord,
  rules: RulesProfileName,
): TestFollower {
  const appId = 'wxtest'
  const followerKey = { appId, openId: record.openId }
  const workflowId = workflowIdOf(appId, record.openId)
  const handle = () => client.workflow.getHandle(workflowId)
  const event = (scene: Scene, at: number, text: string | null, key: string = randomUUID()): Interaction => ({
    key,
    at,
    seq: ++lastSeq,
    scene,
    allowance: allowanceOf(rules, scene),
    text,
  })
  const clock = async () => (await readRunClock(client, workflowId)) ?? Date.now()
  const toWholeSecond = (at: number) => Math.floor(at / 1000) * 1000
  const follower: TestFollower = {
    openId: record.openId,
    workflowId,
    get entryAt() {
      return record.entryAt
    },
    sent: record.sent,
    records: record.records,
    acts: record.acts,
    wechat: record.wechat,
    answerSends(answer) {
      record.answer = answer
    },
    failLocally(message) {
      record.localFailure = message
    },
    async start(plan, scene = 'subscribe') {
      record.entryAt = toWholeSecond(Date.now())
      const first = event(scene, record.entryAt, null)
      await runs.startOrSignal(followerKey, { ...first, start: startOf(first, plan) }, [])
    },
    async interact(scene, options = {}) {
      const at = options.at ?? toWholeSecond(await clock())
      const { eventKey, replaces } = options
      const interaction = {
        ...event(scene, at, options.text ?? null, options.key),
        ...(eventKey === undefined ? {} : { eventKey }),
        ...(replaces === undefined ? {} : { replaces }),
      }
      if (options.start)
        await runs.startOrSignal(followerKey, { ...interaction, start: options.start }, options.ledger ?? [])
      else await handle().signal('interaction', interaction)
    },
    async tell(news) {
      const mark = { key: randomUUID(), at: toWholeSecond(await clock()), seq: ++lastSeq }
      await handle().signal('told', { ...mark, ...news })
    },
    async unfollow(at) {
      const mark = { key: randomUUID(), at: at ?? toWholeSecond(await clock()), seq: ++lastSeq }
      await handle().signal('unsubscribed', mark)
    },
    handle,
    async advance(ms) {
      await advanceRunClock(client, workflowId, ms)
    },
    clock,
    state: () => handle().query<PresentedRun>('state'),
    async waitForState(ready) {
      return waitFor(() => follower.state(), { until: ready })
    },
    outcome: () => handle().result() as Promise<NurtureResult>,
  }
  return follower
}

/** The workflow input that an entry event produces. */
function startOf(event: Interaction, plan: Plan): RunStart {
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

export function makeStart(plan: Plan, at: number): RunStart {
  const entry = {
    at,
    seq: ++lastSeq,
    key: randomUUID(),
    event: 'subscribe' as const,
    qrScene: null,
    eventKey: null,
    text: null,
  }
  return { entry, plan }
}

/** A plan of the given steps, with the defaults of the campaign format. */
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

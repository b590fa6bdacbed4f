import { ApplicationFailure } from '@temporalio/activity'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { and, asc, eq } from 'drizzle-orm'
import type { SendInput } from '../../activities/index.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import type { Services } from '../../src/bootstrap/services.ts'
import { type ActResult, doneStep, effectsOf } from '../../src/run/act.ts'
import type { HandoverResult } from '../../src/run/handover.ts'
import type { LostSend } from '../../src/run/lost-sends.ts'
import type { Plan } from '../../src/run/plan.ts'
import { beginSend, type SendResult } from '../../src/run/send-result.ts'
import type { RunState, StepState } from '../../src/run/state.ts'
import { createSimulator, type Fault, type SimAccount, type Simulator } from '../../src/simulator/index.ts'
import type { NewAccount } from '../../src/store/accounts/account.ts'
import type { Db } from '../../src/store/db.ts'
import { type Delivery, readDelivery, type SendKey } from '../../src/store/runs/deliveries.ts'
import { insertRun, type RunRow, runsByFollower } from '../../src/store/runs/run-rows.ts'
import { inbox } from '../../src/store/schema.ts'
import { addGrant, type Grant } from '../../src/wechat/rules/ledger.ts'
import { allowanceOf } from '../../src/wechat/rules/rules.ts'
import { testAccount } from '../fixtures/test-account.ts'
import { createOfflineServices, type OfflineServicesOptions } from './offline-services.ts'
import { publishCampaign } from './publish-campaign.ts'
import { waitFor } from './wait-for.ts'

interface ScenarioOptions {
  account?: Partial<NewAccount>
  /** The steps in YAML; one text by default. */
  steps?: string
}

interface TaskOptions {
  /** How long ago the activity, and this attempt, were scheduled, ms. */
  scheduledMsAgo?: number
  onHeartbeat?: () => void
  /** From 1. */
  attempt?: number
}

interface AccountAndCampaign {
  appId: string
  campaign: string
}

const HOUR = 3_600_000
const TEMPORAL_RUN_ID = '00000000-0000-0000-0000-000000000001'
const ONE_TEXT = '  - { id: hello, after: 0s, since: entry, send: { text: 你好 } }'

/** The services as in production, with a simulated WeChat and without Temporal. Tests call the activities directly. */
export async function startSendHarness(
  options: Pick<OfflineServicesOptions, 'onStatement'> = {},
): Promise<SendHarness> {
  const clock = { aheadMs: 0 }
  const { services, store } = await createOfflineServices({
    ...options,
    now: () => Date.now() + clock.aheadMs,
  })
  const server = await listen(services.callbackApp, 0, '127.0.0.1')
  const simulator = createSimulator()
  const { url: apiBase } = await simulator.listen(0)
  const close = async () => {
    await simulator.close()
    await server.close()
    // The connection to Temporal stays open: the SDK retries a wake-up in the background by a timer, which throws where
    // nothing catches it once its channel is closed.
    await store.close()
  }
  return new SendHarness({ services, simulator, clock, callbackUrl: server.url, apiBase, close })
}

interface HarnessParts {
  services: Services
  simulator: Simulator
  clock: { aheadMs: number }
  callbackUrl: string
  apiBase: string
  close(): Promise<void>
}

export class SendHarness {
  readonly services: Services
  readonly simulator: Simulator
  private readonly parts: HarnessParts
  private accounts = 0
  private followers = 0

  constructor(parts: HarnessParts) {
    this.parts = parts
    this.services = parts.services
    this.simulator = parts.simulator
  }

  /** Adds an account with a campaign, and a follower who has just typed a message. */
  async scenario({ account = {}, steps = ONE_TEXT }: ScenarioOptions = {}): Promise<SendScenario> {
    return this.newFollower(await this.newAccount(account, steps))
  }

  /** Adds the run of another follower. A typed message is its entry and opens the grant. */
  async newFollower({ appId, campaign }: AccountAndCampaign): Promise<SendScenario> {
    const { services, simulator } = this
    const openId = `oSend${String(++this.followers).padStart(4, '0')}`
    const wechat = simulator.account(appId)
    await wechat.follow(openId)
    await wechat.type(openId, '你好')
    const row = await findEntryRow(services.db, appId, openId)
    const matched = await services.configCache.planOf(campaign, 1, appId, row.createTime)
    const ledger = addGrant([], 'message', row.createTime, allowanceOf('wechat-2023', 'message'))
    const [grant] = ledger
    if (!matched || !grant) throw new Error('the message matched no campaign, or opened no grant')
    const entry = {
      at: row.createTime,
      seq: row.id,
      key: row.dedupeKey,
      event: 'message' as const,
      qrScene: null,
      eventKey: null,
      text: '你好',
    }
    const { plan } = matched
    await insertRun(services.db, { appId, openId }, { entry, plan }, ledger, Date.now())
    const scenario = new SendScenario(this, { appId, openId, campaign, wechat, grant, plan, entry })
    await scenario.rememberState()
    return scenario
  }

  /** Advances the clock of the services, but not WeChat's. */
  advanceClock(ms: number): void {
    this.parts.clock.aheadMs += ms
  }

  close(): Promise<void> {
    return this.parts.close()
  }

  private async newAccount(account: Partial<NewAccount>, steps: string): Promise<AccountAndCampaign> {
    const { services, simulator, parts } = this
    const number = String(++this.accounts).padStart(4, '0')
    const full = testAccount({ appId: `wxsendtest${number}`, apiBase: parts.apiBase, ...account })
    const { appId, appSecret, token, encodingAesKey, mode } = full
    await services.accounts.add(full)
    const callbackUrl = `${parts.callbackUrl}/wechat/${appId}`
    simulator.addAccount({ appId, appSecret, token, encodingAesKey, mode, callbackUrl })
    const yaml = `id: c${number}\nname: test\naccounts: [${appId}]\nentry: { event: message }\nsteps:\n${steps}\n`
    return { appId, campaign: (await publishCampaign(services, yaml)).id }
  }
}

interface ScenarioParts extends AccountAndCampaign {
  openId: string
  wechat: SimAccount
  grant: Grant
  plan: Plan
  entry: SendKey['entry'] & { key: string }
}

/** A follower's run with a message grant and a due step. */
export class SendScenario {
  readonly appId: string
  readonly openId: string
  readonly campaign: string
  readonly wechat: SimAccount
  readonly grant: Grant
  private readonly harness: SendHarness
  private readonly parts: ScenarioParts
  /** Attempts of the activity `send` so far. */
  private attempts = 0
  /** The ledger at the start of the run. */
  private state!: RunState

  constructor(harness: SendHarness, parts: ScenarioParts) {
    this.harness = harness
    this.parts = parts
    this.appId = parts.appId
    this.openId = parts.openId
    this.campaign = parts.campaign
    this.wechat = parts.wechat
    this.grant = parts.grant
  }

  async rememberState(): Promise<void> {
    this.state = (await this.run()).state
  }

  key(stepId = this.stepId(0)): SendKey {
    const { appId, openId, campaign } = this
    const { entry } = this.parts
    return { runKey: entry.key, stepId, appId, openId, campaign, entry }
  }

  input(more: Partial<SendInput> = {}): SendInput {
    const { index = 0 } = more
    const { grant, state } = this
    const { plan } = this.parts
    const step = plan.steps[index]
    const effects = step ? effectsOf(plan, state, step) : null
    const given = { state: beginSend(state, index), index, grant, leftMs: HOUR, now: Date.now() }
    const typing = step?.typingMs === undefined ? {} : { typingMs: step.typingMs }
    return { ...given, ...typing, ...(effects ? { effects } : {}), ...more }
  }

  /** Executes one attempt of the activity `send`. */
  async send(more?: Partial<SendInput>, task: TaskOptions = {}): Promise<SendResult> {
    const environment = this.environment({ ...task, attempt: ++this.attempts })
    if (task.onHeartbeat) environment.on('heartbeat', task.onHeartbeat)
    return environment.run(this.harness.services.activities.send, this.input(more))
  }

  /** Executes the local activity `sendNow`; this process knows the account's access token. */
  async sendNow(more?: Partial<SendInput>): Promise<SendResult | null> {
    const { tokens } = this.harness.services
    if (tokens.currentToken(this.appId) === null) await tokens.getToken(this.appId)
    return this.environment().run(this.harness.services.activities.sendNow, this.input(more))
  }

  /** Executes `sendNow` as in a process that knows no access token of the account, unless one was fetched. */
  sendNowWithoutToken(): Promise<SendResult | null> {
    return this.environment().run(this.harness.services.activities.sendNow, this.input())
  }

  /** Executes the activity of a step without a message. */
  async act(index: number): Promise<ActResult> {
    const { effects } = this.input({ index })
    if (!effects) throw new Error(`step ${index} writes nothing`)
    const input = doneStep(this.state, index, effects, Date.now())
    return this.environment().run(this.harness.services.activities.act, input)
  }

  /** Executes one attempt to hand the follower over to a human agent. */
  handOver(agent: string, task: TaskOptions = {}): Promise<HandoverResult> {
    const input = { step: this.stepId(0), agent, now: Date.now(), leftMs: HOUR }
    return this.environment(task).run(this.harness.services.activities.handOver, input)
  }

  async prepareMedia(more?: Partial<SendInput>): Promise<SendResult | null> {
    return this.environment().run(this.harness.services.activities.prepareMedia, this.input(more))
  }

  async resolveUnanswered(): Promise<SendResult> {
    return this.environment().run(this.harness.services.activities.resolveUnanswered, this.input())
  }

  /** Records a snapshot with this first step, as the workflow does with local sends. */
  recordWithStep(step: Partial<StepState>): Promise<LostSend[]> {
    const [first, ...others] = this.state.steps
    const steps = first ? [{ ...first, ...step }, ...others] : []
    const state = { ...this.state, revision: this.state.revision + 1, steps }
    const snapshot = { state, plan: this.parts.plan, runId: TEMPORAL_RUN_ID, writtenAt: Date.now() }
    return this.environment().run(this.harness.services.activities.recordRun, snapshot)
  }

  delivery(stepId = this.stepId(0)): Promise<Delivery | null> {
    return readDelivery(this.harness.services.db, this.parts.entry.key, stepId)
  }

  async waitForDelivery(ready: (row: Delivery) => boolean): Promise<Delivery> {
    const row = await waitFor(() => this.delivery(), { until: (found) => found !== null && ready(found) })
    // `until` has checked it.
    return row as Delivery
  }

  async run(): Promise<RunRow> {
    const [found] = await runsByFollower(this.harness.services.db, this, 1)
    if (!found) throw new Error('no run')
    return found
  }

  /** The first step in the stored snapshot of the run. */
  async step(): Promise<StepState | undefined> {
    return (await this.run()).state.steps[0]
  }

  /** WeChat's results for the requests of this follower. */
  verdicts(): number[] {
    const sends = this.wechat.sends.filter((s) => s.openId === this.openId)
    return sends.flatMap((s) => (s.errcode === null ? [] : [s.errcode]))
  }

  /** The messages that the follower received. */
  received(): unknown[] {
    const messages = this.wechat.messages(this.openId)
    return messages.filter((m) => m.via === 'custom').map((m) => m.content)
  }

  fault(fault: Fault): void {
    this.harness.simulator.fault({ api: 'custom/send', appId: this.appId, ...fault })
  }

  async accountState(): Promise<{ state: string; reason: string | null; until: number | null } | null> {
    const found = await this.harness.services.accounts.find(this.appId)
    return found && { state: found.state, reason: found.stateReason, until: found.stateUntil }
  }

  /** Another follower of the same account and campaign. */
  anotherFollower(): Promise<SendScenario> {
    return this.harness.newFollower(this)
  }

  private stepId(index: number): string {
    return this.parts.plan.steps[index]?.id ?? '?'
  }

  private environment({ scheduledMsAgo = 0, attempt = 1 }: TaskOptions = {}): MockActivityEnvironment {
    const scheduledAt = Date.now() - scheduledMsAgo
    const workflowId = `nurture/${this.appId}/${this.openId}`
    return new MockActivityEnvironment(
      {
        attempt,
        workflowExecution: { workflowId, runId: TEMPORAL_RUN_ID },
        scheduledTimestampMs: scheduledAt,
        currentAttemptScheduledTimestampMs: scheduledAt,
      },
      { logger: new DefaultLogger('ERROR', () => {}) },
    )
  }
}

/** The inbox row of the follower's message. */
async function findEntryRow(db: Db, appId: string, openId: string) {
  const [row] = await db
    .select()
    .from(inbox)
    .where(and(eq(inbox.appId, appId), eq(inbox.openId, openId), eq(inbox.kind, 'text')))
    .orderBy(asc(inbox.id))
  if (!row?.event?.start) throw new Error('the message was not accepted as an entry')
  return row
}

/** The failure of an attempt. @throws Error when the attempt succeeded */
export async function failureOf(
  attempt: Promise<unknown>,
): Promise<{ type: string; message: string; delayMs: number }> {
  const outcome: unknown = await attempt.then(
    (value) => new Error(`the attempt did not fail: ${JSON.stringify(value)}`),
    (err) => err,
  )
  if (!(outcome instanceof ApplicationFailure)) throw outcome
  const { type, message, nextRetryDelay, nonRetryable } = outcome
  if (nonRetryable || typeof nextRetryDelay !== 'number') throw new Error(`no retry after: ${message}`)
  return { type: type ?? '', message, delayMs: nextRetryDelay }
}

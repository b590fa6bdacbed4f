import { ApplicationFailure } from '@temporalio/activity'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { and, asc, eq } from 'drizzle-orm'
import { pino } from 'pino'
import type { SendInput } from '../../activities/index.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import { checkCampaign } from '../../src/campaign/check.ts'
import { beginSend, type SendResult } from '../../src/run/send-result.ts'
import type { RunState } from '../../src/run/state.ts'
import { createSimulator, type Fault, type SimAccount, type Simulator } from '../../src/simulator/index.ts'
import type { NewAccount } from '../../src/store/accounts/account-store.ts'
import { openStore } from '../../src/store/db.ts'
import { type Delivery, readDelivery, type SendKey } from '../../src/store/runs/deliveries.ts'
import { insertRun, type RunRow, runsByFollower } from '../../src/store/runs/run-rows.ts'
import { inbox } from '../../src/store/schema.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { addGrant, type Grant } from '../../src/wechat/rules/ledger.ts'
import { allowanceOf } from '../../src/wechat/rules/rules.ts'

/** The product as it is wired for production, with a WeChat to send to, and no engine: tests call its activities. */
export interface SendHarness {
  services: Services
  simulator: Simulator
  /** An account of its own with a campaign of its own, and a follower who has just typed something. */
  scenario(options?: ScenarioOptions): Promise<SendScenario>
  /** Puts the product's clock ahead, and leaves WeChat's. */
  advanceClock(ms: number): void
  close(): Promise<void>
}

interface ScenarioOptions {
  account?: Partial<NewAccount>
  /** YAML of the steps; one text when absent. */
  steps?: string
}

/** A run of one follower that has a message grant, and a step that is due. */
export interface SendScenario {
  appId: string
  openId: string
  campaign: string
  wechat: SimAccount
  grant: Grant
  key(stepId?: string): SendKey
  input(more?: Partial<SendInput>): SendInput
  /** One attempt of the activity. */
  send(more?: Partial<SendInput>, task?: TaskOptions): Promise<SendResult>
  prepareMedia(more?: Partial<SendInput>): Promise<SendResult | null>
  resolveUnanswered(): Promise<SendResult>
  /** The delivery row. */
  delivery(stepId?: string): Promise<Delivery | null>
  waitForDelivery(ready: (row: Delivery) => boolean): Promise<Delivery>
  run(): Promise<RunRow>
  /** The first step, as the run's snapshot in the store has it. */
  step(): Promise<RunState['steps'][number] | undefined>
  /** WeChat's verdicts on what reached it for this follower. */
  verdicts(): number[]
  /** What the follower got. */
  received(): unknown[]
  fault(fault: Fault): void
  accountState(): Promise<{ state: string; reason: string | null; until: number | null } | null>
  /** Another follower of the same account and campaign. */
  anotherFollower(): Promise<SendScenario>
}

interface TaskOptions {
  /** How long ago the activity and this attempt were scheduled, ms. */
  scheduledMsAgo?: number
  onHeartbeat?: () => void
}

const TEST_AES_KEY = 'testxaesxkeyxtestxaesxkeyxtestxaesxkeyxtest'
const HOUR = 3_600_000
const ONE_TEXT = '  - { id: hello, after: 0s, since: entry, send: { text: 你好 } }'

export async function startSendHarness(): Promise<SendHarness> {
  const store = await openStore({ dataDir: null })
  const log = pino({ level: 'silent' })
  // Nobody is there: an activity that asks the engine for anything fails its test.
  const link = connectTemporal({ namespace: 'none', connection: { address: '127.0.0.1:9' } }, 'test')
  const config = { wechatApiBase: 'http://127.0.0.1:9', callbackMaxAgeMs: 600_000, retentionDays: 30 }
  let aheadMs = 0
  const now = () => Date.now() + aheadMs
  const encryptionKey = 'test-encryption-key'
  const services = createServices({ config, db: store.db, link, encryptionKey, log, now })
  const server = await listen(services.callback, 0, '127.0.0.1')
  const simulator = createSimulator()
  const { url: apiBase } = await simulator.listen(0)
  let accounts = 0
  let followers = 0

  async function openAccount(account: Partial<NewAccount>, steps: string) {
    const number = String(++accounts).padStart(4, '0')
    const full: NewAccount = {
      appId: `wxsendtest${number}`,
      name: '测试账号',
      mode: 'security',
      appSecret: 'test-secret',
      token: 'test-token',
      encodingAesKey: TEST_AES_KEY,
      rules: 'wechat-2023',
      onUnknown: 'retry',
      timezone: 'Asia/Shanghai',
      apiBase,
      humanAgents: false,
      ...account,
    }
    const { appId, appSecret, token, encodingAesKey, mode } = full
    await services.accounts.add(full)
    const callbackUrl = `${server.url}/wechat/${appId}`
    simulator.addAccount({ appId, appSecret, token, encodingAesKey, mode, callbackUrl })
    const yaml = `id: c${number}\nname: test\naccounts: [${appId}]\nentry: { event: message }\nsteps:\n${steps}\n`
    const { campaign, issues } = checkCampaign(yaml)
    if (!campaign) throw new Error(JSON.stringify(issues))
    await services.campaigns.publish(yaml, campaign, [])
    await services.changed()
    return { appId, campaign: campaign.id }
  }

  async function openScenario(at: { appId: string; campaign: string }): Promise<SendScenario> {
    const { appId, campaign } = at
    const openId = `oSend${String(++followers).padStart(4, '0')}`
    const followerKey = { appId, openId }
    const wechat = simulator.account(appId)
    await wechat.follow(openId)
    await wechat.type(openId, '你好')
    const row = await findInboxRow(followerKey)
    const matched = await services.directory.planOf(campaign, 1)
    const allowance = allowanceOf('wechat-2023', 'message')
    const ledger = addGrant([], 'message', row.createTime, allowance)
    const [grant] = ledger
    if (!matched || !grant) throw new Error('no plan, or no grant')
    const entry = {
      at: row.createTime,
      seq: row.id,
      key: row.key,
      event: 'message' as const,
      qrScene: null,
      eventKey: null,
      text: '你好',
    }
    await insertRun(store.db, followerKey, { entry, plan: matched.plan }, ledger, Date.now())
    const runId = '00000000-0000-0000-0000-000000000001'

    const run = async () => {
      const [found] = await runsByFollower(store.db, followerKey, 1)
      if (!found) throw new Error('no run')
      return found
    }
    const begun = (await run()).state
    const stepIdOf = (index: number) => matched.plan.steps[index]?.id ?? '?'
    const input = (more: Partial<SendInput> = {}): SendInput => {
      const index = more.index ?? 0
      return { state: beginSend(begun, index), index, grant, leftMs: HOUR, now: Date.now(), ...more }
    }
    const environment = ({ scheduledMsAgo = 0 }: TaskOptions = {}) =>
      new MockActivityEnvironment(
        {
          workflowExecution: { workflowId: `nurture/${appId}/${openId}`, runId },
          scheduledTimestampMs: Date.now() - scheduledMsAgo,
          currentAttemptScheduledTimestampMs: Date.now() - scheduledMsAgo,
        },
        { logger: new DefaultLogger('ERROR', () => {}) },
      )
    const { send, prepareMedia, resolveUnanswered: settle } = services.activities
    const key = (stepId = stepIdOf(0)) => ({ runKey: entry.key, stepId, ...followerKey, campaign, entry })
    const scenario: SendScenario = {
      ...followerKey,
      campaign,
      wechat,
      grant,
      key,
      input,
      async send(more, task = {}) {
        const env = environment(task)
        if (task.onHeartbeat) env.on('heartbeat', task.onHeartbeat)
        return env.run(send, input(more))
      },
      prepareMedia: async (more) => environment().run(prepareMedia, input(more)),
      resolveUnanswered: async () => environment().run(settle, input()),
      delivery: (stepId = stepIdOf(0)) => readDelivery(store.db, entry.key, stepId),
      async waitForDelivery(ready) {
        for (let tries = 0; ; tries++) {
          const found = await scenario.delivery()
          if (found && ready(found)) return found
          if (tries > 500) throw new Error(`never came to be: ${JSON.stringify(found)}`)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      },
      run,
      step: async () => (await run()).state.steps[0],
      verdicts: () =>
        wechat.sends.flatMap((s) => (s.openId === openId && s.errcode !== null ? [s.errcode] : [])),
      received: () =>
        wechat
          .messages(openId)
          .filter((m) => m.via === 'custom')
          .map((m) => m.content),
      fault: (fault) => simulator.fault({ api: 'custom/send', appId, ...fault }),
      async accountState() {
        const found = await services.accounts.find(appId)
        return found && { state: found.state, reason: found.stateReason, until: found.stateUntil }
      },
      anotherFollower: () => openScenario(at),
    }
    return scenario
  }

  async function findInboxRow({ appId, openId }: { appId: string; openId: string }) {
    const [row] = await store.db
      .select()
      .from(inbox)
      .where(and(eq(inbox.appId, appId), eq(inbox.openId, openId), eq(inbox.kind, 'text')))
      .orderBy(asc(inbox.id))
    if (!row?.event?.start) throw new Error('the message was not accepted as an entry')
    return row
  }

  return {
    services,
    simulator,
    scenario: async ({ account = {}, steps = ONE_TEXT } = {}) =>
      openScenario(await openAccount(account, steps)),
    advanceClock: (ms) => {
      aheadMs += ms
    },
    async close() {
      await simulator.close()
      await server.close()
      // The link stays open: a wake-up in the background is tried again by a timer of the SDK's, which throws where nobody
      // hears it once its channel is closed.
      await store.close()
    },
  }
}

/** How an attempt failed; throws when it did not. */
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

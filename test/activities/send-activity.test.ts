import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { applySendResult } from '../../src/run/send-result.ts'
import { changeStep } from '../../src/run/state.ts'
import { nextDayInBeijing } from '../../src/shared/beijing-time.ts'
import { removeAccount } from '../../src/store/accounts/removed-accounts.ts'
import { saveMedium } from '../../src/store/campaigns/media-store.ts'
import { markDispatched } from '../../src/store/inbox/inbox-rows.ts'
import { recordAttempt, recordIntent } from '../../src/store/runs/deliveries.ts'
import { saveFollower } from '../../src/store/runs/follower-rows.ts'
import { REDACTION_NOTE } from '../../src/store/runs/run-snapshots.ts'
import { deliveries, inbox } from '../../src/store/schema.ts'
import { remedyOf } from '../../src/wechat/rules/errcodes.ts'
import { rejectRunWrites, rejectWrites } from '../fixtures/refuse-writes.ts'
import { failureOf, type SendHarness, type SendScenario, startSendHarness } from '../harness/send-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

let harness: SendHarness
beforeAll(async () => {
  harness = await startSendHarness()
})
afterAll(() => harness?.close())

/** The counted sends with this result and errcode. */
async function counted(result: string, errcode: string): Promise<number> {
  const { values } = await harness.services.metrics.sends.get()
  return values.find((v) => v.labels.result === result && v.labels.errcode === errcode)?.value ?? 0
}

/** The faults of an account that no request has consumed yet. */
const faultsLeft = (scenario: SendScenario) =>
  harness.simulator.wechat.faults
    .list()
    .filter((f) => f.appId === scenario.appId)
    .reduce((n, f) => n + (f.times ?? 1), 0)

const usedIn = async (scenario: SendScenario) => (await scenario.run()).state.ledger.map((g) => g.used)

describe('a step that WeChat accepts', () => {
  it('is sent once, and recorded in the delivery, the snapshot and the metrics', async () => {
    const scenario = await harness.scenario()
    const before = await counted('sent', '0')
    const result = await scenario.send()
    expect(result).toMatchObject({ result: 'sent', unclear: 0 })
    expect(scenario.received()).toEqual([{ content: '你好' }])
    expect(scenario.verdicts()).toEqual([0])
    expect(await scenario.delivery()).toMatchObject({
      state: 'sent',
      attempts: 1,
      unclear: 0,
      sentAt: result.at,
      reason: null,
      errcode: null,
    })
    expect(await scenario.step()).toMatchObject({ state: 'sent', sentAt: result.at })
    expect(await usedIn(scenario)).toEqual([1])
    expect(await counted('sent', '0')).toBe(before + 1)
  })

  it('has its intent in the store before the request is judged', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ latencyMs: 400 })
    const sending = scenario.send()
    expect(await scenario.waitForDelivery((r) => r.state === 'sending')).toMatchObject({
      attempts: 1,
      sentAt: null,
    })
    expect(scenario.verdicts()).toEqual([])
    expect(await sending).toMatchObject({ result: 'sent' })
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', attempts: 1 })
  })

  it('is not sent again by a worker that retries after the result was recorded', async () => {
    const scenario = await harness.scenario()
    const first = await scenario.send()
    expect(await scenario.send()).toEqual(first)
    expect(scenario.verdicts()).toEqual([0])
  })
})

describe('a step that WeChat accepts, and whose snapshot the store always rejects', () => {
  it.each([
    ['reduced', "NEW.state::text LIKE '%refuse me%'", '22P05'],
    ['nothing', 'NEW.revision > 0', '54000'],
  ] as const)('is sent once, and an operator sees it (%s)', async (kept, when, code) => {
    const scenario = await harness.scenario()
    const goodAgain = await rejectRunWrites(harness.services.db, when, code)
    onTestFinished(goodAgain)
    const input = scenario.input()
    const state = { ...input.state, reply: { at: input.now, text: 'refuse me' } }
    const before = await reduced(kept)
    const first = await scenario.send({ state })
    expect(first).toMatchObject({ result: 'sent', warning: REDACTION_NOTE })
    // As after a worker that died before it reported to Temporal.
    expect(await scenario.send({ state })).toMatchObject({ result: 'sent', at: first.at })
    expect(scenario.verdicts()).toEqual([0])
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', attempts: 1 })
    expect(await reduced(kept)).toBeGreaterThan(before)
    expect(applySendResult(state, 0, { grant: input.grant, grants: [] }, first).warnings).toEqual([
      REDACTION_NOTE,
    ])
  })

  it('is sent once when the state of its account cannot be written', async () => {
    const scenario = await harness.scenario()
    await harness.services.accounts.recordInvalidRecipient(scenario.appId, 'oBad')
    onTestFinished(
      await rejectWrites(harness.services.db, 'accounts', `NEW.app_id = '${scenario.appId}'`, '22P02'),
    )
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(await scenario.delivery()).toMatchObject({ state: 'sent' })
    expect(scenario.verdicts()).toEqual([0])
  })

  it('is sent once when the store rejects its delivery, and the series continues', async () => {
    const scenario = await harness.scenario()
    const refused = `NEW.run_key = '${scenario.key().runKey}' AND NEW.state = 'sent'`
    onTestFinished(await rejectWrites(harness.services.db, 'deliveries', refused, '54000'))
    expect(await scenario.send()).toMatchObject({ result: 'sent', warning: REDACTION_NOTE })
    expect(scenario.verdicts()).toEqual([0])
  })

  it('is sent once when the store is unavailable at that moment; the next attempt records it', async () => {
    const scenario = await harness.scenario()
    const away = `NEW.run_key = '${scenario.key().runKey}' AND NEW.state = 'sent'`
    // 57P01: the database is shutting down.
    const backAgain = await rejectWrites(harness.services.db, 'deliveries', away, '57P01')
    onTestFinished(backAgain)
    await expect(scenario.send()).rejects.toThrow()
    expect(await scenario.delivery()).toMatchObject({ state: 'sending' })
    await backAgain()
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', attempts: 1 })
    expect(scenario.verdicts()).toEqual([0])
  })

  it('has its snapshot written by the next worker when one died between delivery and snapshot', async () => {
    const scenario = await harness.scenario()
    await recordIntent(harness.services.db, scenario.key(), Date.now(), 0)
    const sent = { state: 'sent' as const, sentAt: 5, endedAt: 5 }
    await harness.services.db.update(deliveries).set(sent).where(eq(deliveries.runKey, scenario.key().runKey))
    expect(await scenario.resolveUnanswered()).toEqual({ result: 'sent', at: 5, unclear: 0 })
    expect(await scenario.step()).toMatchObject({ state: 'sent', sentAt: 5 })
    expect(scenario.verdicts()).toEqual([])
  })

  async function reduced(stored: string): Promise<number> {
    const { values } = await harness.services.metrics.snapshotsReduced.get()
    return values.find((v) => v.labels.stored === stored)?.value ?? 0
  }
})

describe('a follower who has unfollowed', () => {
  it('gets nothing after the unfollow was answered, even before it is dispatched', async () => {
    const scenario = await harness.scenario()
    expect(await scenario.wechat.unfollow(scenario.openId)).toMatchObject({ ok: true, body: 'success' })
    const failure = await failureOf(scenario.send())
    expect(failure).toEqual({ type: 'Deferred', message: 'unfollowed', delayMs: 1_000 })
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.delivery()).toMatchObject({ state: 'deferred', reason: 'unfollowed', attempts: 0 })
  })

  it('gets nothing from the old run after a new follow', async () => {
    const scenario = await harness.scenario()
    await scenario.wechat.unfollow(scenario.openId)
    await scenario.wechat.follow(scenario.openId)
    expect(await failureOf(scenario.send())).toMatchObject({ message: 'unfollowed' })
    expect(scenario.verdicts()).toEqual([])
  })

  it('gets nothing when the unfollow arrives during the fetch of the token', async () => {
    const scenario = await harness.scenario()
    harness.simulator.fault({ api: 'stable_token', appId: scenario.appId, latencyMs: 700 })
    const failing = failureOf(scenario.send())
    await scenario.wechat.unfollow(scenario.openId)
    expect(await failing).toMatchObject({ message: 'unfollowed' })
    expect(scenario.verdicts()).toEqual([])
  })

  it('gets the message when the unfollow is older than the run, or was ignored', async () => {
    const older = await harness.scenario()
    const left = { MsgType: 'event', Event: 'unsubscribe', EventKey: '' }
    const createTime = Math.floor(older.key().entry.at / 1000) - 60
    await older.wechat.raw(older.openId, left, { createTime })
    expect(await older.send()).toMatchObject({ result: 'sent' })

    const ignored = await harness.scenario()
    await ignored.wechat.raw(ignored.openId, left)
    const rows = await harness.services.db.select().from(inbox)
    const row = rows.find((r) => r.openId === ignored.openId && r.kind === 'unsubscribe')
    await markDispatched(harness.services.db, row?.id ?? 0, 'ignored', Date.now())
    expect(await ignored.send()).toMatchObject({ result: 'sent' })
  })
})

describe('a deferred step', () => {
  it('waits for its paused campaign, without a request', async () => {
    const scenario = await harness.scenario()
    await harness.services.campaigns.setState(scenario.campaign, 'paused')
    expect(await failureOf(scenario.send())).toEqual({
      type: 'Deferred',
      message: 'campaign-paused',
      delayMs: 20_000,
    })
    expect(await scenario.delivery()).toMatchObject({
      state: 'deferred',
      reason: 'campaign-paused',
      attempts: 0,
    })
    expect(scenario.verdicts()).toEqual([])
    await harness.services.campaigns.setState(scenario.campaign, 'live')
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
  })

  it('waits for a campaign that was paused while the token was being fetched', async () => {
    const scenario = await harness.scenario()
    harness.simulator.fault({ api: 'stable_token', appId: scenario.appId, latencyMs: 700 })
    const failing = failureOf(scenario.send())
    await harness.services.campaigns.setState(scenario.campaign, 'paused')
    expect(await failing).toMatchObject({ message: 'campaign-paused' })
    expect(scenario.verdicts()).toEqual([])
  })

  it('waits for its paused follower', async () => {
    const scenario = await harness.scenario()
    await saveFollower(harness.services.db, scenario, { paused: true }, Date.now())
    expect(await failureOf(scenario.send())).toEqual({
      type: 'Deferred',
      message: 'follower-paused',
      delayMs: 1_000,
    })
    expect(scenario.verdicts()).toEqual([])
    await saveFollower(harness.services.db, scenario, { paused: false }, Date.now())
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
  })

  it('waits for its stopped account, without even a token request', async () => {
    const scenario = await harness.scenario()
    await harness.services.accounts.setState(scenario.appId, 'blocked', '48001 api unauthorized')
    expect(await failureOf(scenario.send())).toEqual({
      type: 'AccountStopped',
      message: '48001 api unauthorized',
      delayMs: 60_000,
    })
    expect(scenario.wechat.tokenRequests.normal).toBe(0)
    expect(await scenario.delivery()).toMatchObject({
      state: 'deferred',
      reason: 'account-stopped',
      attempts: 0,
    })
    await harness.services.accounts.setState(scenario.appId, 'active', null)
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
  })

  it('is sent when the stop of its account has expired', async () => {
    const scenario = await harness.scenario()
    await harness.services.accounts.setState(scenario.appId, 'quota-exhausted', '45009', Date.now() - 1)
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
  })

  it('waits for a removed account', async () => {
    const scenario = await harness.scenario()
    await removeAccount(harness.services.db, scenario.appId, Date.now())
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'AccountStopped' })
    expect(scenario.verdicts()).toEqual([])
  })

  it('is checked again no later than the last attempt before the margin', async () => {
    const scenario = await harness.scenario()
    await harness.services.accounts.setState(scenario.appId, 'paused', '40164')
    const { delayMs } = await failureOf(scenario.send({ leftMs: 5_000 }))
    expect(delayMs).toBeGreaterThan(3_000)
    expect(delayMs).toBeLessThanOrEqual(4_600)
  })

  it('is not sent with this grant once the margin is reached; another grant may pay', async () => {
    const scenario = await harness.scenario()
    await harness.services.campaigns.setState(scenario.campaign, 'paused')
    expect(await scenario.send({ leftMs: 350 })).toMatchObject({
      result: 'not-sent',
      reason: 'campaign-paused',
    })
    expect(await scenario.step()).toMatchObject({ state: 'pending' })
  })
})

describe('the margin of a grant', () => {
  it('lets no request begin after its start', async () => {
    const scenario = await harness.scenario()
    expect(await scenario.send({ leftMs: 0 })).toMatchObject({ result: 'not-sent', unclear: 0 })
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.delivery()).toBeNull()
  })

  it('includes the time in the queue', async () => {
    const scenario = await harness.scenario()
    const late = await scenario.send({ leftMs: 5_000 }, { scheduledMsAgo: 5_500 })
    expect(late).toMatchObject({ result: 'not-sent' })
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.send({ leftMs: 60_000 }, { scheduledMsAgo: 5_500 })).toMatchObject({
      result: 'sent',
    })
  })

  it('includes the time of the token request', async () => {
    const scenario = await harness.scenario()
    harness.simulator.fault({ api: 'stable_token', appId: scenario.appId, latencyMs: 1_500 })
    expect(await scenario.send({ leftMs: 1_000 })).toMatchObject({ result: 'not-sent' })
    expect(scenario.wechat.tokenRequests.normal).toBe(1)
    expect(scenario.verdicts()).toEqual([])
  })
})

describe('a follower that WeChat does not serve', () => {
  it('45015: closes the grants that existed', async () => {
    const scenario = await harness.scenario()
    harness.simulator.wechat.follower(scenario).following = false
    const result = await scenario.send()
    expect(result).toMatchObject({ result: 'window-over' })
    const { ledger } = (await scenario.run()).state
    expect(ledger).toMatchObject([{ scene: 'message', expiresAt: result.at, used: 0 }])
    expect(await scenario.step()).toMatchObject({ state: 'pending', errcode: 45015 })
    expect(await scenario.delivery()).toMatchObject({ state: 'failed', errcode: 45015 })
  })

  it('45047: empties the grant that paid', async () => {
    const scenario = await harness.scenario()
    for (const grant of scenario.wechat.grants(scenario.openId)) grant.used = grant.quota
    expect(await scenario.send()).toMatchObject({ result: 'quota-used' })
    expect(await usedIn(scenario)).toEqual([scenario.grant.quota])
    expect(await scenario.step()).toMatchObject({ state: 'pending', errcode: 45047 })
  })

  it.each([
    [43004, 'unsubscribed'],
    [50005, 'unsubscribed'],
    [43019, 'opted-out'],
  ] as const)('%i: the run ends %s', async (errcode, outcome) => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode })
    expect(await scenario.send()).toMatchObject({ result: 'gone', outcome, errcode })
    const { stop, ledger } = (await scenario.run()).state
    expect(stop).toMatchObject({ outcome })
    expect(ledger).toHaveLength(outcome === 'unsubscribed' ? 0 : 1)
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
  })

  it('48002: ends the run as opted-out, since the follower switched messages off', async () => {
    const scenario = await harness.scenario()
    scenario.wechat.refuse(scenario.openId)
    expect(await scenario.send()).toMatchObject({ result: 'gone', outcome: 'opted-out', errcode: 48002 })
    expect(scenario.received()).toEqual([])
  })
})

describe('a follower that WeChat does not know (40003)', () => {
  /** Sends once to each new follower of the account. WeChat does not know the `bad` ones. */
  async function sendTo(first: SendScenario, kinds: readonly ('bad' | 'good')[]): Promise<void> {
    for (const kind of kinds) {
      const scenario = await first.anotherFollower()
      if (kind === 'bad') scenario.fault({ errcode: 40003, openId: scenario.openId })
      await scenario.send()
    }
  }

  it('has the step skipped, and the account continues', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 40003 })
    expect(await scenario.send()).toMatchObject({ result: 'refused', errcode: 40003 })
    expect(await scenario.step()).toMatchObject({ state: 'skipped', errcode: 40003 })
    expect(await scenario.delivery()).toMatchObject({ state: 'skipped', errcode: 40003 })
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
  })

  it('blocks the account when three different ones come in a row', async () => {
    const scenario = await harness.scenario()
    await sendTo(scenario, ['bad', 'bad'])
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
    await sendTo(scenario, ['bad'])
    expect(await scenario.accountState()).toMatchObject({ state: 'blocked', until: null })
    expect((await scenario.accountState())?.reason).toContain('40003')
  })

  it('does not block the account when a successful send came between', async () => {
    const scenario = await harness.scenario()
    await sendTo(scenario, ['bad', 'bad', 'good', 'bad', 'bad'])
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
  })

  it('does not block the account when it is the same follower three times', async () => {
    const steps = ['a', 'b', 'c', 'd'].map(
      (id) => `  - { id: ${id}, after: 0s, since: entry, send: { text: ${id} } }`,
    )
    const scenario = await harness.scenario({ steps: steps.join('\n') })
    scenario.fault({ errcode: 40003, times: 4 })
    for (const index of [0, 1, 2, 3]) {
      expect(await scenario.send({ index })).toMatchObject({ result: 'refused' })
    }
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
  })
})

describe('a kind of message that the account may not send', () => {
  const refusedKinds = async ({ appId }: SendScenario) =>
    (await harness.services.accounts.find(appId))?.refusedKinds

  it.each([45050, 48008])('%d: is recorded until WeChat accepts one', async (errcode) => {
    const scenario = await harness.scenario()
    const another = await scenario.anotherFollower()
    scenario.fault({ errcode })
    expect(await scenario.send()).toMatchObject({ result: 'refused', errcode })
    expect(await refusedKinds(scenario)).toEqual(['text'])
    expect(await another.send()).toMatchObject({ result: 'sent' })
    expect(await refusedKinds(scenario)).toEqual([])
  })

  it('is not recorded for an error of the single message', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 45002 })
    expect(await scenario.send()).toMatchObject({ result: 'refused' })
    expect(await refusedKinds(scenario)).toEqual([])
  })
})

describe('an account that WeChat stops', () => {
  it.each([
    [48004, 'blocked'],
    [45087, 'blocked'],
    [61007, 'blocked'],
    [40164, 'paused'],
    [61004, 'paused'],
    [61003, 'needs-authorisation'],
  ])('%i: is %s, and the step waits for it', async (errcode, state) => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode })
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'AccountStopped', delayMs: 60_000 })
    expect(await scenario.accountState()).toMatchObject({ state, until: null })
    expect((await scenario.accountState())?.reason).toMatch(new RegExp(`^${errcode} `))
    expect(await scenario.delivery()).toMatchObject({
      state: 'deferred',
      reason: 'account-stopped',
      unclear: 0,
    })
    // Other sends of this account make no request.
    const other = await scenario.anotherFollower()
    expect(await failureOf(other.send())).toMatchObject({ type: 'AccountStopped' })
    expect(other.verdicts()).toEqual([])
    // The operator has applied the remedy.
    await harness.services.accounts.setState(scenario.appId, 'active', null)
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
    expect(await usedIn(scenario)).toEqual([1])
  })

  it('48001: is blocked until it is certified', async () => {
    const scenario = await harness.scenario()
    scenario.wechat.setTrust({ certified: false })
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'AccountStopped' })
    expect(await scenario.accountState()).toMatchObject({ state: 'blocked' })
    expect(remedyOf(48001).en).toContain('certified')
  })

  it('40164: is paused when its server is not on the IP whitelist, which the token call reports', async () => {
    const scenario = await harness.scenario()
    scenario.wechat.setTrust({ ipWhitelisted: false })
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'AccountStopped' })
    expect(await scenario.accountState()).toMatchObject({ state: 'paused' })
    expect(await scenario.delivery()).toMatchObject({ attempts: 0 })
    expect(remedyOf(40164).en).toContain('whitelist')
  })

  it('40125: is blocked when its secret was changed', async () => {
    const scenario = await harness.scenario()
    await harness.services.accounts.patch(scenario.appId, { appSecret: 'an-old-secret' })
    const failure = await failureOf(scenario.send())
    expect(failure.type).toBe('AccountStopped')
    expect(JSON.stringify([failure, await scenario.delivery()])).not.toContain('an-old-secret')
    expect(await scenario.accountState()).toMatchObject({ state: 'blocked' })
  })

  it('45009: has used its daily quota, and continues by itself after midnight in Beijing', async () => {
    const scenario = await harness.scenario()
    scenario.wechat.setQuota({ daily: 0 })
    const before = nextDayInBeijing(Date.now())
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'AccountStopped' })
    const stopped = await scenario.accountState()
    expect(stopped).toMatchObject({ state: 'quota-exhausted' })
    expect([before, nextDayInBeijing(Date.now())]).toContain(stopped?.until)
    expect(remedyOf(45009).en).toContain('midnight in Beijing')
  })

  it('45011: is not stopped; the step waits for the next minute', async () => {
    const scenario = await harness.scenario()
    scenario.wechat.setQuota({ minute: 0 })
    const before = Date.now()
    const { type, delayMs } = await failureOf(scenario.send())
    const took = Date.now() - before
    expect(type).toBe('RateLimited')
    // Spread over the first seconds of the next minute, and a little for this test's own time.
    expect(delayMs).toBeLessThanOrEqual(65_000)
    expect((before + took + delayMs) % 60_000).toBeLessThan(7_000 + took)
    expect(await scenario.delivery()).toMatchObject({ state: 'failed', errcode: 45011, unclear: 0 })
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
    scenario.wechat.setQuota({ minute: 100 })
    harness.advanceClock(60_000)
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(await usedIn(scenario)).toEqual([1])
  })
})

describe('a request that failed for certain', () => {
  it.each([
    ['errcode -1', { errcode: -1 }],
    ['HTTP 503', { status: 503 }],
  ])('%s: is retried after 1 s, 2 s, 4 s …, and uses no quota', async (_, fault) => {
    const scenario = await harness.scenario()
    scenario.fault({ ...fault, times: 7 })
    const delays: number[] = []
    for (let attempt = 1; attempt <= 7; attempt++) {
      const { type, delayMs } = await failureOf(scenario.send())
      expect(type).toBe('WechatFailed')
      delays.push(delayMs)
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(await scenario.delivery()).toMatchObject({ state: 'failed', attempts: 7, failures: 7, unclear: 0 })
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
    expect(scenario.received()).toHaveLength(1)
    expect(await usedIn(scenario)).toEqual([1])
  })

  it('no connection: is retried', async () => {
    const scenario = await harness.scenario()
    await harness.services.tokens.getToken(scenario.appId)
    await harness.services.accounts.patch(scenario.appId, { apiBase: 'http://127.0.0.1:9' })
    const { type, message } = await failureOf(scenario.send())
    expect([type, message]).toEqual(['WechatFailed', expect.stringContaining('ECONNREFUSED')])
    expect(await scenario.delivery()).toMatchObject({ state: 'failed', attempts: 1, unclear: 0 })
  })

  it('no token, since WeChat is busy: is retried', async () => {
    const scenario = await harness.scenario()
    harness.simulator.fault({ api: 'stable_token', appId: scenario.appId, errcode: -1 })
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'WechatFailed' })
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
  })

  it('has a last attempt at the margin, after which only another grant may pay', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: -1, times: 2 })
    const { delayMs } = await failureOf(scenario.send({ leftMs: 1_200 }))
    expect(delayMs).toBeLessThanOrEqual(800)
    expect(await scenario.send({ leftMs: 390 })).toMatchObject({ result: 'not-sent', unclear: 0 })
    expect(faultsLeft(scenario)).toBe(0)
    expect(await scenario.step()).toMatchObject({ state: 'pending' })
    expect(await usedIn(scenario)).toEqual([0])
  })
})

describe('a message whose content WeChat refuses', () => {
  it('44004: is skipped with the code, and the series continues', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 44004 })
    const before = await counted('refused', '44004')
    expect(await scenario.send()).toMatchObject({
      result: 'refused',
      errcode: 44004,
      reason: 'refused by WeChat',
    })
    expect(await scenario.step()).toMatchObject({
      state: 'skipped',
      errcode: 44004,
      reason: 'refused by WeChat',
    })
    expect(await scenario.delivery()).toMatchObject({ state: 'skipped', errcode: 44004 })
    expect((await scenario.delivery())?.rid).toMatch(/^[\w-]+$/)
    expect((await scenario.run()).state.stop).toBeNull()
    expect(await counted('refused', '44004')).toBe(before + 1)
  })

  it('is skipped without a request when it has no visible text', async () => {
    const steps = `  - { id: empty, after: 0s, since: entry, send: { text: "{{ qrScene }}" } }`
    const scenario = await harness.scenario({ steps })
    expect(await scenario.send()).toMatchObject({ result: 'refused', reason: 'empty-text: text' })
    expect(scenario.verdicts()).toEqual([])
  })

  it('is skipped without a request when its template exceeds the step budget', async () => {
    const loops =
      '{% assign a = (1..999) %}{% for i in a %}{% for j in a %}{% for k in a %}{% endfor %}{% endfor %}{% endfor %}'
    const text = `{% if qrScene == '' %}${loops}{% endif %}在吗`
    const steps = `  - { id: slow, after: 0s, since: reply, send: { text: "${text}" } }`
    const scenario = await harness.scenario({ steps })
    expect(await scenario.send()).toMatchObject({
      result: 'refused',
      reason: expect.stringContaining('cannot be rendered: the template takes too much work'),
    })
    expect(scenario.verdicts()).toEqual([])
  })

  it.each([45002, 40033, 47001, 99_999])('%i: is skipped with the code', async (errcode) => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode })
    expect(await scenario.send()).toMatchObject({ result: 'refused', errcode })
    expect(await scenario.step()).toMatchObject({ state: 'skipped', errcode })
    expect(await usedIn(scenario)).toEqual([0])
  })
})

describe('an access token that WeChat refuses', () => {
  it.each([40001, 40014, 42001])(
    '%i: is fetched once more, and the send is repeated at once',
    async (errcode) => {
      const scenario = await harness.scenario()
      scenario.fault({ errcode })
      expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
      expect(scenario.wechat.tokenRequests).toMatchObject({ normal: 2, force: 0 })
      expect(scenario.verdicts()).toEqual([errcode, 0])
      expect(await usedIn(scenario)).toEqual([1])
    },
  )

  it('is replaced by the one that another server has fetched meanwhile', async () => {
    const scenario = await harness.scenario()
    await harness.services.tokens.getToken(scenario.appId)
    scenario.wechat.invalidateToken()
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(scenario.wechat.tokenRequests).toMatchObject({ normal: 2, force: 0 })
  })

  it('is refreshed by force when a normal fetch returns the invalid one again', async () => {
    const scenario = await harness.scenario()
    await harness.services.tokens.getToken(scenario.appId)
    scenario.wechat.invalidateToken(true)
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(scenario.wechat.tokenRequests).toMatchObject({ normal: 2, force: 1 })
  })

  it('ends the send after one fetch, one forced refresh and three requests, and is not forced again at once', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 40001, times: 5 })
    const failure = await failureOf(scenario.send())
    expect(failure).toMatchObject({ type: 'WechatFailed', message: expect.stringContaining('40001') })
    expect(scenario.verdicts()).toEqual([40001, 40001, 40001])
    expect(scenario.wechat.tokenRequests).toMatchObject({ normal: 2, force: 1 })
    const second = await failureOf(scenario.send())
    expect(second.message).toContain('forced refresh')
    expect(scenario.wechat.tokenRequests.force).toBe(1)
    expect(JSON.stringify([failure, second, await scenario.delivery()])).not.toContain('test_')
  })
})

describe('a medium', () => {
  const png = () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(crypto.randomUUID())])
  const uploads = (scenario: SendScenario) =>
    harness.simulator.wechat.account(scenario.appId).calls.get('/cgi-bin/media/upload') ?? 0
  const imageStory = async () => {
    const medium = { type: 'image' as const, contentType: 'image/png', filename: 'a.png', content: png() }
    const { id } = await saveMedium(harness.services.db, { ...medium, createdAt: Date.now() })
    return harness.scenario({
      steps: `  - { id: pic, after: 0s, since: entry, send: { image: { file: ${id} } } }`,
    })
  }
  /** Prepares the media again, as the workflow does. */
  const afterExpiry = (scenario: SendScenario) => {
    const input = scenario.input()
    return { state: changeStep(input.state, 0, { errcode: 40007 }) }
  }

  it('is uploaded once and referenced by WeChat’s media id', async () => {
    const scenario = await imageStory()
    expect(await scenario.prepareMedia()).toBeNull()
    expect(await scenario.prepareMedia()).toBeNull()
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(uploads(scenario)).toBe(1)
    const [mediaId] = harness.simulator.wechat.account(scenario.appId).media.keys()
    expect(scenario.received()).toEqual([{ media_id: mediaId }])
  })

  it('is uploaded again when WeChat no longer knows it (40007), and the step is sent', async () => {
    const scenario = await imageStory()
    await scenario.prepareMedia()
    scenario.wechat.expireMedia()
    expect(await scenario.send()).toMatchObject({ result: 'media-expired' })
    expect(await scenario.step()).toMatchObject({ state: 'pending', errcode: 40007 })
    expect(await scenario.prepareMedia(afterExpiry(scenario))).toBeNull()
    expect(uploads(scenario)).toBe(2)
    expect(await scenario.send(afterExpiry(scenario))).toMatchObject({ result: 'sent' })
    expect(await usedIn(scenario)).toEqual([1])
  })

  it('has its step skipped when WeChat does not know the new upload either', async () => {
    const scenario = await imageStory()
    await scenario.prepareMedia()
    scenario.wechat.expireMedia()
    expect(await scenario.send(afterExpiry(scenario))).toMatchObject({ result: 'refused', errcode: 40007 })
    expect(await scenario.delivery()).toMatchObject({ state: 'skipped', errcode: 40007 })
  })

  it('with a media id from the campaign file cannot be uploaded again, so its step is skipped', async () => {
    const steps = '  - { id: pic, after: 0s, since: entry, send: { image: { mediaId: long_gone } } }'
    const scenario = await harness.scenario({ steps })
    expect(await scenario.send()).toMatchObject({ result: 'refused', errcode: 40007 })
  })

  it('that was never uploaded has its step skipped without a request', async () => {
    const scenario = await imageStory()
    expect(await scenario.send()).toMatchObject({
      result: 'refused',
      reason: expect.stringContaining('not uploaded to WeChat'),
    })
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.step()).toMatchObject({ state: 'skipped' })
  })

  it('is retried while WeChat is busy', async () => {
    const scenario = await imageStory()
    harness.simulator.fault({ api: 'media/upload', appId: scenario.appId, errcode: -1 })
    const failure = await failureOf(scenario.prepareMedia())
    expect(failure).toMatchObject({ type: 'WechatFailed', delayMs: 1_000 })
    expect(await scenario.prepareMedia()).toBeNull()
  })

  it('is retried before the grant’s margin and never after it', async () => {
    const scenario = await imageStory()
    harness.simulator.fault({ api: 'media/upload', appId: scenario.appId, errcode: -1, times: 2 })
    const { delayMs } = await failureOf(scenario.prepareMedia({ leftMs: 1_300 }))
    expect(delayMs).toBeGreaterThan(0)
    expect(delayMs).toBeLessThanOrEqual(900)
    expect(await scenario.prepareMedia({ leftMs: 300 })).toMatchObject({ result: 'not-sent' })
  })

  it('that WeChat does not accept has its step skipped', async () => {
    const scenario = await imageStory()
    harness.simulator.fault({ api: 'media/upload', appId: scenario.appId, errcode: 40006 })
    expect(await scenario.prepareMedia()).toMatchObject({ result: 'refused', errcode: 40006 })
    expect(await scenario.step()).toMatchObject({ state: 'skipped', errcode: 40006 })
  })
})

describe('a request without an answer', () => {
  const assumeSent = { account: { onUnknown: 'assume-sent' as const } }

  it.concurrent('retry: times out after ten seconds with heartbeats, and then gets one more attempt', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ hang: 'before', openId: scenario.openId })
    let beats = 0
    const began = performance.now()
    const onHeartbeat = () => {
      beats += 1
    }
    expect(await failureOf(scenario.send({}, { onHeartbeat }))).toEqual({
      type: 'WechatUnclear',
      message: 'no answer within 10 s',
      delayMs: 1_000,
    })
    expect(performance.now() - began).toBeGreaterThan(9_900)
    // One every 1.5 s; a busy machine leaves some out.
    expect(beats).toBeGreaterThanOrEqual(2)
    expect(await scenario.delivery()).toMatchObject({ state: 'failed', attempts: 1, unclear: 1 })
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 1 })
    // Both attempts may have arrived, so both count.
    expect(await usedIn(scenario)).toEqual([2])
  })

  it.concurrent('assume-sent: is unknown after ten seconds, and is not repeated', async () => {
    const scenario = await harness.scenario(assumeSent)
    scenario.fault({ hang: 'after', openId: scenario.openId })
    expect(await scenario.send()).toMatchObject({
      result: 'unknown',
      unclear: 1,
      reason: 'no answer within 10 s',
    })
    expect(scenario.received()).toHaveLength(1)
    expect(await scenario.step()).toMatchObject({ state: 'unknown', reason: 'no answer within 10 s' })
    expect(await usedIn(scenario)).toEqual([1])
  })

  it('retry: is unknown after the second lost connection', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ reset: 'after', times: 3 })
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'WechatUnclear' })
    const before = await counted('unknown', '')
    expect(await scenario.send()).toMatchObject({ result: 'unknown', unclear: 2 })
    expect(faultsLeft(scenario)).toBe(1)
    expect(await scenario.delivery()).toMatchObject({ state: 'unknown', attempts: 2, unclear: 2 })
    expect(await scenario.step()).toMatchObject({ state: 'unknown' })
    expect(await usedIn(scenario)).toEqual([2])
    expect(await counted('unknown', '')).toBe(before + 1)
  })

  it.each(['assume-sent', 'retry'] as const)(
    '%s: stays unknown when its worker dies before it reports to Temporal',
    async (onUnknown) => {
      const scenario = await harness.scenario({ account: { onUnknown } })
      scenario.fault({ reset: 'after', times: 2 })
      if (onUnknown === 'retry') await failureOf(scenario.send())
      const result = await scenario.send()
      const requests = scenario.verdicts().length
      expect(await scenario.send()).toMatchObject({ result: 'unknown', unclear: result.unclear })
      expect(scenario.verdicts()).toHaveLength(requests)
    },
  )

  it('counts against the quota, which may leave none for another attempt', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ reset: 'before', times: 2 })
    const grant = { ...scenario.grant, used: scenario.grant.quota - 1 }
    expect(await scenario.send({ grant })).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(faultsLeft(scenario)).toBe(1)
  })

  it('is unknown, not held, when its grant expires before the next attempt', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ reset: 'before' })
    await failureOf(scenario.send())
    expect(await scenario.send({ leftMs: 0 })).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(await scenario.step()).toMatchObject({ state: 'unknown' })
  })
})

describe("an answer without WeChat's JSON", () => {
  it('retry: is unclear and retried like a failure, and each attempt counts against the quota', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ status: 500, times: 3 })
    const delays: number[] = []
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { type, delayMs } = await failureOf(scenario.send())
      expect(type).toBe('WechatUnclear')
      delays.push(delayMs)
    }
    expect(delays).toEqual([1_000, 2_000, 4_000])
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 3 })
    expect(await usedIn(scenario)).toEqual([4])
  })

  it.each([500, 502, 504])(
    'retry: %i five times uses the grant up, and the step is unknown',
    async (status) => {
      const scenario = await harness.scenario()
      scenario.fault({ status, times: 9 })
      for (let attempt = 1; attempt <= 4; attempt++) await failureOf(scenario.send())
      expect(await scenario.send()).toMatchObject({ result: 'unknown', unclear: 5 })
      expect(faultsLeft(scenario)).toBe(4)
      expect(await usedIn(scenario)).toEqual([5])
    },
  )

  it('assume-sent: is unknown at once', async () => {
    const scenario = await harness.scenario({ account: { onUnknown: 'assume-sent' } })
    scenario.fault({ status: 500, times: 2 })
    expect(await scenario.send()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(faultsLeft(scenario)).toBe(1)
  })

  it('does not make an attempt count that WeChat answered with an errcode', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ status: 500 })
    await failureOf(scenario.send())
    scenario.fault({ errcode: -1 })
    await failureOf(scenario.send())
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 1 })
    expect(await usedIn(scenario)).toEqual([2])
  })
})

describe('an attempt that stalled and continues beside its successor', () => {
  /** The attempt waits for its token while its successor writes its intent. */
  async function overtaken(scenario: SendScenario, more: Parameters<SendScenario['send']>[0] = {}) {
    scenario.fault({ api: 'stable_token', latencyMs: 500 })
    const sending = scenario.send(more)
    await waitFor(() => faultsLeft(scenario) === 0)
    await recordIntent(harness.services.db, scenario.key(), Date.now(), 0)
    return sending
  }

  it('sends nothing, and is retried to read the result of its successor', async () => {
    const scenario = await harness.scenario({ account: { onUnknown: 'assume-sent' } })
    expect(await failureOf(overtaken(scenario))).toMatchObject({ type: 'Busy' })
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.delivery()).toMatchObject({ state: 'sending', attempts: 1 })
  })

  it('is unknown when no time is left for a retry', async () => {
    const scenario = await harness.scenario({ account: { onUnknown: 'assume-sent' } })
    expect(await overtaken(scenario, { leftMs: 800 })).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(scenario.verdicts()).toEqual([])
  })
})

describe('a worker that was killed between intent and result', () => {
  /** Writes the intent, which is all that a killed worker leaves. */
  const killedInRequest = (scenario: SendScenario) =>
    recordIntent(harness.services.db, scenario.key(), Date.now(), 0)

  it('assume-sent: leaves an unknown step, and no second request', async () => {
    const scenario = await harness.scenario({ account: { onUnknown: 'assume-sent' } })
    await killedInRequest(scenario)
    expect(await scenario.send()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.delivery()).toMatchObject({ state: 'unknown', attempts: 1, unclear: 1 })
    expect(await scenario.step()).toMatchObject({
      state: 'unknown',
      reason: 'a worker was lost during the request',
    })
  })

  it('assume-sent: leads to no second request when the next worker died while it recorded this', async () => {
    const scenario = await harness.scenario({ account: { onUnknown: 'assume-sent' } })
    await killedInRequest(scenario)
    const lost = { unclear: true, reason: 'a worker was lost during the request', errcode: null, rid: null }
    await recordAttempt(harness.services.db, scenario.key(), { ...lost, now: Date.now() })
    expect(await scenario.send()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.delivery()).toMatchObject({ state: 'unknown', attempts: 1, unclear: 1 })
  })

  it('retry: gets one more request, whose answer counts', async () => {
    const scenario = await harness.scenario()
    await killedInRequest(scenario)
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 1 })
    expect(scenario.verdicts()).toEqual([0])
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', attempts: 2, unclear: 1 })
    expect(await usedIn(scenario)).toEqual([2])
  })

  it('retry: leads to no third request when the second worker is killed too', async () => {
    const scenario = await harness.scenario()
    await killedInRequest(scenario)
    scenario.fault({ reset: 'before' })
    expect(await scenario.send()).toMatchObject({ result: 'unknown', unclear: 2 })
    expect(scenario.verdicts()).toEqual([])
  })

  it('is recorded as unknown when no time is left for another attempt', async () => {
    const scenario = await harness.scenario()
    await killedInRequest(scenario)
    expect(await scenario.resolveUnanswered()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(await scenario.step()).toMatchObject({ state: 'unknown' })
  })
})

describe('a send that the run no longer waits for', () => {
  it('is not sent when no request had left', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: -1 })
    await failureOf(scenario.send())
    expect(await scenario.resolveUnanswered()).toMatchObject({
      result: 'not-sent',
      reason: 'WeChat is busy',
      errcode: -1,
    })
    expect(await scenario.step()).toMatchObject({ state: 'pending' })
  })

  it('changes from unknown to sent when its answer arrives late', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ latencyMs: 1_500 })
    const sending = scenario.send()
    await scenario.waitForDelivery((r) => r.state === 'sending')
    expect(await scenario.resolveUnanswered()).toMatchObject({ result: 'unknown' })
    expect(await scenario.delivery()).toMatchObject({ state: 'unknown' })
    const result = await sending
    expect(result).toMatchObject({ result: 'sent' })
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', sentAt: result.at, reason: null })
  })

  it('never changes from sent to unknown', async () => {
    const scenario = await harness.scenario()
    const { at } = await scenario.send()
    expect(await scenario.resolveUnanswered()).toMatchObject({ result: 'sent', at })
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', sentAt: at })
  })
})

describe('an account whose requests hang', () => {
  it("holds at most a quarter of the worker's slots; its next send is retried soon, other accounts send", async () => {
    const ids = Array.from({ length: 26 }, (_, i) => `s${i}`)
    const steps = ids.map((id) => `  - { id: ${id}, after: 0s, since: entry, send: { text: ${id} } }`)
    const scenario = await harness.scenario({ steps: steps.join('\n') })
    const neighbour = await harness.scenario()
    scenario.fault({ latencyMs: 2_000, times: 25 })
    const hanging = ids.slice(0, 25).map((_, index) => scenario.send({ index }))
    expect(await failureOf(scenario.send({ index: 25 }))).toMatchObject({ type: 'Busy', delayMs: 250 })
    expect(await neighbour.send()).toMatchObject({ result: 'sent' })
    expect(scenario.verdicts()).toEqual([])
    await Promise.all(hanging)
    expect(await scenario.send({ index: 25 })).toBeDefined()
  })

  it('has its circuit opened after three requests without an answer, until a probe is answered', async () => {
    const scenario = await harness.scenario()
    const neighbour = await harness.scenario()
    const { apiBase } = (await harness.services.accounts.find(scenario.appId)) ?? {}
    await harness.services.tokens.getToken(scenario.appId)
    await harness.services.accounts.patch(scenario.appId, { apiBase: 'http://127.0.0.1:9' })
    for (let nr = 1; nr <= 3; nr++) expect((await failureOf(scenario.send())).type).toBe('WechatFailed')
    const other = await scenario.anotherFollower()
    const { type, message, delayMs } = await failureOf(other.send())
    expect([type, message]).toEqual(['Busy', "the account's requests get no answer"])
    expect(delayMs).toBeLessThanOrEqual(3_000)
    expect(await other.delivery()).toBeNull()
    expect(await neighbour.send()).toMatchObject({ result: 'sent' })
    await harness.services.accounts.patch(scenario.appId, { apiBase })
    harness.advanceClock(60_000)
    expect(await other.send()).toMatchObject({ result: 'sent' })
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
  })

  it('still has a last attempt at the margin', async () => {
    const scenario = await harness.scenario()
    await harness.services.tokens.getToken(scenario.appId)
    await harness.services.accounts.patch(scenario.appId, { apiBase: 'http://127.0.0.1:9' })
    for (let nr = 1; nr <= 3; nr++) await failureOf(scenario.send())
    const { type, delayMs } = await failureOf(scenario.send({ leftMs: 1_500 }))
    expect(type).toBe('Busy')
    expect(delayMs).toBeLessThanOrEqual(1_100)
    expect(await scenario.delivery()).toMatchObject({ attempts: 3 })
    await scenario.send({ leftMs: 440 }).catch(() => null)
    expect(await scenario.delivery()).toMatchObject({ attempts: 4 })
  })
})

describe('an account over its minute limit (45011)', () => {
  it('sends to none of its other followers before the next minute', async () => {
    const scenario = await harness.scenario()
    // Half a minute from either end.
    harness.advanceClock(90_000 - (harness.services.now() % 60_000))
    scenario.fault({ errcode: 45011 })
    await failureOf(scenario.send())
    const other = await scenario.anotherFollower()
    const { type, message, delayMs } = await failureOf(other.send())
    expect([type, message]).toEqual(['Busy', 'minute limit of the account (45011)'])
    expect(delayMs).toBeLessThanOrEqual(65_000)
    expect(other.verdicts()).toEqual([])
    expect(await (await harness.scenario()).send()).toMatchObject({ result: 'sent' })
    harness.advanceClock(60_000)
    expect(await other.send()).toMatchObject({ result: 'sent' })
  })

  it('sends to none of them while WeChat is still asked for the account’s rate', async () => {
    const scenario = await harness.scenario()
    const other = await scenario.anotherFollower()
    harness.advanceClock(90_000 - (harness.services.now() % 60_000))
    scenario.fault({ errcode: 45011 })
    scenario.fault({ api: 'quota/get', latencyMs: 2_000 })
    const limited = failureOf(scenario.send())
    await waitFor(() => faultsLeft(scenario) === 0)
    expect(await failureOf(other.send())).toMatchObject({ message: 'minute limit of the account (45011)' })
    expect(await limited).toMatchObject({ type: 'RateLimited' })
  })

  it('adapts its rate to WeChat’s limit', async () => {
    const scenario = await harness.scenario()
    harness.advanceClock(90_000 - (harness.services.now() % 60_000))
    harness.simulator.account(scenario.appId).setQuota({ minute: 6 })
    scenario.fault({ errcode: 45011 })
    await failureOf(scenario.send())
    const account = await harness.services.accounts.find(scenario.appId)
    expect(account?.sendQuota).toMatchObject({ dailyLimit: 500_000, rate: { calls: 6, seconds: 60 } })
    harness.advanceClock(60_000)
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    const soon = await scenario.anotherFollower()
    const { type, message } = await failureOf(soon.send())
    expect([type, message]).toEqual(['Busy', "the account's rate at WeChat"])
    harness.advanceClock(12_000)
    expect(await soon.send()).toMatchObject({ result: 'sent' })
  })
})

describe('a send that finds no slot until its margin', () => {
  const full = async () => {
    const ids = Array.from({ length: 26 }, (_, i) => `s${i}`)
    const steps = ids.map((id) => `  - { id: ${id}, after: 0s, since: entry, send: { text: ${id} } }`)
    const scenario = await harness.scenario({ steps: steps.join('\n') })
    return { story: scenario, hang: () => scenario.fault({ latencyMs: 2_000, times: 25 }) }
  }

  it('stays unknown when one of its requests was never answered', async () => {
    const { story: scenario, hang } = await full()
    scenario.fault({ reset: 'before' })
    await failureOf(scenario.send({ index: 25 }))
    hang()
    const hanging = Array.from({ length: 25 }, (_, index) => scenario.send({ index }))
    expect(await scenario.send({ index: 25, leftMs: 300 })).toMatchObject({ result: 'unknown', unclear: 1 })
    await Promise.all(hanging)
  })
})

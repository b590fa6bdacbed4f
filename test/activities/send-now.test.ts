import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { COST_LIMITS } from '../../bench/cost-limits.ts'
import { saveMedium } from '../../src/store/campaigns/media-store.ts'
import { recordIntent } from '../../src/store/runs/deliveries.ts'
import { failureOf, type SendHarness, startSendHarness } from '../harness/send-harness.ts'

const statements: string[] = []
let harness: SendHarness
beforeAll(async () => {
  harness = await startSendHarness({ onStatement: (statement) => statements.push(statement) })
})
beforeEach(() => {
  statements.length = 0
})
afterAll(() => harness?.close())

describe('a due step whose account is ready', () => {
  it('is sent at once, and recorded as by the send activity', async () => {
    const scenario = await harness.scenario()
    const result = await scenario.sendNow()
    expect(result).toMatchObject({ result: 'sent', unclear: 0 })
    expect(scenario.received()).toEqual([{ content: '你好' }])
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', attempts: 1, sentAt: result?.at })
    expect(await scenario.step()).toMatchObject({ state: 'sent', sentAt: result?.at })
  })

  it('costs no more statements than its limit, once this process knows account and campaign', async () => {
    const first = await harness.scenario()
    await first.sendNow()
    const second = await first.anotherFollower()
    const input = second.input()
    statements.length = 0
    expect(await second.sendNow(input)).toMatchObject({ result: 'sent' })
    expect(statements.map((s) => s.slice(0, 60))).toHaveLength(COST_LIMITS.statements.send)
  })

  it('ends the run in the same statement when it is the last one', async () => {
    const first = await harness.scenario()
    await first.sendNow()
    const last = await first.anotherFollower()
    const input = last.input({ completesRun: true })
    statements.length = 0
    const result = await last.sendNow(input)
    expect(statements.map((s) => s.slice(0, 60))).toHaveLength(2)
    expect(result).toMatchObject({ result: 'sent', completedRun: true })
    expect(await last.delivery()).toMatchObject({ state: 'sent', sentAt: result?.at })
    expect(await last.run()).toMatchObject({
      status: 'ended',
      outcome: 'completed',
      endedAt: result?.at,
      state: { steps: [{ state: 'sent' }] },
    })
    // The next attempt, when the worker is lost before Temporal has the result. The run then records its end itself.
    const again = await last.sendNow(input)
    expect(again).toMatchObject({ result: 'sent' })
    expect(again).not.toHaveProperty('completedRun')
    expect(last.verdicts()).toEqual([0])
  })

  it('does not end the run when WeChat refuses the last step', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 45002 })
    const result = await scenario.sendNow({ completesRun: true })
    expect(result).toMatchObject({ result: 'refused' })
    expect(result).not.toHaveProperty('completedRun')
    expect(await scenario.run()).toMatchObject({ status: 'active', outcome: null })
  })

  it('is sent with a new access token when WeChat refuses the known one', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 40001 })
    expect(await scenario.sendNow()).toMatchObject({ result: 'sent' })
    expect(scenario.verdicts()).toEqual([40001, 0])
  })

  it('ends when WeChat refuses its content', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 45002 })
    expect(await scenario.sendNow()).toMatchObject({ result: 'refused', errcode: 45002 })
    expect(await scenario.step()).toMatchObject({ state: 'skipped' })
  })
})

describe('a due step that needs its queue', () => {
  it('is not requested while this process has no access token of the account', async () => {
    const scenario = await harness.scenario()
    expect(harness.services.tokens.currentToken(scenario.appId)).toBeNull()
    expect(await scenario.sendNowWithoutToken()).toBeNull()
    expect([await scenario.delivery(), scenario.verdicts()]).toEqual([null, []])
  })

  it('is not requested while the account is stopped', async () => {
    const scenario = await harness.scenario()
    await harness.services.accounts.setState(scenario.appId, 'paused', 'test', null)
    expect(await scenario.sendNow()).toBeNull()
    expect([await scenario.delivery(), scenario.verdicts()]).toEqual([null, []])
  })

  it('is not requested in the minute in which WeChat limits its account', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: 45011 })
    expect(await scenario.sendNow()).toBeNull()
    const other = await scenario.anotherFollower()
    expect(await other.sendNow()).toBeNull()
    expect([scenario.verdicts(), other.verdicts()]).toEqual([[45011], []])
    expect(await other.delivery()).toBeNull()
  })

  it('is not requested before its medium is at WeChat', async () => {
    const content = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(crypto.randomUUID())])
    const medium = { type: 'image' as const, contentType: 'image/png', filename: 'a.png', content }
    const { id } = await saveMedium(harness.services.db, { ...medium, createdAt: Date.now() })
    const steps = `  - { id: pic, after: 0s, since: entry, send: { image: { file: ${id} } } }`
    const scenario = await harness.scenario({ steps })
    expect(await scenario.sendNow()).toBeNull()
    expect(await scenario.prepareMedia()).toBeNull()
    expect(await scenario.sendNow()).toMatchObject({ result: 'sent' })
  })

  it('is retried by the send activity after the backoff of the failed request', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ errcode: -1 })
    expect(await scenario.sendNow()).toBeNull()
    expect(await scenario.delivery()).toMatchObject({ state: 'failed', attempts: 1, failures: 1, unclear: 0 })
    const { type, delayMs } = await failureOf(scenario.send())
    expect(type).toBe('WechatFailed')
    expect(delayMs).toBeGreaterThan(0)
    expect(delayMs).toBeLessThanOrEqual(1_000)
    expect(scenario.verdicts()).toEqual([-1])
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
  })

  it('counts an unclear request against the quota', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ reset: 'after' })
    expect(await scenario.sendNow()).toBeNull()
    expect(await scenario.delivery()).toMatchObject({ state: 'failed', attempts: 1, unclear: 1 })
    await failureOf(scenario.send())
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 1 })
  })

  it('is unclear when the worker was lost during the local request', async () => {
    const scenario = await harness.scenario()
    // What the lost worker left: an intent without a result.
    await recordIntent(harness.services.db, scenario.key(), Date.now(), 0)
    expect(await scenario.sendNow()).toBeNull()
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 1 })
    expect(await scenario.delivery()).toMatchObject({ attempts: 2, unclear: 1 })
  })

  it('is not requested after an unfollow was accepted', async () => {
    const scenario = await harness.scenario()
    await scenario.wechat.unfollow(scenario.openId)
    expect(await scenario.sendNow()).toBeNull()
    expect(scenario.verdicts()).toEqual([])
    expect(await scenario.delivery()).toMatchObject({ state: 'deferred', reason: 'unfollowed', attempts: 0 })
  })
})

it('does not send a step again that an earlier attempt has sent', async () => {
  const scenario = await harness.scenario()
  const sent = await scenario.send()
  expect(await scenario.sendNow()).toMatchObject({ result: 'sent', unclear: 0 })
  expect(scenario.verdicts()).toEqual([0])
  expect(await scenario.delivery()).toMatchObject({ sentAt: sent.at, attempts: 1 })
})

describe('a due step that was skipped because its workflow task was lost during the local request', () => {
  const skipped = () => ({ state: 'skipped', reason: 'replied', dueAt: Date.now() - 1_000 }) as const

  it('is reported as sent when its message was delivered', async () => {
    const scenario = await harness.scenario()
    const sent = await scenario.sendNow()
    expect(await scenario.recordWithStep(skipped())).toEqual([
      { index: 0, result: 'sent', at: sent?.at, reason: null },
    ])
  })

  it('is reported as unknown while its request has no answer', async () => {
    const scenario = await harness.scenario()
    await recordIntent(harness.services.db, scenario.key(), Date.now(), 0)
    expect(await scenario.recordWithStep(skipped())).toMatchObject([{ index: 0, result: 'unknown' }])
    expect(await scenario.delivery()).toMatchObject({ state: 'unknown', unclear: 1 })
  })

  it('is reported as unknown when an unfollow refused the next request', async () => {
    const scenario = await harness.scenario()
    await recordIntent(harness.services.db, scenario.key(), Date.now(), 0)
    await scenario.wechat.unfollow(scenario.openId)
    expect(await scenario.sendNow()).toBeNull()
    expect(await scenario.delivery()).toMatchObject({ state: 'sending' })
    expect(await scenario.recordWithStep(skipped())).toMatchObject([{ index: 0, result: 'unknown' }])
  })

  it('stays skipped when there was no request, or when WeChat refused it', async () => {
    const scenario = await harness.scenario()
    expect(await scenario.recordWithStep(skipped())).toEqual([])
    scenario.fault({ errcode: 45002 })
    await scenario.sendNow()
    expect(await scenario.recordWithStep(skipped())).toEqual([])
  })
})

import { beforeEach, expect, it } from 'vitest'
import { describeOnBothStores } from '../../test/support/stores.ts'
import { beginRun, endRun } from '../campaign/state.ts'
import { createAccountStore } from './accounts.ts'
import { createCampaignStore } from './campaigns.ts'
import {
  openIntents,
  readDelivery,
  type SendKey,
  writeAttempt,
  writeIntent,
  writeResult,
  writeWaiting,
} from './deliveries.ts'
import { saveFollower } from './followers.ts'
import { acceptCallback } from './inbox.ts'
import { removeAccount } from './removed-accounts.ts'
import { insertRun, runsOf } from './runs.ts'
import { createSealer } from './sealed.ts'

const NOW = 1_800_000_000_000
const whose = { appId: 'wxA', openId: 'oOne' }
const entry = {
  at: NOW,
  seq: 10,
  key: 'run-1',
  event: 'subscribe' as const,
  qrScene: null,
  eventKey: null,
  text: null,
}
const plan = {
  campaign: 'welcome',
  version: 1,
  steps: [
    {
      id: 'hi',
      kind: 'text',
      media: false,
      afterMs: 0,
      since: 'entry' as const,
      ifLate: 'hold' as const,
      when: null,
    },
  ],
  spacingMs: 2_000,
  windowMs: 3_600_000,
  exitKeywords: [],
}
const key: SendKey = { runKey: 'run-1', stepId: 'hi', ...whose, campaign: 'welcome', entry }
const event = { kind: 'other', scene: null, text: null, qrScene: null, eventKey: null, start: null }
const YAML =
  'id: welcome\nname: W\nentry: {event: subscribe}\nsteps: [{id: hi, after: 0s, send: {text: hi}}]\n'

describeOnBothStores('the last look before a send', (store) => {
  let accounts: ReturnType<typeof createAccountStore>
  let campaigns: ReturnType<typeof createCampaignStore>
  beforeEach(async () => {
    accounts = createAccountStore(store().db, createSealer('test-key'), () => NOW)
    campaigns = createCampaignStore(store().db, () => NOW)
    await accounts.add({
      appId: 'wxA',
      name: 'A',
      mode: 'plain',
      appSecret: 'test-secret',
      token: 'test',
      encodingAesKey: null,
      rules: 'wechat-2023',
      onUnknown: 'retry',
      timezone: 'Asia/Shanghai',
      apiBase: null,
      humanAgents: false,
    })
    const { checkCampaign } = await import('../campaign/check.ts')
    const { campaign } = checkCampaign(YAML)
    if (campaign) await campaigns.publish(YAML, campaign, [])
    await insertRun(store().db, whose, { entry, plan }, [], NOW)
  })

  const unfollow = (createTime: number) =>
    acceptCallback(store().db, {
      ...whose,
      key: `u${createTime}`,
      kind: 'unsubscribe',
      createTime,
      receivedAt: NOW,
      event,
      reply: null,
    })

  it('writes an intent and counts the attempts', async () => {
    expect(await writeIntent(store().db, key, NOW, 0)).toEqual({
      may: true,
      attempts: 1,
      unclear: 0,
      failures: 0,
    })
    expect(await writeIntent(store().db, key, NOW, 0)).toEqual({ may: false, refusal: 'overtaken' })
    expect(await writeIntent(store().db, key, NOW, 1)).toMatchObject({ may: true, attempts: 2 })
    expect(await openIntents(store().db, 'run-1')).toEqual(['hi'])
  })

  it('refuses after an unfollow that was accepted, dispatched or not, and also when a follow came after it', async () => {
    await unfollow(NOW + 1_000)
    expect(await writeIntent(store().db, key, NOW, 0)).toEqual({ may: false, refusal: 'unfollowed' })
    await acceptCallback(store().db, {
      ...whose,
      key: 'again',
      kind: 'subscribe',
      createTime: NOW + 2_000,
      receivedAt: NOW,
      event,
      reply: null,
    })
    expect(await writeIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'unfollowed' })
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.attempts).toBe(0)
  })

  it('does not mind an unfollow from before this run’s entry', async () => {
    await unfollow(NOW - 1_000)
    expect(await writeIntent(store().db, key, NOW, 0)).toMatchObject({ may: true })
  })

  it('refuses while the campaign, the follower or the account is kept back', async () => {
    await campaigns.setState('welcome', 'paused')
    expect(await writeIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'campaign-paused' })
    await campaigns.setState('welcome', 'live')
    await saveFollower(store().db, whose, { paused: true }, NOW)
    expect(await writeIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'follower-paused' })
    await saveFollower(store().db, whose, { paused: false }, NOW)
    await accounts.setState('wxA', 'quota-exhausted', '45009', NOW + 1_000)
    expect(await writeIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'account-stopped' })
    expect(await writeIntent(store().db, key, NOW + 1_000, 0)).toMatchObject({ may: true })
  })

  it('refuses for an account that is gone', async () => {
    await removeAccount(store().db, 'wxA', NOW)
    expect(await writeIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'account-stopped' })
  })

  it('says that a step was sent already, and never opens it again', async () => {
    await writeIntent(store().db, key, NOW, 0)
    await result('sent')
    expect(await writeIntent(store().db, key, NOW, 0)).toEqual({ may: false, refusal: 'sent' })
    await writeWaiting(store().db, key, 'follower-paused', NOW)
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sent')
  })

  it('lets a late sent overwrite unknown, and never the reverse', async () => {
    await writeIntent(store().db, key, NOW, 0)
    await result('unknown')
    await result('sent')
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sent')
    await result('unknown')
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sent')
  })

  it('counts unclear attempts and failures', async () => {
    await writeIntent(store().db, key, NOW, 0)
    const attempt = { reason: 'time-out', errcode: null, rid: null, now: NOW }
    expect(await writeAttempt(store().db, key, { ...attempt, unclear: true })).toEqual({
      unclear: 1,
      failures: 1,
    })
    expect(await writeAttempt(store().db, key, { ...attempt, unclear: false })).toEqual({
      unclear: 1,
      failures: 2,
    })
  })

  it('keeps the newest snapshot of a run, whatever order they come in', async () => {
    const old = beginRun(plan, entry, [])
    const ended = endRun({ ...old, seq: 5 }, 'completed', null, NOW + 1)
    await result('sent', ended)
    await result('sent', { ...old, seq: 3 })
    expect((await runsOf(store().db, whose))[0]).toMatchObject({
      status: 'ended',
      outcome: 'completed',
      seq: 6,
    })
  })

  function result(state: 'sent' | 'unknown', snapshot = { ...beginRun(plan, entry, []), seq: 1 }) {
    const row = { state, sentAt: NOW, errcode: 0, reason: null, rid: null, now: NOW }
    return writeResult(store().db, key, row, { state: snapshot, runId: 'r' })
  }
})

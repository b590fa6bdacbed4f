import { beforeEach, describe, expect, it } from 'vitest'
import { rejectRunWrites } from '../../../test/fixtures/refuse-writes.ts'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { beginRun } from '../../run/run-events.ts'
import { endRun } from '../../run/state.ts'
import { createAccountStore } from '../accounts/account-store.ts'
import { removeAccount } from '../accounts/removed-accounts.ts'
import { createCampaignStore } from '../campaigns/campaign-store.ts'
import type { Db } from '../db.ts'
import { createSealer } from '../encryption/sealer.ts'
import { acceptCallback } from '../inbox/inbox-rows.ts'
import {
  readDelivery,
  recordAttempt,
  recordDeferral,
  recordIntent,
  recordLastStep,
  recordStepResult,
  type SendKey,
  unansweredSteps,
} from './deliveries.ts'
import { readFollower, saveFollower } from './follower-rows.ts'
import { endRunFromOutside, insertRun, recordKnownRun, recordRun, runsByFollower } from './run-rows.ts'
import { REDACTION_NOTE } from './run-snapshots.ts'

const NOW = 1_800_000_000_000
const follower = { appId: 'wxA', openId: 'oOne' }
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
const key: SendKey = { runKey: 'run-1', stepId: 'hi', ...follower, campaign: 'welcome', entry }
const event = { kind: 'other', scene: null, text: null, qrScene: null, eventKey: null, start: null }
const YAML =
  'id: welcome\nname: W\nentry: {event: subscribe}\nsteps: [{id: hi, after: 0s, send: {text: hi}}]\n'

describeOnBothStores('the check before a send', (store) => {
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
    const { checkCampaign } = await import('../../campaign/check.ts')
    const { campaign } = checkCampaign(YAML)
    if (campaign) await campaigns.publish(YAML, campaign, [])
    await insertRun(store().db, follower, { entry, plan }, [], NOW)
  })

  const unfollow = (createTime: number) =>
    acceptCallback(store().db, {
      ...follower,
      dedupeKey: `u${createTime}`,
      kind: 'unsubscribe',
      createTime,
      receivedAt: NOW,
      event,
      reply: null,
    })

  it('records an intent and counts the attempts', async () => {
    expect(await recordIntent(store().db, key, NOW, 0)).toEqual({
      allowed: true,
      attempts: 1,
      unclear: 0,
      failures: 0,
      followsInvalidRecipient: false,
    })
    expect(await recordIntent(store().db, key, NOW, 0)).toEqual({ allowed: false, refusal: 'overtaken' })
    expect(await recordIntent(store().db, key, NOW, 1)).toMatchObject({ allowed: true, attempts: 2 })
    expect(await unansweredSteps(store().db, 'run-1')).toEqual(['hi'])
  })

  it('refuses after an accepted unfollow, dispatched or not, also when a follow came after it', async () => {
    await unfollow(NOW + 1_000)
    expect(await recordIntent(store().db, key, NOW, 0)).toEqual({ allowed: false, refusal: 'unfollowed' })
    await acceptCallback(store().db, {
      ...follower,
      dedupeKey: 'again',
      kind: 'subscribe',
      createTime: NOW + 2_000,
      receivedAt: NOW,
      event,
      reply: null,
    })
    expect(await recordIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'unfollowed' })
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.attempts).toBe(0)
  })

  it('ignores an unfollow from before the entry of the run', async () => {
    await unfollow(NOW - 1_000)
    expect(await recordIntent(store().db, key, NOW, 0)).toMatchObject({ allowed: true })
  })

  it('refuses while the campaign, the follower or the account is paused or stopped', async () => {
    await campaigns.setState('welcome', 'paused')
    expect(await recordIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'campaign-paused' })
    await campaigns.setState('welcome', 'live')
    await saveFollower(store().db, follower, { paused: true }, NOW)
    expect(await recordIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'follower-paused' })
    await saveFollower(store().db, follower, { paused: false }, NOW)
    await accounts.setState('wxA', 'quota-exhausted', '45009', NOW + 1_000)
    expect(await recordIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'account-stopped' })
    expect(await recordIntent(store().db, key, NOW + 1_000, 0)).toMatchObject({ allowed: true })
  })

  it('refuses for a removed account', async () => {
    await removeAccount(store().db, 'wxA', NOW)
    expect(await recordIntent(store().db, key, NOW, 0)).toMatchObject({ refusal: 'account-stopped' })
  })

  it('reports that a step was sent already, and never changes its result', async () => {
    await recordIntent(store().db, key, NOW, 0)
    await result('sent')
    expect(await recordIntent(store().db, key, NOW, 0)).toEqual({ allowed: false, refusal: 'sent' })
    await recordDeferral(store().db, key, 'follower-paused', NOW)
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sent')
  })

  it('lets a late result sent overwrite unknown, but never the reverse', async () => {
    await recordIntent(store().db, key, NOW, 0)
    await result('unknown')
    await result('sent')
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sent')
    await result('unknown')
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sent')
  })

  it('counts unclear attempts and failures', async () => {
    await recordIntent(store().db, key, NOW, 0)
    const attempt = { reason: 'time-out', errcode: null, rid: null, now: NOW }
    expect(await recordAttempt(store().db, key, { ...attempt, unclear: true })).toEqual({
      unclear: 1,
      failures: 1,
    })
    expect(await recordAttempt(store().db, key, { ...attempt, unclear: false })).toEqual({
      unclear: 1,
      failures: 2,
    })
  })

  it('keeps the newest snapshot of a run, whatever order they arrive in', async () => {
    const old = beginRun(plan, entry, [])
    const ended = endRun({ ...old, revision: 5 }, 'completed', null, NOW + 1)
    await result('sent', ended)
    await result('sent', { ...old, revision: 3 })
    expect((await runsByFollower(store().db, follower))[0]).toMatchObject({
      status: 'ended',
      outcome: 'completed',
      revision: 6,
    })
  })

  describe('of the last step', () => {
    const row = { state: 'sent' as const, sentAt: NOW, errcode: null, reason: null, rid: 'r1', now: NOW }
    const completed = endRun({ ...beginRun(plan, entry, []), revision: 2 }, 'completed', null, NOW)
    const recordEnd = (of = key) => recordLastStep(store().db, of, row, { state: completed, runId: 'r' })

    it('is recorded with the end of the run', async () => {
      await recordIntent(store().db, key, NOW, 0)
      expect(await recordEnd()).toBe(true)
      expect(await readDelivery(store().db, 'run-1', 'hi')).toMatchObject({ state: 'sent', rid: 'r1' })
      expect((await runsByFollower(store().db, follower))[0]).toMatchObject({
        status: 'ended',
        outcome: 'completed',
        endedAt: NOW,
        revision: 3,
        runId: 'r',
      })
      // The next attempt, after a worker was lost, must not send again.
      expect(await recordIntent(store().db, key, NOW, 0)).toEqual({ allowed: false, refusal: 'sent' })
    })

    it('leaves the end to the run when there is no row, or it has ended otherwise', async () => {
      await recordIntent(store().db, key, NOW, 0)
      expect(await recordEnd({ ...key, runKey: 'missing' })).toBe(false)
      const stopped = endRun(beginRun(plan, entry, []), 'account-stopped', 'removed', NOW)
      expect(await endRunFromOutside(store().db, 'run-1', 0, stopped, NOW)).toBe(true)
      expect(await recordEnd()).toBe(false)
      expect((await runsByFollower(store().db, follower))[0]?.outcome).toBe('account-stopped')
    })

    it('leaves the end to the run when the store refuses the snapshot', async () => {
      await recordIntent(store().db, key, NOW, 0)
      const acceptAgain = await rejectRunWrites(store().db, "NEW.status = 'ended'", '22P05')
      expect(await recordEnd()).toBe(false)
      await acceptAgain()
      expect((await runsByFollower(store().db, follower))[0]?.status).toBe('active')
    })

    it('is replaced by the end that a signal gave the run meanwhile, and counts as ended once', async () => {
      await recordIntent(store().db, key, NOW, 0)
      await recordEnd()
      const state = endRun({ ...beginRun(plan, entry, []), revision: 3 }, 'unsubscribed', null, NOW)
      const snapshot = { state, runId: 'r' }
      expect(await recordKnownRun(store().db, follower, snapshot, NOW)).toEqual({ ended: false, held: [] })
      expect((await runsByFollower(store().db, follower))[0]?.outcome).toBe('unsubscribed')
    })
  })

  function result(state: 'sent' | 'unknown', snapshot = { ...beginRun(plan, entry, []), revision: 1 }) {
    const row = { state, sentAt: NOW, errcode: 0, reason: null, rid: null, now: NOW }
    return recordStepResult(store().db, key, row, { state: snapshot, runId: 'r' })
  }

  it.each([
    ['reduced', "NEW.state::text LIKE '%refuse me%'", '22P05'],
    ['bare', "NEW.state->'reply' <> 'null'::jsonb", '54000'],
    ['nothing', 'NEW.revision = 7', '22P02'],
  ] as const)(
    'records that a message was sent when the snapshot is stored as: %s',
    async (stored, when, code) => {
      await insertRun(store().db, follower, { entry, plan }, [], NOW)
      await recordIntent(store().db, key, NOW, 0)
      const acceptAgain = await rejectRunWrites(store().db, when, code)
      const snapshot = { ...beginRun(plan, entry, []), revision: 7, reply: { at: NOW, text: 'refuse me' } }
      expect(await result('sent', snapshot)).toBe(stored)
      await acceptAgain()
      expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sent')
      const [run] = await runsByFollower(store().db, follower)
      expect(run?.revision).toBe(stored === 'nothing' ? 0 : 7)
      expect(run?.state.warnings).toEqual(stored === 'reduced' ? [REDACTION_NOTE] : [])
      expect(run?.state.reply).toEqual(stored === 'reduced' ? { at: NOW, text: null } : null)
    },
  )

  it('writes what belongs to a result in its transaction, also when the database refuses the snapshot', async () => {
    await insertRun(store().db, follower, { entry, plan }, [], NOW)
    await recordIntent(store().db, key, NOW, 0)
    const row = { state: 'sent' as const, sentAt: NOW, errcode: 0, reason: null, rid: null, now: NOW }
    const snapshot = (text: string) => ({
      state: { ...beginRun(plan, entry, []), revision: 1, reply: { at: NOW, text } },
      runId: 'r',
    })
    const done: string[] = []
    const also = (name: string) => async (tx: Db) => {
      await saveFollower(tx, { ...follower, openId: name }, { paused: true }, NOW)
      return () => void done.push(name)
    }
    const refused = also('failed')
    const failing = (tx: Db) => refused(tx).then(() => Promise.reject(new Error('no effect')))
    await expect(recordStepResult(store().db, key, row, snapshot('x'), failing)).rejects.toThrow('no effect')
    expect((await readDelivery(store().db, 'run-1', 'hi'))?.state).toBe('sending')
    expect(await readFollower(store().db, { ...follower, openId: 'failed' })).toBeNull()

    const acceptAgain = await rejectRunWrites(store().db, "NEW.state::text LIKE '%refuse me%'", '22P05')
    expect(await recordStepResult(store().db, key, row, snapshot('refuse me'), also('b'))).toBe('reduced')
    await acceptAgain()
    expect(done).toEqual(['b'])
    expect(await readFollower(store().db, { ...follower, openId: 'b' })).toMatchObject({ paused: true })
  })

  it('records that a message was sent when the details of WeChat’s answer fit no column', async () => {
    await insertRun(store().db, follower, { entry, plan }, [], NOW)
    await recordIntent(store().db, key, NOW, 0)
    const row = {
      state: 'sent' as const,
      sentAt: NOW,
      errcode: 1e10,
      reason: 'a\0b',
      rid: '\ud83d',
      now: NOW,
    }
    const snapshot = { state: { ...beginRun(plan, entry, []), revision: 1 }, runId: 'r' }
    expect(await recordStepResult(store().db, key, row, snapshot)).toBe('whole')
    expect(await readDelivery(store().db, 'run-1', 'hi')).toMatchObject({ state: 'sent', errcode: null })
    const attempt = { unclear: false, reason: 'x\0', errcode: -1e12, rid: '\ud83d', now: NOW }
    await expect(recordAttempt(store().db, { ...key, stepId: 'hi' }, attempt)).resolves.toBeDefined()
  })

  it('records, ends and starts a run without the texts that the store refuses', async () => {
    const acceptAgain = await rejectRunWrites(store().db, "NEW.state::text LIKE '%refuse me%'", '22P05')
    const refusedEntry = { ...entry, text: 'refuse me' }
    expect(await insertRun(store().db, follower, { entry: refusedEntry, plan }, [], NOW)).toBe('reduced')
    const state = { ...beginRun(plan, refusedEntry, []), revision: 1 }
    const recorded = await recordRun(
      store().db,
      follower,
      { entry: refusedEntry, plan },
      { state, runId: 'r' },
      NOW,
    )
    expect(recorded).toMatchObject({ ended: false, stored: 'reduced' })
    const ended = endRun(state, 'cancelled', 'refuse me', NOW)
    expect(await endRunFromOutside(store().db, 'run-1', 1, ended, NOW)).toBe(true)
    await acceptAgain()
    expect((await runsByFollower(store().db, follower))[0]).toMatchObject({
      status: 'ended',
      outcome: 'cancelled',
    })
  })
})

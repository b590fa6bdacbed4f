import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { outbox } from '../schema.ts'
import {
  claimWebhooks,
  enqueueWebhook,
  listOutbox,
  outboxBacklog,
  purgeOutbox,
  recordWebhookAttempt,
  retryFailedWebhooks,
  retryWebhook,
  type WebhookEvent,
  webhookBackoffMs,
} from './outbox.ts'

const NOW = 1_800_000_000_000
const SECOND = 1_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const FOLLOWER = { appId: 'wxA', openId: 'oOne' }

describeOnBothStores('the outbox', (store) => {
  const event = (step: string, runKey = 'run-1'): WebhookEvent => ({
    campaign: 'coupon',
    version: 3,
    step,
    runKey,
    qrScene: 'expo',
    variant: null,
    facts: { paid: true },
    at: NOW - 5,
  })
  const enqueue = async (step: string, { endpoint = 'crm', runKey = 'run-1', now = NOW } = {}) => {
    await enqueueWebhook(store().db, FOLLOWER, endpoint, event(step, runKey), now)
  }
  const claim = (more: Partial<Parameters<typeof claimWebhooks>[1]> = {}) =>
    claimWebhooks(store().db, {
      ownerId: 'a',
      now: NOW,
      leaseMs: 30 * SECOND,
      perEndpoint: 8,
      except: [],
      ...more,
    })
  const claimed = async (...args: Parameters<typeof claim>) =>
    (await claim(...args)).map((r) => r.stepId).sort()
  const failed = { status: 500, error: 'HTTP 500' }
  const delivered = { status: 200, error: null }

  it('queues one webhook for each step of a run, however often it is told', async () => {
    await enqueue('coupon')
    await enqueue('coupon')
    await enqueue('coupon', { runKey: 'run-2' })
    const rows = await claim()
    expect(rows.map((r) => [r.runKey, r.stepId, r.attempts])).toEqual([
      ['run-1', 'coupon', 1],
      ['run-2', 'coupon', 1],
    ])
    expect(JSON.parse(rows[0]?.body ?? '')).toEqual({
      id: 'run-1/coupon',
      at: new Date(NOW - 5).toISOString(),
      campaign: 'coupon',
      version: 3,
      step: 'coupon',
      appId: 'wxA',
      openId: 'oOne',
      runKey: 'run-1',
      qrScene: 'expo',
      variant: null,
      facts: { paid: true },
    })
  })

  it('is written or not together with the result of the step', async () => {
    const { db } = store()
    await expect(
      db.transaction(async (tx) => {
        await enqueueWebhook(tx, FOLLOWER, 'crm', event('lost'), NOW)
        throw new Error('the result was not stored')
      }),
    ).rejects.toThrow('not stored')
    expect(await claimed()).toEqual([])
    // As a part of another statement.
    const queued = db
      .$with('queued')
      .as(enqueueWebhook(db, FOLLOWER, 'crm', event('kept'), NOW).returning({ id: outbox.id }))
    await db.with(queued).select().from(queued)
    expect(await claimed()).toEqual(['kept'])
  })

  it('leases a webhook to one process; another gets it after the lease', async () => {
    await enqueue('one')
    const both = await Promise.all([claim(), claim({ ownerId: 'b' })])
    expect(both.flat()).toHaveLength(1)
    expect(await claimed({ now: NOW + 29 * SECOND })).toEqual([])
    expect(await claimed({ ownerId: 'b', now: NOW + 31 * SECOND })).toEqual(['one'])
  })

  it('records no result of a lease that has passed to another process', async () => {
    await enqueue('one')
    const [first] = await claim()
    const [second] = await claim({ ownerId: 'b', now: NOW + 31 * SECOND })
    expect(await recordWebhookAttempt(store().db, first as never, delivered, NOW)).toBeNull()
    expect(await recordWebhookAttempt(store().db, second as never, failed, NOW)).toBe('waiting')
  })

  it('takes of each endpoint only some, so that one that does not answer delays no other', async () => {
    for (let i = 0; i < 20; i++) await enqueue(`dead-${i}`, { endpoint: 'dead' })
    await enqueue('alive', { endpoint: 'alive', now: NOW + 1 })
    const found = await claimed({ now: NOW + 1, perEndpoint: 3 })
    expect(found).toHaveLength(4)
    expect(found).toContain('alive')
    await enqueue('alive-2', { endpoint: 'alive', now: NOW + 2 })
    expect(await claimed({ now: NOW + 2, perEndpoint: 3, except: ['dead'] })).toEqual(['alive-2'])
  })

  it('repeats after 1 s, 2 s, 4 s … at most an hour, for a day', async () => {
    expect([1, 2, 3, 4, 12, 13, 40].map(webhookBackoffMs)).toEqual(
      [1, 2, 4, 8, 2_048, 3_600, 3_600].map((s) => s * SECOND),
    )
    await enqueue('one')
    let now = NOW
    let attempts = 0
    for (;;) {
      const [row] = await claim({ now })
      if (!row) throw new Error('it is due')
      attempts = row.attempts
      const state = await recordWebhookAttempt(store().db, row, failed, now)
      if (state === 'failed') break
      expect(state).toBe('waiting')
      const next = now + webhookBackoffMs(row.attempts)
      expect(await claim({ now: next - 1 })).toEqual([])
      now = next
    }
    // 4,095 s in twelve waits, then one each hour.
    expect(attempts).toBe(35)
    expect(now - NOW).toBeGreaterThan(DAY - HOUR)
    expect(await claim({ now: now + DAY })).toEqual([])
    expect(await listOutbox(store().db, {}, { before: null, limit: 10 })).toMatchObject([
      { state: 'failed', lastStatus: 500, lastError: 'HTTP 500', attempts: 35 },
    ])
  })

  it('gives a webhook at least one attempt, also when nobody sent for a day', async () => {
    await enqueue('late')
    expect(await claimed({ now: NOW + 2 * DAY })).toEqual(['late'])
  })

  it('keeps nothing of a delivered webhook but its row', async () => {
    await enqueue('one')
    const [row] = await claim()
    expect(await recordWebhookAttempt(store().db, row as never, delivered, NOW + 9)).toBe('delivered')
    const [stored] = await store().db.select().from(outbox)
    expect(stored).toMatchObject({ body: null, state: 'delivered', endedAt: NOW + 9, lastError: null })
    // Not sent again by a repeated result of the step.
    await enqueue('one')
    expect(await claim({ now: NOW + DAY })).toEqual([])
    expect(await retryWebhook(store().db, row?.id ?? 0, NOW)).toBe(false)
  })

  it('sends a failed webhook again when an operator asks for it, for another day', async () => {
    await enqueue('one')
    await enqueue('two', { endpoint: 'other' })
    await store().db.update(outbox).set({ state: 'failed', endedAt: NOW, attempts: 35 })
    expect(await outboxBacklog(store().db)).toEqual({ waiting: 0, failed: 2, oldestCreatedAt: null })
    expect(await retryFailedWebhooks(store().db, 'crm', NOW + DAY)).toBe(1)
    expect(await outboxBacklog(store().db)).toEqual({ waiting: 1, failed: 1, oldestCreatedAt: NOW })
    const [row] = await claim({ now: NOW + DAY })
    expect(row).toMatchObject({ stepId: 'one', attempts: 1, giveUpAt: NOW + 2 * DAY, endedAt: null })
  })

  it('sends all failed webhooks of an endpoint again, however many, a few by each statement', async () => {
    for (let i = 0; i < 5; i++) await enqueue(`s${i}`)
    await enqueue('else', { endpoint: 'other' })
    await store().db.update(outbox).set({ state: 'failed', endedAt: NOW, attempts: 35 })
    const one = (await listOutbox(store().db, { endpoint: 'crm' }, { before: null, limit: 1 }))[0]
    expect(await retryWebhook(store().db, one?.id ?? 0, NOW)).toBe(true)
    expect(await retryFailedWebhooks(store().db, 'crm', NOW, 2)).toBe(4)
    expect(await retryFailedWebhooks(store().db, 'crm', NOW, 2)).toBe(0)
    expect(await outboxBacklog(store().db)).toMatchObject({ waiting: 5, failed: 1 })
  })

  it('is not blocked by a clock that was an hour ahead and a day behind', async () => {
    await enqueue('leased')
    await enqueue('postponed', { endpoint: 'other' })
    await claim({ now: NOW + 5 * HOUR })
    await store()
      .db.update(outbox)
      .set({ nextAttemptAt: NOW + 9 * HOUR, leaseExpiresAt: null })
      .where(eq(outbox.stepId, 'postponed'))
    expect(await claimed({ ownerId: 'b' })).toEqual(['leased', 'postponed'])
  })

  it('lists newest first, page by page, by state and endpoint', async () => {
    for (const step of ['a', 'b', 'c']) await enqueue(step)
    await enqueue('d', { endpoint: 'other' })
    const list = async (filter: Parameters<typeof listOutbox>[1], before: number | null = null) =>
      (await listOutbox(store().db, filter, { before, limit: 2 })).map((r) => r.stepId)
    expect(await list({})).toEqual(['d', 'c'])
    expect(await list({}, 3)).toEqual(['b', 'a'])
    expect(await list({ endpoint: 'crm' })).toEqual(['c', 'b'])
    expect(await list({ state: 'failed' })).toEqual([])
    expect(
      Object.keys((await listOutbox(store().db, {}, { before: null, limit: 1 }))[0] ?? {}),
    ).not.toContain('body')
  })

  it('deletes delivered and failed webhooks at their times, and none that may still be sent', async () => {
    for (const step of ['waits', 'failed', 'delivered']) await enqueue(step)
    const end = (step: 'failed' | 'delivered') =>
      store().db.update(outbox).set({ state: step, endedAt: NOW }).where(eq(outbox.stepId, step))
    await end('failed')
    await end('delivered')
    const left = async () => (await store().db.select().from(outbox)).map((r) => r.stepId).sort()
    await purgeOutbox(store().db, { delivered: NOW, failed: NOW }, 9)
    expect(await left()).toEqual(['delivered', 'failed', 'waits'])
    await purgeOutbox(store().db, { delivered: NOW + 1, failed: NOW }, 9)
    expect(await left()).toEqual(['failed', 'waits'])
    await purgeOutbox(store().db, { delivered: NOW + 1, failed: NOW + 1 }, 9)
    expect(await left()).toEqual(['waits'])
    // Nobody has sent for a month.
    await purgeOutbox(store().db, { delivered: NOW, failed: NOW + DAY + 1 }, 9)
    expect(await left()).toEqual([])
  })

  it('deletes a page of them at a time', async () => {
    for (const step of ['a', 'b', 'c']) await enqueue(step)
    await store().db.update(outbox).set({ state: 'delivered', endedAt: NOW })
    const purge = () => purgeOutbox(store().db, { delivered: NOW + 1, failed: NOW }, 2)
    expect([await purge(), await purge(), await purge()]).toEqual([2, 1, 0])
  })
})

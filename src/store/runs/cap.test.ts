import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { testAccount } from '../../../test/fixtures/test-account.ts'
import { describeOnBothStores, freshDatabase } from '../../../test/harness/stores.ts'
import { HOUR_MS, MINUTE_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { openStore } from '../open-store.ts'
import { accounts, deliveries, type MessageCap } from '../schema.ts'
import { execute } from '../sql.ts'
import { recordIntent, type SendKey } from './deliveries.ts'
import { saveFollower } from './follower-rows.ts'
import { insertRun } from './run-rows.ts'

const NOW = 1_800_000_000_000
const PLAN = { campaign: 'c', version: 1, steps: [], spacingMs: 0, windowMs: HOUR_MS, exitKeywords: [] }
const CAP: MessageCap = { messages: 2, per: '24h', perMs: 24 * HOUR_MS }

async function insertAccount(db: Db, cap: MessageCap | null): Promise<void> {
  const { appId, name, mode } = testAccount({ appId: 'wxA' })
  const secrets = { appSecretSealed: 's', tokenSealed: 't' }
  const times = { stateSince: NOW, createdAt: NOW, updatedAt: NOW }
  await db.insert(accounts).values({ appId, name, mode, ...secrets, ...times, cap })
}

/** A run of a follower. @returns the key of one of its steps */
async function newRun(db: Db, key: string, openId = 'oOne'): Promise<(stepId: string) => SendKey> {
  const entry = { at: NOW, seq: 1, key, event: 'message' as const, qrScene: null, eventKey: null, text: null }
  await insertRun(db, { appId: 'wxA', openId }, { entry, plan: PLAN }, [], NOW)
  return (stepId) => ({
    ...{ runKey: key, stepId, appId: 'wxA', openId, campaign: 'c', entry: { at: NOW, seq: 1 } },
  })
}

describeOnBothStores("the account's cap", (store) => {
  const db = () => store().db
  const run = (key: string, openId?: string) => newRun(db(), key, openId)
  beforeEach(() => insertAccount(db(), CAP))
  /** The check and the intent of a first request, `afterMs` later. */
  const intend = (key: SendKey, afterMs: number, goesOverCap = false) =>
    recordIntent(db(), key, NOW, 0, { at: NOW + afterMs, goesOverCap })
  const result = async (...args: Parameters<typeof intend>) => {
    const intent = await intend(...args)
    return intent.allowed ? 'allowed' : intent.refusal
  }

  it('counts the unasked messages of all runs of the follower in the period', async () => {
    const [first, second, other] = [await run('r1'), await run('r2'), await run('r3', 'oTwo')]
    expect(await result(first('a'), 0)).toBe('allowed')
    expect(await result(second('b'), HOUR_MS)).toBe('allowed')
    // The first one leaves the period after a day.
    expect(await intend(second('c'), 2 * HOUR_MS)).toEqual({
      allowed: false,
      refusal: 'capped',
      until: NOW + 24 * HOUR_MS,
    })
    expect(await result(other('a'), 2 * HOUR_MS)).toBe('allowed')
    expect(await result(second('c'), 24 * HOUR_MS - 1)).toBe('capped')
    expect(await result(second('c'), 24 * HOUR_MS)).toBe('allowed')
    const rows = await db().select().from(deliveries)
    expect(rows.find((row) => row.stepId === 'c')).toMatchObject({ state: 'sending', attempts: 1 })
  })

  it('does not count answers, and does not stop them', async () => {
    const key = await run('r1')
    for (const step of ['a', 'b', 'c'])
      expect((await recordIntent(db(), key(step), NOW, 0)).allowed).toBe(true)
    expect(await result(key('d'), MINUTE_MS)).toBe('allowed')
    expect(await result(key('e'), MINUTE_MS)).toBe('allowed')
    expect(await result(key('f'), MINUTE_MS)).toBe('capped')
    expect((await recordIntent(db(), key('g'), NOW, 0)).allowed).toBe(true)
  })

  it('lets a message for any time go, and counts it', async () => {
    const key = await run('r1')
    for (const step of ['a', 'b', 'c']) expect(await result(key(step), 0, true)).toBe('allowed')
    expect(await result(key('d'), MINUTE_MS)).toBe('capped')
  })

  it('counts unclear requests, and not refused ones', async () => {
    const key = await run('r1')
    for (const step of ['a', 'b']) await intend(key(step), 0)
    await db().update(deliveries).set({ state: 'failed', unclear: 0 })
    expect(await result(key('c'), MINUTE_MS)).toBe('allowed')
    await db().update(deliveries).set({ state: 'failed', unclear: 1 })
    expect(await result(key('d'), MINUTE_MS)).toBe('capped')
    await db().update(deliveries).set({ state: 'skipped', unclear: 0 })
    expect(await result(key('d'), MINUTE_MS)).toBe('allowed')
  })

  it('does not count the request itself, which is repeated', async () => {
    const key = await run('r1')
    await intend(key('a'), 0)
    const again = await recordIntent(db(), key('a'), NOW, 1, { at: NOW + 1, goesOverCap: false })
    expect(again).toMatchObject({ allowed: true, attempts: 2 })
  })

  it('is off by default', async () => {
    await db().update(accounts).set({ cap: null })
    const key = await run('r1')
    for (const step of ['a', 'b', 'c', 'd']) expect(await result(key(step), 0)).toBe('allowed')
  })

  it('keeps the time of an unclear request when a later one is refused', async () => {
    const key = await run('r1')
    await intend(key('a'), 0)
    await db().update(deliveries).set({ state: 'failed', unclear: 1 })
    await db().update(accounts).set({ state: 'paused' })
    expect(await recordIntent(db(), key('a'), NOW, 1)).toMatchObject({ refusal: 'account-stopped' })
    expect(await db().select().from(deliveries)).toMatchObject([{ unaskedAt: NOW }])
  })

  it('holds for requests of several runs at the same moment', async () => {
    const keys = await Promise.all(Array.from({ length: 6 }, (_, i) => run(`r${i}`)))
    await saveFollower(db(), { appId: 'wxA', openId: 'oOne' }, {}, NOW)
    for (let day = 0; day < 5; day++) {
      const results = await Promise.all(keys.map((key) => result(key(`s${day}`), day * 24 * HOUR_MS)))
      expect(results.sort()).toEqual([...Array(2).fill('allowed'), ...Array(4).fill('capped')])
    }
  })
})

const url = inject('postgresUrl')

describe.skipIf(!url)("two requests for one follower on PostgreSQL, under the account's cap", () => {
  it('the second waits for the first, and counts it', async () => {
    const store = await openStore({ databaseUrl: await freshDatabase(url), dataDir: null })
    onTestFinished(() => store.close())
    const { db } = store
    await insertAccount(db, { ...CAP, messages: 1 })
    const [first, second] = [await newRun(db, 'r1'), await newRun(db, 'r2')]
    await saveFollower(db, { appId: 'wxA', openId: 'oOne' }, {}, NOW)
    const intend = (tx: Db, key: SendKey) => recordIntent(tx, key, NOW, 0, { at: NOW, goesOverCap: false })
    let waiting: ReturnType<typeof intend> | undefined
    await db.transaction(async (tx) => {
      expect(await intend(tx as unknown as Db, first('a'))).toMatchObject({ allowed: true })
      waiting = intend(db, second('b'))
      const isBlocked = sql`SELECT count(*)::integer AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`
      await vi.waitUntil(async () => (await execute<{ n: number }>(db, isBlocked)).rows[0]?.n === 1, 10_000)
    })
    expect(await waiting).toEqual({ allowed: false, refusal: 'capped', until: NOW + CAP.perMs })
  })
})

import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { inbox } from '../schema.ts'
import { claimHeads } from './claim-events.ts'
import type { InboxEvent, InboxRequest } from './inbox-event.ts'
import {
  acceptCallback,
  acceptCallbacks,
  eventsSince,
  inboxBacklog,
  markDispatched,
  type NewInboxRow,
  purgeInbox,
  releaseForRetry,
} from './inbox-rows.ts'

const NOW = 1_800_000_000_000
const LEASE_MS = 30_000

describeOnBothStores('the inbox', (store) => {
  const row = (dedupeKey: string, columns: Partial<NewInboxRow> = {}): NewInboxRow => ({
    appId: 'wxA',
    openId: 'oOne',
    dedupeKey,
    kind: 'text',
    createTime: NOW,
    receivedAt: NOW,
    event: {
      kind: 'text',
      scene: 'message',
      text: 'secret words',
      qrScene: null,
      eventKey: null,
      start: null,
    },
    reply: { kind: 'text', content: `reply to ${dedupeKey}` },
    ...columns,
  })
  const accept = (dedupeKey: string, columns: Partial<NewInboxRow> = {}) =>
    acceptCallback(store().db, row(dedupeKey, columns))
  const claim = (ownerId = 'a', now = NOW, limit = 10) =>
    claimHeads(store().db, { ownerId, now, leaseMs: LEASE_MS, limit })
  const keys = async (...args: Parameters<typeof claim>) => (await claim(...args)).map((r) => r.dedupeKey)

  it('claims the newest events of the last minute on request, in the order of each follower', async () => {
    const at = (createTime: number, openId: string) => ({ openId, createTime })
    await accept('old', at(NOW - 90_000, 'oOld'))
    await accept('first', at(NOW - 30_000, 'oTwice'))
    await accept('second', at(NOW - 20_000, 'oTwice'))
    await accept('other', at(NOW - 10_000, 'oOther'))
    const lease = { ownerId: 'a', now: NOW, leaseMs: LEASE_MS, limit: 1, newestSince: NOW - 60_000 }
    const newest = async () => (await claimHeads(store().db, lease)).map((r) => r.dedupeKey)
    expect(await newest()).toEqual(['other'])
    expect(await newest()).toEqual(['first'])
    expect(await newest()).toEqual([])
    expect(await keys()).toEqual(['old'])
  })

  it('accepts a callback once; a duplicate gets the first reply', async () => {
    expect(await accept('k1')).toMatchObject({ fresh: true })
    expect(await accept('k1', { reply: null })).toEqual({
      fresh: false,
      reply: { kind: 'text', content: 'reply to k1' },
    })
    expect(await inboxBacklog(store().db)).toEqual({ pending: 1, oldestReceivedAt: NOW })
  })

  it('accepts the same callback once, also when many arrive at the same moment', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept('same')))
    expect(answers.filter((a) => a.fresh)).toHaveLength(1)
  })

  it('accepts many in one statement, in order; a known or repeated one is a duplicate', async () => {
    await accept('known')
    const keys_ = ['b', 'known', 'a', 'b', 'c']
    const results = await acceptCallbacks(
      store().db,
      keys_.map((key) => row(key, { openId: `o${key}` })),
    )
    const reply = (key: string) => ({ fresh: false, reply: { kind: 'text', content: `reply to ${key}` } })
    expect(results).toMatchObject([
      { fresh: true },
      reply('known'),
      { fresh: true },
      reply('b'),
      { fresh: true },
    ])
    expect(await keys()).toEqual(['known', 'b', 'a', 'c'])
  })

  it('reports an error only for the row that the database refuses', async () => {
    // Past 2^63: out of range for the column, and so class 22.
    const bad = row('bad', { createTime: 1e19 })
    const results = await acceptCallbacks(store().db, [row('one'), bad, row('two', { openId: 'oTwo' })])
    expect(results[0]).toMatchObject({ fresh: true })
    expect(results[1]).toBeInstanceOf(Error)
    expect(results[2]).toMatchObject({ fresh: true })
    expect(await keys()).toEqual(['one', 'two'])
  })

  it('accepts a thousand rows in one statement', async () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => row(`k${i}`, { openId: `o${i}` }))
    expect((await acceptCallbacks(store().db, rows)).every((r) => !(r instanceof Error) && r.fresh)).toBe(
      true,
    )
    expect(await inboxBacklog(store().db)).toMatchObject({ pending: 1_000 })
  })

  it('claims events of many followers at once, but of each follower only the oldest', async () => {
    await accept('late', { createTime: NOW + 2_000 })
    await accept('early', { createTime: NOW })
    await accept('other', { openId: 'oTwo', createTime: NOW + 9_000 })
    expect(await keys()).toEqual(['early', 'other'])
    expect(await keys('b')).toEqual([])
  })

  it('claims round-robin by account: an account with many waiting followers does not delay another', async () => {
    for (let i = 0; i < 12; i++) await accept(`burst-${i}`, { openId: `oBurst${i}` })
    await accept('quiet-1', { appId: 'wxB', openId: 'oQuiet1' })
    await accept('quiet-2', { appId: 'wxB', openId: 'oQuiet2' })
    await accept('third', { appId: 'wxC' })
    expect(await keys('a', NOW, 5)).toEqual(['burst-0', 'quiet-1', 'third', 'burst-1', 'quiet-2'])
    expect(await keys('b', NOW, 4)).toEqual(['burst-2', 'burst-3', 'burst-4', 'burst-5'])
  })

  it.each([undefined, NOW - 1])(
    'goes on behind the account that was served last (newestSince %s)',
    async (newestSince) => {
      for (let i = 0; i < 3; i++) {
        for (const appId of ['wxA', 'wxB', 'wxC']) await accept(`${appId} ${i}`, { appId, openId: `o${i}` })
      }
      const served: string[] = []
      for (let turn = 0; turn < 9; turn++) {
        const afterAppId = served.at(-1) ?? 'wxA'
        const lease = { ownerId: 'a', now: NOW, leaseMs: LEASE_MS, limit: 1, afterAppId }
        const claimed = await claimHeads(store().db, newestSince ? { ...lease, newestSince } : lease)
        served.push(...claimed.map((r) => r.appId))
      }
      expect(served).toEqual(['wxB', 'wxC', 'wxA', 'wxB', 'wxC', 'wxA', 'wxB', 'wxC', 'wxA'])
    },
  )

  it('orders events of the same second by arrival', async () => {
    await accept('first')
    await accept('second')
    expect(await keys()).toEqual(['first'])
  })

  it('claims the next event of a follower once the previous one is dispatched', async () => {
    await accept('k1')
    await accept('k2', { createTime: NOW + 1_000 })
    const [row] = await claim()
    await markDispatched(store().db, row?.id ?? 0, 'signalled', NOW)
    expect(await keys()).toEqual(['k2'])
  })

  it('lets another dispatcher claim an event whose lease has expired', async () => {
    await accept('k1')
    expect(await keys('a')).toEqual(['k1'])
    expect(await keys('b', NOW + LEASE_MS - 1)).toEqual([])
    expect(await keys('b', NOW + LEASE_MS + 1)).toEqual(['k1'])
  })

  it('claims no event of a follower while another one is being dispatched', async () => {
    await accept('k2', { createTime: NOW + 1_000 })
    expect(await keys('a')).toEqual(['k2'])
    // An older event arrives late, while the newer one is in flight.
    await accept('k1')
    expect(await keys('b')).toEqual([])
  })

  it('lets two dispatchers share the work without claiming a row twice', async () => {
    for (let i = 0; i < 40; i++) await accept(`k${i}`, { openId: `o${i}` })
    const claimed = (await Promise.all([keys('a', NOW, 30), keys('b', NOW, 30)])).flat()
    expect(new Set(claimed).size).toBe(claimed.length)
  })

  it('retries a failed event at its time, before later events of the follower', async () => {
    await accept('k1')
    await accept('k2', { createTime: NOW + 1_000 })
    const [row] = await claim()
    await releaseForRetry(store().db, row?.id ?? 0, NOW + 5_000, 'Temporal is away')
    expect(await keys('a', NOW + 4_000)).toEqual([])
    expect(await keys('a', NOW + 5_000)).toEqual(['k1'])
  })

  it('keeps of a dispatched event nothing that the follower wrote, and no trace', async () => {
    const about = { text: 'secret words', qrScene: null, eventKey: null }
    const start = { campaign: 'welcome', version: 1, event: 'message' as const }
    const events: (InboxEvent & { unheardOf?: string })[] = [
      { kind: 'text', scene: 'message', ...about, start, aheadMs: 90_000, trace: '00-1-2-01' },
      { kind: 'text', scene: 'message', ...about, eventKey: 'menu-1', start: null, unheardOf: 'new field' },
      { kind: 'unsubscribe', scene: null, ...about, text: null, start: null },
      { kind: 'SCAN', scene: 'scan', ...about, text: null, qrScene: 'expo-a1', start: null },
    ]
    for (const [i, event] of events.entries())
      await accept(`k${i}`, { kind: event.kind, event, createTime: NOW + i })
    for (const _ of events) {
      const [row] = await claim()
      await markDispatched(store().db, row?.id ?? 0, 'signalled', NOW)
    }
    const { rows } = (await store().db.execute('SELECT event FROM inbox ORDER BY id')) as unknown as {
      rows: { event: unknown }[]
    }
    expect(rows.map((r) => r.event)).toEqual([
      { scene: 'message', aheadMs: 90_000, start },
      { scene: 'message', eventKey: 'menu-1' },
      null,
      { scene: 'scan', qrScene: 'expo-a1' },
    ])
    const since = await eventsSince(store().db, { appId: 'wxA', openId: 'oOne' }, { at: NOW - 1, seq: 0 })
    expect(since).toEqual([
      { id: 1, kind: 'text', dedupeKey: 'k0', createTime: NOW, scene: 'message', aheadMs: 90_000 },
      { id: 2, kind: 'text', dedupeKey: 'k1', createTime: NOW + 1, scene: 'message' },
      { id: 3, kind: 'unsubscribe', dedupeKey: 'k2', createTime: NOW + 2, scene: null },
      { id: 4, kind: 'SCAN', dedupeKey: 'k3', createTime: NOW + 3, scene: 'scan' },
    ])
  })

  it('keeps of a dispatched request the names of facts and tags, and no value', async () => {
    const start = { campaign: 'welcome', version: 1, event: 'api' as const }
    const requests: [InboxRequest, unknown][] = [
      [
        { type: 'fact', facts: { phone: '13800000001', paid: true }, by: 'run-1' },
        {
          type: 'fact',
          names: expect.toSatisfy((n: string[]) => n.sort().join() === 'paid,phone'),
          by: 'run-1',
        },
      ],
      [
        { type: 'enter', facts: { phone: '13800000002' }, after: 'run-2' },
        { type: 'enter', names: ['phone'], after: 'run-2' },
      ],
      [
        { type: 'tag', tags: ['vip'] },
        { type: 'tag', tags: ['vip'] },
      ],
      [
        { type: 'link', name: 'guide', runKey: 'run-3' },
        { type: 'link', name: 'guide', runKey: 'run-3' },
      ],
      [
        { type: 'window-closing', endsAt: NOW },
        { type: 'window-closing', endsAt: NOW },
      ],
    ]
    const none = { scene: null, text: null, qrScene: null, eventKey: null }
    for (const [i, [request]] of requests.entries()) {
      const kind = request.type
      await accept(`k${i}`, { kind, createTime: NOW + i, event: { kind, ...none, start, request } })
    }
    for (const _ of requests) {
      const [row] = await claim()
      await markDispatched(store().db, row?.id ?? 0, 'stored', NOW)
    }
    const rows = await store().db.select().from(inbox).orderBy(inbox.id)
    expect(rows.map((r) => r.event)).toEqual(requests.map(([, request]) => ({ start, request })))
    expect(JSON.stringify(rows)).not.toContain('1380000')
    const since = await eventsSince(store().db, { appId: 'wxA', openId: 'oOne' }, { at: NOW - 1, seq: 0 })
    expect(since.map(({ scene }) => scene)).toEqual([null, null, null, null, null])
  })

  const purge = (
    before: number,
    page: { after: number | null; limit: number } = { after: null, limit: 100 },
  ) => purgeInbox(store().db, { before, ...page })

  it('is purged page by page, and not read beyond a page without an old row', async () => {
    for (let i = 0; i < 10; i++) await accept(`k${i}`, { openId: `o${i}`, receivedAt: NOW + i })
    for (const row of (await claim('a')).filter(({ id }) => id !== 2))
      await markDispatched(store().db, row.id, 'signalled', NOW)
    const before = NOW + 5
    expect(await purge(before, { after: null, limit: 2 })).toEqual({ changed: 1, next: 2 })
    expect(await purge(before, { after: 2, limit: 2 })).toEqual({ changed: 2, next: 4 })
    expect(await purge(before, { after: 4, limit: 2 })).toEqual({ changed: 1, next: 6 })
    expect(await purge(before, { after: 6, limit: 2 })).toEqual({ changed: 0, next: null })
    const left = await store().db.select({ id: inbox.id }).from(inbox).orderBy(inbox.id)
    expect(left.map(({ id }) => id)).toEqual([2, 6, 7, 8, 9, 10])
  })

  it('deletes a dispatched row after some days', async () => {
    await accept('k1')
    const [row] = await claim()
    await markDispatched(store().db, row?.id ?? 0, 'signalled', NOW)
    expect(await purge(NOW)).toEqual({ changed: 0, next: null })
    expect(await purge(NOW + 1)).toEqual({ changed: 1, next: null })
    expect(await accept('k1')).toMatchObject({ fresh: true })
  })

  it('keeps events that wait, however old they are', async () => {
    await accept('k1')
    expect(await purge(NOW + 1_000_000)).toEqual({ changed: 0, next: null })
    expect((await inboxBacklog(store().db)).pending).toBe(1)
  })

  it('is not blocked by leases and retries of a clock that was an hour ahead', async () => {
    const HOUR = 3_600_000
    await accept('leased')
    await accept('behind', { createTime: NOW + 1_000 })
    const [leased] = await claim('a', NOW + HOUR)
    await accept('failed', { openId: 'oTwo' })
    const [failed] = await claim('a', NOW + HOUR)
    await releaseForRetry(store().db, failed?.id ?? 0, NOW + HOUR + 15_000, 'Temporal is away')
    expect([leased?.dedupeKey, failed?.dedupeKey]).toEqual(['leased', 'failed'])
    // The clock is correct again, and another process claims.
    expect(await keys('b', NOW)).toEqual(['leased', 'failed'])
    expect(await keys('c', NOW)).toEqual([])
  })

  it('respects a lease of a process whose clock is some seconds ahead', async () => {
    await accept('leased')
    await claim('a', NOW + 20_000)
    expect(await keys('b', NOW)).toEqual([])
  })

  it('ignores a lease of a clock that was an hour behind', async () => {
    await accept('leased')
    await claim('a', NOW - 3_600_000)
    expect(await keys('b', NOW)).toEqual(['leased'])
  })
})

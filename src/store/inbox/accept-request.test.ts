import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { inbox } from '../schema.ts'
import { acceptRequest, findRequest, type NewRequest } from './accept-request.ts'
import { claimHeads } from './claim-events.ts'
import { acceptCallback, markDispatched } from './inbox-rows.ts'

const NOW = 1_800_000_000_500
const FOLLOWER = { appId: 'wxA', openId: 'oOne' }

describeOnBothStores('a request about a follower', (store) => {
  const facts = (key: string | null = null, value = 1): NewRequest => ({
    follower: FOLLOWER,
    request: { type: 'fact', facts: { a: value } },
    key,
  })
  const enter = (aheadMs = 0): NewRequest => ({
    follower: FOLLOWER,
    request: { type: 'enter', facts: {} },
    start: { campaign: 'c', version: 1, event: 'message' },
    key: null,
    aheadMs,
  })
  const accept = (wanted: NewRequest, now = NOW) => acceptRequest(store().db, wanted, now)
  const rows = () => store().db.select().from(inbox).orderBy(inbox.id)
  const callback = (createTime: number) =>
    acceptCallback(store().db, {
      ...FOLLOWER,
      dedupeKey: `callback-${createTime}`,
      kind: 'text',
      createTime,
      receivedAt: NOW,
      event: { kind: 'text', scene: 'message', text: 'x', qrScene: null, eventKey: null, start: null },
      reply: null,
    })

  it('is stored once for each key', async () => {
    expect(await accept(facts('k'))).toBe('accepted')
    expect(await accept(facts('k'))).toBe('duplicate')
    expect(await accept(facts('k', 2))).toBe('mismatch')
    expect(await accept(facts('other', 2))).toBe('accepted')
    expect(await accept(facts())).toBe('accepted')
    expect(await accept(facts())).toBe('accepted')
    expect(await rows()).toHaveLength(4)
    expect(await findRequest(store().db, facts('k'))).toBe('duplicate')
    expect(await findRequest(store().db, facts('new'))).toBeNull()
  })

  it('is stored once when many arrive with one key at the same moment', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => accept(facts('k'))))
    expect(results.filter((r) => r === 'accepted')).toHaveLength(1)
    expect(results.filter((r) => r === 'duplicate')).toHaveLength(19)
  })

  it('keeps its key after it was dispatched; its content is deleted then', async () => {
    await accept(facts('k'))
    const [row] = await rows()
    await markDispatched(store().db, row?.id ?? 0, 'stored', NOW)
    expect((await rows())[0]?.event).toMatchObject({ request: { type: 'fact', names: ['a'] } })
    expect(await accept(facts('k'))).toBe('duplicate')
    expect(await accept(facts('k', 2))).toBe('mismatch')
  })

  it('has a key that does not reveal the follower, and that no callback can have', async () => {
    await accept(facts(JSON.stringify(['api', 'wxA', 'oOne', 'k'])))
    expect((await rows())[0]?.dedupeKey).toMatch(/^fact-[\w-]{32}$/)
  })

  it('is the newest event of the follower, although the clock of WeChat is ahead', async () => {
    await callback(NOW + 30_000)
    await accept(facts())
    await accept(enter())
    expect((await rows()).map((r) => r.createTime)).toEqual([NOW + 30_000, NOW + 30_000, NOW + 30_000])
    const claim = () =>
      claimHeads(store().db, { ownerId: 'a', now: NOW, leaseMs: 30_000, limit: 5 }).then((found) =>
        found.map((r) => r.kind),
      )
    expect(await claim()).toEqual(['text'])
    expect(await claim()).toEqual([])
  })

  it('counts from the time of its arrival, whatever orders it', async () => {
    await accept(facts())
    await accept(enter())
    await accept(enter(90_000))
    const times = (await rows()).map((r) => r.createTime + (r.event?.aheadMs ?? 0))
    expect(times).toEqual([NOW, NOW, NOW])
  })

  it('that follows another one stays behind it, with and without a known skew', async () => {
    await accept(facts())
    await accept(enter(90_000), NOW + 10)
    await accept(facts(), NOW + 20)
    const times = (await rows()).map((r) => r.createTime)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('that starts a run is older than an unfollow of the next minute, although the clock of WeChat is behind', async () => {
    await accept(enter())
    // CreateTime has whole seconds, and is 58 s behind here.
    const unfollow = Math.floor((NOW + 1_000 - 58_000) / 1_000) * 1_000
    expect((await rows())[0]?.createTime).toBeLessThan(unfollow)
    // A known skew of two minutes is corrected too.
    await accept({ ...enter(120_000), follower: { appId: 'wxA', openId: 'oTwo' } })
    expect((await rows())[1]?.createTime).toBeLessThan(unfollow - 120_000)
  })

  it('is claimed with what it asks for', async () => {
    await accept(facts())
    const [claimed] = await claimHeads(store().db, { ownerId: 'a', now: NOW, leaseMs: 1, limit: 1 })
    expect(claimed?.event?.request).toEqual({ type: 'fact', facts: { a: 1 } })
    expect(claimed?.known).toEqual({ follower: null, runs: [], entries: {}, hasNext: false })
  })
})

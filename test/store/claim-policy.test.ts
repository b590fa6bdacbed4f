import { expect, it } from 'vitest'
import { createClaimPolicy } from '../../src/dispatch/claim-policy.ts'
import type { Db } from '../../src/store/db.ts'
import { acceptCallbacks } from '../../src/store/inbox/inbox-rows.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const NOW = 1_800_000_000_000
const event = {
  kind: 'subscribe',
  scene: 'subscribe',
  text: null,
  qrScene: null,
  eventKey: null,
  start: null,
} as const

/** Accepts these events, each of another follower, and claims them in batches. @returns the keys of each batch */
async function batchesOf(
  db: Db,
  events: { key: string; createTime: number }[],
  limit: number,
): Promise<string[][]> {
  const rows = events.map(({ key, createTime }) => ({
    appId: 'wxA',
    openId: `o${key}`,
    dedupeKey: key,
    kind: 'subscribe',
    createTime,
    receivedAt: NOW,
    event,
    reply: null,
  }))
  await acceptCallbacks(db, rows)
  const claim = createClaimPolicy({ db, ownerId: 'a', now: () => NOW, leaseMs: 30_000 })
  const batches: string[][] = []
  for (let n = 0; n < rows.length / limit; n++) batches.push((await claim(limit)).map((r) => r.dedupeKey))
  return batches
}

const claimedOf = async (db: Db, events: { key: string; createTime: number }[]) =>
  (await batchesOf(db, events, 1)).flat()

describeOnBothStores('after an outage', (store) => {
  it('claims events of the last minute and the oldest events alternately, so that none waits indefinitely', async () => {
    const events = ['old0', 'old1', 'old2', 'new0', 'new1'].map((key, i) => ({
      key,
      createTime: key.startsWith('old') ? NOW - 600_000 : NOW - 5_000 + i,
    }))
    expect(await claimedOf(store().db, events)).toEqual(['old0', 'new1', 'old1', 'new0', 'old2'])
  })

  it('fills a batch of recent events with the oldest ones', async () => {
    const old = ['old0', 'old1', 'old2', 'old3', 'old4'].map((key) => ({ key, createTime: NOW - 600_000 }))
    const events = [...old, { key: 'new0', createTime: NOW - 5_000 }]
    expect(await batchesOf(store().db, events, 3)).toEqual([
      ['old0', 'old1', 'old2'],
      ['new0', 'old3', 'old4'],
    ])
  })

  it('claims the oldest first when all are of the last minute', async () => {
    const events = [3, 2, 1].map((s) => ({ key: `k${s}`, createTime: NOW - s * 1_000 }))
    expect(await claimedOf(store().db, events)).toEqual(['k3', 'k2', 'k1'])
  })
})

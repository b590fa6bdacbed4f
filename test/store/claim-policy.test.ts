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

/** Accepts these events, each of another follower, and claims them one after the other. */
async function claimedOf(db: Db, events: { key: string; createTime: number }[]): Promise<string[]> {
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
  const order: string[] = []
  for (let n = 0; n < rows.length; n++) order.push(...(await claim(1)).map((r) => r.dedupeKey))
  return order
}

describeOnBothStores('after an outage', (store) => {
  it('claims events of the last minute and the oldest events alternately, so that none waits indefinitely', async () => {
    const events = ['old0', 'old1', 'old2', 'new0', 'new1'].map((key, i) => ({
      key,
      createTime: key.startsWith('old') ? NOW - 600_000 : NOW - 5_000 + i,
    }))
    expect(await claimedOf(store().db, events)).toEqual(['old0', 'new1', 'old1', 'new0', 'old2'])
  })

  it('claims the oldest first when all are of the last minute', async () => {
    const events = [3, 2, 1].map((s) => ({ key: `k${s}`, createTime: NOW - s * 1_000 }))
    expect(await claimedOf(store().db, events)).toEqual(['k3', 'k2', 'k1'])
  })
})

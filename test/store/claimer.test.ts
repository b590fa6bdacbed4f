import { expect, it } from 'vitest'
import { createClaimer } from '../../src/intake/claimer.ts'
import { acceptCallbacks } from '../../src/store/inbox.ts'
import { describeOnBothStores } from '../support/stores.ts'

const NOW = 1_800_000_000_000
const event = {
  kind: 'subscribe',
  scene: 'subscribe',
  text: null,
  qrScene: null,
  eventKey: null,
  start: null,
} as const

describeOnBothStores('after an outage', (store) => {
  it('claims those of the last minute in turns with the oldest, and nobody for ever last', async () => {
    const rows = ['old0', 'old1', 'old2', 'new0', 'new1'].map((key, i) => ({
      appId: 'wxA',
      openId: `o${key}`,
      key,
      kind: 'subscribe',
      createTime: key.startsWith('old') ? NOW - 600_000 : NOW - 5_000 + i,
      receivedAt: NOW,
      event,
      reply: null,
    }))
    await acceptCallbacks(store().db, rows)
    const claim = createClaimer({ db: store().db, by: 'a', now: () => NOW, leaseMs: 30_000 })
    const order: string[] = []
    for (let n = 0; n < rows.length; n++) order.push(...(await claim(1)).map((r) => r.key))
    expect(order).toEqual(['old0', 'new1', 'old1', 'new0', 'old2'])
  })

  it('claims the oldest first as long as they are of the last minute', async () => {
    const rows = [3, 2, 1].map((s) => ({
      appId: 'wxA',
      openId: `o${s}`,
      key: `k${s}`,
      kind: 'subscribe',
      createTime: NOW - s * 1_000,
      receivedAt: NOW,
      event,
      reply: null,
    }))
    await acceptCallbacks(store().db, rows)
    const claim = createClaimer({ db: store().db, by: 'a', now: () => NOW, leaseMs: 30_000 })
    const order: string[] = []
    for (let n = 0; n < rows.length; n++) order.push(...(await claim(1)).map((r) => r.key))
    expect(order).toEqual(['k3', 'k2', 'k1'])
  })
})

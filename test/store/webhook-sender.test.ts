import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { createSealer } from '../../src/store/encryption/sealer.ts'
import { outbox } from '../../src/store/schema.ts'
import { enqueueWebhook, retryFailedWebhooks } from '../../src/store/webhooks/outbox.ts'
import { createWebhookEndpointStore } from '../../src/store/webhooks/webhook-endpoints.ts'
import { isSignedBy, readSignature } from '../../src/webhooks/signature.ts'
import { WebhookClient } from '../../src/webhooks/webhook-client.ts'
import { WebhookSender } from '../../src/webhooks/webhook-sender.ts'
import { describeOnBothStores } from '../harness/stores.ts'
import { waitFor } from '../harness/wait-for.ts'

interface Received {
  id: string
  signed: boolean
}

describeOnBothStores('the sender of webhooks', (store) => {
  const senders: WebhookSender[] = []
  const servers: Server[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) server.closeAllConnections()
    await Promise.all(senders.splice(0).map((s) => s.stop()))
  })

  const endpoints = () => createWebhookEndpointStore(store().db, createSealer('test-key'), Date.now)

  /** `answer`: the status of the next answer; null: none. */
  async function receiver(answer: () => number | null, secret = 'secret-1') {
    const received: Received[] = []
    const server = createServer((req, res) => {
      const parts: Buffer[] = []
      req.on('data', (part: Buffer) => parts.push(part))
      req.on('end', () => {
        const body = Buffer.concat(parts)
        const claim = readSignature(req.headers['nurture-signature'] as string, Date.now())
        const { id } = JSON.parse(body.toString()) as { id: string }
        received.push({ id, signed: claim !== null && isSignedBy([secret], claim, body) })
        const status = answer()
        if (status !== null) res.writeHead(status).end()
      })
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { received, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
  }

  function sender({ ownerId = 'a', timeoutMs = 10_000 } = {}) {
    const counted: string[] = []
    const made = new WebhookSender({
      db: store().db,
      endpoints: endpoints(),
      client: new WebhookClient({ allowPrivate: true, now: Date.now, timeoutMs }),
      ownerId,
      now: Date.now,
      log: pino({ level: 'silent' }),
      count: (result) => counted.push(result),
    })
    senders.push(made)
    made.start()
    return Object.assign(made, { counted })
  }

  const enqueue = (step: string, endpoint = 'crm') =>
    enqueueWebhook(
      store().db,
      { appId: 'wxA', openId: 'oOne' },
      endpoint,
      {
        campaign: 'c',
        version: 1,
        step,
        runKey: 'run',
        qrScene: null,
        variant: null,
        facts: {},
        at: Date.now(),
      },
      Date.now(),
    )
  const states = async () =>
    Object.fromEntries((await store().db.select().from(outbox)).map((row) => [row.stepId, row.state]))
  const allDelivered = () =>
    waitFor(states, { until: (found) => Object.values(found).every((s) => s === 'delivered') })

  it('delivers what was queued before it began, and what it is woken for, signed and once each', async () => {
    const crm = await receiver(() => 200)
    await endpoints().add('crm', crm.url, 'secret-1')
    await enqueue('one')
    const s = sender()
    await allDelivered()
    await enqueue('two')
    s.wake()
    await allDelivered()
    expect(crm.received).toEqual([
      { id: 'run/one', signed: true },
      { id: 'run/two', signed: true },
    ])
    expect(s.counted).toEqual(['delivered', 'delivered'])
  })

  it('tries again after a second', async () => {
    const answers = [500, 503, 200]
    const crm = await receiver(() => answers.shift() ?? 200)
    await endpoints().add('crm', crm.url, 'secret-1')
    await enqueue('one')
    const s = sender()
    await allDelivered()
    expect(crm.received).toHaveLength(3)
    expect(s.counted).toEqual(['retried', 'retried', 'delivered'])
  })

  it('delivers to others while one endpoint does not answer', async () => {
    const dead = await receiver(() => null)
    const alive = await receiver(() => 200)
    await endpoints().add('dead', dead.url, 'secret-1')
    await endpoints().add('alive', alive.url, 'secret-1')
    for (let i = 0; i < 30; i++) await enqueue(`dead-${i}`, 'dead')
    for (let i = 0; i < 30; i++) await enqueue(`alive-${i}`, 'alive')
    sender()
    await waitFor(async () => alive.received.length, { until: (n) => n === 30 })
    // No more at once than the bound.
    expect(dead.received.length).toBe(8)
    const waiting = async () => Object.values(await states()).filter((s) => s === 'waiting').length
    await waitFor(waiting, { until: (n) => n === 30 })
  })

  it('shares the work of several processes, each webhook once', async () => {
    const crm = await receiver(() => 200)
    await endpoints().add('crm', crm.url, 'secret-1')
    for (let i = 0; i < 40; i++) await enqueue(`s-${i}`)
    for (const ownerId of ['a', 'b', 'c']) sender({ ownerId })
    await allDelivered()
    expect(new Set(crm.received.map((r) => r.id)).size).toBe(40)
    expect(crm.received).toHaveLength(40)
  })

  it('waits for an endpoint that does not exist yet, and shows why', async () => {
    const crm = await receiver(() => 200)
    await enqueue('one')
    sender()
    const [row] = await waitFor(() => store().db.select().from(outbox), {
      until: ([found]) => found?.lastError != null,
    })
    expect(row).toMatchObject({ state: 'waiting', lastError: expect.stringContaining('no endpoint "crm"') })
    await endpoints().add('crm', crm.url, 'secret-1')
    await allDelivered()
  })

  it('sends a failed one again on request', async () => {
    const crm = await receiver(() => 200)
    await endpoints().add('crm', crm.url, 'secret-1')
    await enqueue('one')
    await store().db.update(outbox).set({ state: 'failed', endedAt: 1 })
    const s = sender()
    await retryFailedWebhooks(store().db, 'crm', Date.now())
    s.wake()
    await allDelivered()
  })

  it('signs with the new secret and the previous one after a change', async () => {
    const old = await receiver(() => 200, 'secret-1')
    await endpoints().add('crm', old.url, 'secret-1')
    await store().db.transaction((tx) =>
      createWebhookEndpointStore(tx, createSealer('test-key'), Date.now).changeSecret('crm', 'secret-2'),
    )
    await enqueue('one')
    sender()
    await allDelivered()
    expect(old.received).toEqual([{ id: 'run/one', signed: true }])
  })

  it('interrupts requests when it stops, and loses none', async () => {
    const crm = await receiver(() => null)
    await endpoints().add('crm', crm.url, 'secret-1')
    await enqueue('one')
    const s = sender()
    await waitFor(async () => crm.received.length, { until: (n) => n === 1 })
    await s.stop()
    expect(s.counted).toEqual(['retried'])
    expect(await store().db.select().from(outbox)).toMatchObject([
      { state: 'waiting', leaseOwnerId: null, attempts: 1 },
    ])
  })
})

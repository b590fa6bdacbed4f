import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { workflowIdOf } from '../../src/ids.ts'
import { inboxBacklog } from '../../src/store/inbox.ts'
import { type Api, campaignYaml, type FollowerBody, startApi } from '../support/api.ts'
import { behindOurBack, reconcilerOf, restoreEngine } from '../support/engine-mistakes.ts'
import { freshNamespace } from '../support/namespace.ts'
import { until } from '../support/program.ts'

const APP = 'wxmistakes000003'
const HOUR = 3_600_000
const STEPS = [
  '{ id: gift, after: 0s, since: reply, send: { text: gift } }',
  '{ id: later, after: 10h, since: reply, send: { text: later } }',
]

interface Engine {
  state: string
  namespaceId: string
  expected: string
  activeRuns: number
}

let api: Api
const address = inject('engineAddress')
beforeAll(async () => {
  api = await startApi({ namespace: await freshNamespace(address) })
  await api.addAccount({ appId: APP })
  await api.put(campaignYaml('series', STEPS, [`accounts: [${APP}]`]))
})
afterAll(() => api?.close())

const wechat = () => api.whole.simulator.account(APP)
const engine = async () => (await api.get<Engine>('/api/engine')).body
const follower = (openId: string) => `/api/followers/${APP}/${openId}`
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body as { text?: { content?: string } }).text?.content)

async function inTheMiddle(openId: string): Promise<void> {
  await wechat().follow(openId)
  await api.whole.runWhen(APP, openId, (r) => r.runId !== null)
  await wechat().type(openId, '1')
  await api.whole.runWhen(APP, openId, (r) => r.state.steps[0]?.state === 'sent')
}

/** What is left of a Temporal whose database was wiped: a namespace of another id, which knows nothing. */
async function loseEngine(): Promise<void> {
  api.whole.pointAt(await freshNamespace(address))
}

/** Accepts the engine, and lets the job do what follows. */
async function accept(): Promise<void> {
  const answer = await api.call<Engine>('POST', '/api/engine/accept')
  expect(answer).toMatchObject({ status: 202, body: { state: 'restoring' } })
  await restoreEngine(api.whole)
  expect(await engine()).toMatchObject({ state: 'home' })
}

describe('a product that is pointed at another namespace by mistake', () => {
  it('gives no run up, sends nothing there, keeps callbacks, and goes on when the address is right again', async () => {
    await inTheMiddle('oAstray')
    await api.whole.product.dispatcher.stop()
    expect(await engine()).toMatchObject({ state: 'home' })
    const right = api.whole.namespace
    const wrong = await freshNamespace(address)
    await api.whole.restart(() => api.whole.pointAt(wrong))

    const seen = await engine()
    expect(seen).toMatchObject({ state: 'foreign', namespace: wrong })
    expect(seen.namespaceId).not.toBe(seen.expected)
    expect(seen.activeRuns).toBeGreaterThan(0)
    expect(await (await api.web.request('/readyz')).json()).toMatchObject({
      engine: 'up',
      namespace: 'foreign',
    })
    expect((await api.call('GET', '/metrics')).text).toMatch(/^nurture_engine_foreign 1$/m)
    await reconcilerOf(api.whole).run()
    expect(await wechat().type('oAstray', 'hello?')).toMatchObject({ ok: true })
    await wechat().follow('oNewThere')
    await until(() => api.whole.product.dispatcher.waitsFor() !== null)
    expect(await inboxBacklog(api.whole.product.db)).toMatchObject({ pending: 2 })
    expect((await api.get<FollowerBody>(follower('oAstray'))).body).toMatchObject({ status: 'active' })

    await api.whole.restart(() => api.whole.pointAt(right))
    expect(await engine()).toMatchObject({ state: 'home' })
    await api.whole.runWhen(APP, 'oNewThere', (r) => r.runId !== null)
    await wechat().fastForward('oAstray', 11 * HOUR)
    await api.getWhen<FollowerBody>(follower('oAstray'), (f) => f.outcome === 'completed')
    expect(textsTo('oAstray')).toEqual(['gift', 'later'])
  })
})

describe('a Temporal whose database was lost', () => {
  it('is told loudly; once accepted, active runs go on from the store, and nothing is sent twice', async () => {
    await inTheMiddle('oLost')
    await wechat().follow('oQuiet')
    await api.whole.runWhen(APP, 'oQuiet', (r) => r.runId !== null)
    const { namespaceId: before } = await engine()
    await api.whole.restart(loseEngine)
    expect(await engine()).toMatchObject({ state: 'foreign', expected: before })
    await wechat().type('oQuiet', 'me too')
    await reconcilerOf(api.whole).run()
    expect(textsTo('oQuiet')).toEqual([])

    await accept()
    // What waited in the inbox finds its run again.
    await api.getWhen<FollowerBody>(follower('oQuiet'), (f) => f.steps[0]?.state === 'sent')
    for (const openId of ['oLost', 'oQuiet']) {
      await wechat().fastForward(openId, 11 * HOUR)
      const run = await api.getWhen<FollowerBody>(follower(openId), (f) => f.status === 'ended')
      expect(run).toMatchObject({ outcome: 'completed', steps: [{ state: 'sent' }, { state: 'sent' }] })
      expect(textsTo(openId)).toEqual(['gift', 'later'])
    }
  })

  it('is taken without a question where no run is under way', async () => {
    for (const openId of ['oNewThere']) {
      await wechat().unfollow(openId)
      await api.whole.runWhen(APP, openId, (r) => r.status === 'ended')
    }
    expect(await engine()).toMatchObject({ state: 'home', activeRuns: 0 })
    await api.whole.restart(loseEngine)
    expect(await engine()).toMatchObject({ state: 'home' })
    await inTheMiddle('oAfterwards')
  })
})

describe('a Temporal that was restored from an older backup', () => {
  it('gets back what it forgot: runs, and what followers did in those that it has', async () => {
    await inTheMiddle('oForgotten')
    await behindOurBack(api.whole, APP, 'oForgotten').delete()
    // It remembers this one as it was before the reply.
    await wechat().follow('oOlder')
    await api.whole.runWhen(APP, 'oOlder', (r) => r.runId !== null)
    const older = behindOurBack(api.whole, APP, 'oOlder')
    await wechat().type('oOlder', '1')
    await api.whole.runWhen(APP, 'oOlder', (r) => r.state.steps[0]?.state === 'sent')
    await older.reset({ signals: false })
    const stepsThere = async () =>
      (await older.handle.query<{ steps: { state: string }[] }>('state')).steps.map((s) => s.state)
    await until(async () => (await stepsThere())[0] === 'pending')

    await accept()
    await until(async () => (await stepsThere())[0] === 'sent')
    for (const openId of ['oForgotten', 'oOlder']) {
      expect(await behindOurBack(api.whole, APP, openId).status()).toBe('RUNNING')
      await wechat().fastForward(openId, 11 * HOUR)
      await api.getWhen<FollowerBody>(follower(openId), (f) => f.outcome === 'completed')
      expect(textsTo(openId)).toEqual(['gift', 'later'])
    }
    expect(workflowIdOf(APP, 'oOlder')).toBe(older.handle.workflowId)
  })

  it('is found out by how many runs it does not know: none is given up, and all go on once it is accepted', async () => {
    const all = Array.from({ length: 21 }, (_, i) => `oMany${i}`)
    await Promise.all(all.map((openId) => inTheMiddle(openId)))
    await Promise.all(all.map((openId) => behindOurBack(api.whole, APP, openId).delete()))

    await reconcilerOf(api.whole).run()
    expect(await engine()).toMatchObject({ state: 'foreign' })
    expect((await api.call('GET', '/metrics')).text).toMatch(/^nurture_engine_foreign 1$/m)
    expect((await api.get<FollowerBody>(follower('oMany0'))).body).toMatchObject({ status: 'active' })

    await accept()
    for (const openId of all) {
      expect(await behindOurBack(api.whole, APP, openId).status()).toBe('RUNNING')
      expect(textsTo(openId)).toEqual(['gift'])
    }
    await wechat().fastForward('oMany0', 11 * HOUR)
    await api.getWhen<FollowerBody>(follower('oMany0'), (f) => f.outcome === 'completed')
    expect(textsTo('oMany0')).toEqual(['gift', 'later'])
  })
})

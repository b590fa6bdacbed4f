import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { inboxBacklog } from '../../src/store/inbox/inbox-rows.ts'
import { type ApiHarness, campaignYaml, type FollowerBody, startApiHarness } from '../harness/api-harness.ts'
import { freshNamespace } from '../harness/fresh-namespace.ts'
import { operatorTools, rebuildRuns, reconcilerOf } from '../harness/temporal-admin.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxmistakes000003'
const HOUR = 3_600_000
const STEPS = [
  '{ id: gift, after: 0s, since: reply, send: { text: gift } }',
  '{ id: later, after: 10h, since: reply, send: { text: later } }',
]

interface NamespaceState {
  state: string
  namespaceId: string
  expected: string
  activeRuns: number
}

let api: ApiHarness
const address = inject('temporalAddress')
beforeAll(async () => {
  api = await startApiHarness({ namespace: await freshNamespace(address) })
  await api.addAccount({ appId: APP })
  await api.put(campaignYaml('series', STEPS, [`accounts: [${APP}]`]))
})
afterAll(() => api?.close())

const wechat = () => api.app.simulator.account(APP)
const namespaceState = async () => (await api.get<NamespaceState>('/api/temporal')).body
const follower = (openId: string) => `/api/followers/${APP}/${openId}`
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body as { text?: { content?: string } }).text?.content)

async function inTheMiddle(openId: string): Promise<void> {
  await wechat().follow(openId)
  await api.app.waitForRun(APP, openId, (r) => r.runId !== null)
  await wechat().type(openId, '1')
  await api.app.waitForRun(APP, openId, (r) => r.state.steps[0]?.state === 'sent')
}

/** Switches to an empty namespace with another id, as after the loss of Temporal's database. */
async function loseNamespace(): Promise<void> {
  api.app.useNamespace(await freshNamespace(address))
}

/** Accepts the namespace, and runs the job that rebuilds the runs. */
async function accept(): Promise<void> {
  const answer = await api.call<NamespaceState>('POST', '/api/temporal/accept')
  expect(answer).toMatchObject({ status: 202, body: { state: 'rebuilding' } })
  await rebuildRuns(api.app)
  expect(await namespaceState()).toMatchObject({ state: 'expected' })
}

describe('a product with the address of another namespace', () => {
  it('keeps every run, sends nothing, accepts callbacks, and continues when the address is correct again', async () => {
    await inTheMiddle('oAstray')
    await api.app.services.dispatcher.stop()
    expect(await namespaceState()).toMatchObject({ state: 'expected' })
    const right = api.app.namespace
    const wrong = await freshNamespace(address)
    await api.app.restart(() => api.app.useNamespace(wrong))

    const seen = await namespaceState()
    expect(seen).toMatchObject({ state: 'unexpected', namespace: wrong })
    expect(seen.namespaceId).not.toBe(seen.expected)
    expect(seen.activeRuns).toBeGreaterThan(0)
    expect(await (await api.web.request('/readyz')).json()).toMatchObject({
      engine: 'up',
      namespace: 'unexpected',
    })
    expect((await api.call('GET', '/metrics')).text).toMatch(/^nurture_namespace_unexpected 1$/m)
    await reconcilerOf(api.app).run()
    expect(await wechat().type('oAstray', 'hello?')).toMatchObject({ ok: true })
    await wechat().follow('oNewThere')
    await waitFor(() => api.app.services.dispatcher.outageReason() !== null)
    expect(await inboxBacklog(api.app.services.db)).toMatchObject({ pending: 2 })
    expect((await api.get<FollowerBody>(follower('oAstray'))).body).toMatchObject({ status: 'active' })

    await api.app.restart(() => api.app.useNamespace(right))
    expect(await namespaceState()).toMatchObject({ state: 'expected' })
    await api.app.waitForRun(APP, 'oNewThere', (r) => r.runId !== null)
    await wechat().fastForward('oAstray', 11 * HOUR)
    await api.waitForBody<FollowerBody>(follower('oAstray'), (f) => f.outcome === 'completed')
    expect(textsTo('oAstray')).toEqual(['gift', 'later'])
  })
})

describe('a Temporal whose database was lost', () => {
  it('is reported as unexpected; once accepted, active runs continue from the store, and nothing is sent twice', async () => {
    await inTheMiddle('oLost')
    await wechat().follow('oQuiet')
    await api.app.waitForRun(APP, 'oQuiet', (r) => r.runId !== null)
    const { namespaceId: before } = await namespaceState()
    await api.app.restart(loseNamespace)
    expect(await namespaceState()).toMatchObject({ state: 'unexpected', expected: before })
    await wechat().type('oQuiet', 'me too')
    await reconcilerOf(api.app).run()
    expect(textsTo('oQuiet')).toEqual([])

    await accept()
    // Events from the inbox reach their runs again.
    await api.waitForBody<FollowerBody>(follower('oQuiet'), (f) => f.steps[0]?.state === 'sent')
    for (const openId of ['oLost', 'oQuiet']) {
      await wechat().fastForward(openId, 11 * HOUR)
      const run = await api.waitForBody<FollowerBody>(follower(openId), (f) => f.status === 'ended')
      expect(run).toMatchObject({ outcome: 'completed', steps: [{ state: 'sent' }, { state: 'sent' }] })
      expect(textsTo(openId)).toEqual(['gift', 'later'])
    }
  })

  it('is accepted automatically where no run is active', async () => {
    for (const openId of ['oNewThere']) {
      await wechat().unfollow(openId)
      await api.app.waitForRun(APP, openId, (r) => r.status === 'ended')
    }
    expect(await namespaceState()).toMatchObject({ state: 'expected', activeRuns: 0 })
    await api.app.restart(loseNamespace)
    expect(await namespaceState()).toMatchObject({ state: 'expected' })
    await inTheMiddle('oAfterwards')
  })
})

describe('a Temporal that was restored from an older backup', () => {
  it('gets its missing runs back, and the missing events of the runs that it has', async () => {
    await inTheMiddle('oForgotten')
    await operatorTools(api.app, APP, 'oForgotten').delete()
    // The backup has this run as it was before the reply.
    await wechat().follow('oOlder')
    await api.app.waitForRun(APP, 'oOlder', (r) => r.runId !== null)
    const older = operatorTools(api.app, APP, 'oOlder')
    await wechat().type('oOlder', '1')
    await api.app.waitForRun(APP, 'oOlder', (r) => r.state.steps[0]?.state === 'sent')
    await older.reset({ signals: false })
    const stepsThere = async () =>
      (await older.handle.query<{ steps: { state: string }[] }>('state')).steps.map((s) => s.state)
    await waitFor(async () => (await stepsThere())[0] === 'pending')

    await accept()
    await waitFor(async () => (await stepsThere())[0] === 'sent')
    for (const openId of ['oForgotten', 'oOlder']) {
      expect(await operatorTools(api.app, APP, openId).status()).toBe('RUNNING')
      await wechat().fastForward(openId, 11 * HOUR)
      await api.waitForBody<FollowerBody>(follower(openId), (f) => f.outcome === 'completed')
      expect(textsTo(openId)).toEqual(['gift', 'later'])
    }
    expect(workflowIdOf(APP, 'oOlder')).toBe(older.handle.workflowId)
  })

  it('is detected by the number of missing runs: none is ended, and all continue once it is accepted', async () => {
    const all = Array.from({ length: 21 }, (_, i) => `oMany${i}`)
    await Promise.all(all.map((openId) => inTheMiddle(openId)))
    await Promise.all(all.map((openId) => operatorTools(api.app, APP, openId).delete()))

    await reconcilerOf(api.app).run()
    expect(await namespaceState()).toMatchObject({ state: 'unexpected' })
    expect((await api.call('GET', '/metrics')).text).toMatch(/^nurture_namespace_unexpected 1$/m)
    expect((await api.get<FollowerBody>(follower('oMany0'))).body).toMatchObject({ status: 'active' })

    await accept()
    for (const openId of all) {
      expect(await operatorTools(api.app, APP, openId).status()).toBe('RUNNING')
      expect(textsTo(openId)).toEqual(['gift'])
    }
    await wechat().fastForward('oMany0', 11 * HOUR)
    await api.waitForBody<FollowerBody>(follower('oMany0'), (f) => f.outcome === 'completed')
    expect(textsTo('oMany0')).toEqual(['gift', 'later'])
  })
})

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runsByFollower } from '../../src/store/runs/run-rows.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { operatorTools, reconcilerOf } from '../harness/temporal-admin.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxmistakes000002'
const HOUR = 3_600_000
const SERIES = `
id: series
name: series
entry: { event: subscribe }
steps:
  - { id: gift, after: 0s, since: reply, send: { text: gift } }
  - { id: later, after: 10h, since: reply, send: { text: later } }
`
const COURSE = `
id: course
name: course
entry: { event: message, keywords: [course] }
steps:
  - { id: lesson, after: 20h, since: entry, send: { text: lesson } }
`

let app: AppHarness
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  await app.addAccount({ appId: APP })
  await app.publish(SERIES)
  await app.publish(COURSE)
})
afterAll(() => app?.close())

const wechat = () => app.simulator.account(APP)
const runsOfFollower = (openId: string) => runsByFollower(app.services.db, { appId: APP, openId })
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body as { text?: { content?: string } }).text?.content)

/** A follower who has replied and got the gift. The second step is due in ten hours. */
async function inTheMiddle(openId: string): Promise<void> {
  await wechat().follow(openId)
  await app.waitForRun(APP, openId, (r) => r.runId !== null)
  await wechat().type(openId, '1')
  await app.waitForRun(APP, openId, (r) => r.state.steps[0]?.state === 'sent')
  expect(textsTo(openId)).toEqual(['gift'])
}

describe('a run that is reset in Temporal', () => {
  it('sends no sent step again, and continues to its end', async () => {
    await inTheMiddle('oReset')
    const run = operatorTools(app, APP, 'oReset')
    const runId = await run.reset()
    // The new execution has passed the gift again.
    await waitFor(
      async () =>
        (await run.handle.query<{ steps: { state: string }[] }>('state')).steps[0]?.state === 'sent',
    )
    expect(textsTo('oReset')).toEqual(['gift'])
    await reconcilerOf(app).run()
    expect((await runsOfFollower('oReset')).map((r) => r.status)).toEqual(['active'])

    await wechat().fastForward('oReset', 11 * HOUR)
    const ended = await app.waitForRun(APP, 'oReset', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'completed', runId })
    expect(ended.state.steps.map((s) => s.state)).toEqual(['sent', 'sent'])
    expect(textsTo('oReset')).toEqual(['gift', 'later'])
  })

  it('after it was terminated: continues, and the store is updated', async () => {
    await inTheMiddle('oRaised')
    const run = operatorTools(app, APP, 'oRaised')
    await run.terminate()
    await reconcilerOf(app).run()
    await app.waitForRun(APP, 'oRaised', (r) => r.outcome === 'terminated')
    await run.reset()
    await waitFor(async () => {
      await reconcilerOf(app, 130_000).run()
      return (await runsOfFollower('oRaised'))[0]?.status === 'active'
    })
    await wechat().fastForward('oRaised', 11 * HOUR)
    const ended = await app.waitForRun(APP, 'oRaised', (r) => r.outcome === 'completed')
    expect(ended.state.steps.map((s) => s.state)).toEqual(['sent', 'sent'])
    expect(textsTo('oRaised')).toEqual(['gift', 'later'])
  })

  it('after it was cancelled: nothing is sent, and it is ended again', async () => {
    await inTheMiddle('oUndead')
    const run = operatorTools(app, APP, 'oUndead')
    await run.handle.signal('cancel', 'enough')
    await app.waitForRun(APP, 'oUndead', (r) => r.outcome === 'cancelled')
    await run.handle.result()
    const { events } = await run.handle.fetchHistory()
    expect(events?.length).toBeGreaterThan(5)
    await resetWithoutSignals('oUndead')
    await wechat().fastForward('oUndead', 11 * HOUR)
    await waitFor(async () => {
      await reconcilerOf(app, 130_000).run()
      return (await run.status()) !== 'RUNNING'
    })
    expect(textsTo('oUndead')).toEqual(['gift'])
    expect((await runsOfFollower('oUndead'))[0]).toMatchObject({ status: 'ended', outcome: 'cancelled' })
  })

  /** The cancel signal came late in the history: everything after the first reply's workflow task is left out. */
  async function resetWithoutSignals(openId: string): Promise<void> {
    const run = operatorTools(app, APP, openId)
    await run.reset({ signals: false })
    await wechat().type(openId, 'and again')
  }
})

describe('a run that is deleted in Temporal', () => {
  it('ends as terminated, and the next entry starts a new one, whether the deletion was detected or not', async () => {
    for (const found of [false, true]) {
      const openId = found ? 'oDeletedFound' : 'oDeleted'
      await inTheMiddle(openId)
      await operatorTools(app, APP, openId).delete()
      if (found) await reconcilerOf(app).run()
      await wechat().type(openId, 'course')
      await app.waitForRun(APP, openId, (r) => r.campaign === 'course')
      await reconcilerOf(app).run()
      const all = await runsOfFollower(openId)
      expect(all.map((r) => [r.campaign, r.status, r.outcome])).toEqual([
        ['course', 'active', null],
        ['series', 'ended', 'terminated'],
      ])
      expect(all[1]?.state.steps.map((s) => s.state)).toEqual(['sent', 'skipped'])
    }
  })
})

describe('a run that waits until the one before it has closed', () => {
  it('is not treated as lost', async () => {
    app.simulator.fault({ api: 'custom/send', openId: 'oReturns', hang: 'before' })
    await wechat().follow('oReturns')
    await app.waitForRun(APP, 'oReturns', (r) => r.runId !== null)
    await wechat().type('oReturns', '1')
    // The request of the gift gets no answer, so the run cannot close before it times out.
    await waitFor(() => wechat().sends.some((s) => s.openId === 'oReturns'))
    await wechat().unfollow('oReturns', { createTime: Math.ceil(Date.now() / 1000) + 1 })
    await wechat().follow('oReturns', { createTime: Math.ceil(Date.now() / 1000) + 2 })
    await waitFor(async () => (await runsOfFollower('oReturns'))[0]?.runId != null)
    await waitFor(async () => (await runsOfFollower('oReturns')).length === 2)
    await reconcilerOf(app, 130_000).run()
    expect((await runsOfFollower('oReturns')).map((r) => r.status)).toEqual(['active', 'active'])

    await waitFor(async () => (await runsOfFollower('oReturns'))[1]?.status === 'ended')
    await wechat().type('oReturns', '1', { createTime: Math.ceil(Date.now() / 1000) + 4 })
    await waitFor(async () => (await runsOfFollower('oReturns'))[0]?.state.steps[0]?.state === 'sent')
    expect((await runsOfFollower('oReturns')).map((r) => r.outcome)).toEqual([null, 'unsubscribed'])
  })
})

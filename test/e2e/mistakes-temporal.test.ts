import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runsOf } from '../../src/store/runs.ts'
import { behindOurBack, reconcilerOf } from '../support/engine-mistakes.ts'
import { until } from '../support/program.ts'
import { startWhole, type Whole } from '../support/whole.ts'

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

let whole: Whole
beforeAll(async () => {
  whole = await startWhole({ engineAddress: inject('engineAddress') })
  await whole.addAccount({ appId: APP })
  await whole.publish(SERIES)
  await whole.publish(COURSE)
})
afterAll(() => whole?.close())

const wechat = () => whole.simulator.account(APP)
const runsOfFollower = (openId: string) => runsOf(whole.product.db, { appId: APP, openId })
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body as { text?: { content?: string } }).text?.content)

/** Follows and replies; the gift is there, the second step due in ten hours. */
async function inTheMiddle(openId: string): Promise<void> {
  await wechat().follow(openId)
  await whole.runWhen(APP, openId, (r) => r.runId !== null)
  await wechat().type(openId, '1')
  await whole.runWhen(APP, openId, (r) => r.state.steps[0]?.state === 'sent')
  expect(textsTo(openId)).toEqual(['gift'])
}

describe('a run that is reset in Temporal', () => {
  it('does not send again what was sent, and goes on to its end', async () => {
    await inTheMiddle('oReset')
    const run = behindOurBack(whole, APP, 'oReset')
    const runId = await run.reset()
    // The new execution has come by the gift once more.
    await until(
      async () =>
        (await run.handle.query<{ steps: { state: string }[] }>('state')).steps[0]?.state === 'sent',
    )
    expect(textsTo('oReset')).toEqual(['gift'])
    await reconcilerOf(whole).run()
    expect((await runsOfFollower('oReset')).map((r) => r.status)).toEqual(['active'])

    await wechat().fastForward('oReset', 11 * HOUR)
    const ended = await whole.runWhen(APP, 'oReset', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'completed', runId })
    expect(ended.state.steps.map((s) => s.state)).toEqual(['sent', 'sent'])
    expect(textsTo('oReset')).toEqual(['gift', 'later'])
  })

  it('after it was terminated: goes on, and the store hears of it', async () => {
    await inTheMiddle('oRaised')
    const run = behindOurBack(whole, APP, 'oRaised')
    await run.terminate()
    await reconcilerOf(whole).run()
    await whole.runWhen(APP, 'oRaised', (r) => r.outcome === 'terminated')
    await run.reset()
    await until(async () => {
      await reconcilerOf(whole, 130_000).run()
      return (await runsOfFollower('oRaised'))[0]?.status === 'active'
    })
    await wechat().fastForward('oRaised', 11 * HOUR)
    const ended = await whole.runWhen(APP, 'oRaised', (r) => r.outcome === 'completed')
    expect(ended.state.steps.map((s) => s.state)).toEqual(['sent', 'sent'])
    expect(textsTo('oRaised')).toEqual(['gift', 'later'])
  })

  it('after it was cancelled: nothing is sent, and it is ended again', async () => {
    await inTheMiddle('oUndead')
    const run = behindOurBack(whole, APP, 'oUndead')
    await run.handle.signal('cancel', 'enough')
    await whole.runWhen(APP, 'oUndead', (r) => r.outcome === 'cancelled')
    await run.handle.result()
    const { events } = await run.handle.fetchHistory()
    expect(events?.length).toBeGreaterThan(5)
    await resetWithoutSignals('oUndead')
    await wechat().fastForward('oUndead', 11 * HOUR)
    await until(async () => {
      await reconcilerOf(whole, 130_000).run()
      return (await run.status()) !== 'RUNNING'
    })
    expect(textsTo('oUndead')).toEqual(['gift'])
    expect((await runsOfFollower('oUndead'))[0]).toMatchObject({ status: 'ended', outcome: 'cancelled' })
  })

  /** The cancel signal came late in the history: everything after the first reply's workflow task is left out. */
  async function resetWithoutSignals(openId: string): Promise<void> {
    const run = behindOurBack(whole, APP, openId)
    await run.reset({ signals: false })
    await wechat().type(openId, 'and again')
  }
})

describe('a run that is deleted in Temporal', () => {
  it('ends as terminated, and the next entry starts a new one, found out or not', async () => {
    for (const found of [false, true]) {
      const openId = found ? 'oDeletedFound' : 'oDeleted'
      await inTheMiddle(openId)
      await behindOurBack(whole, APP, openId).delete()
      if (found) await reconcilerOf(whole).run()
      await wechat().type(openId, 'course')
      await whole.runWhen(APP, openId, (r) => r.campaign === 'course')
      await reconcilerOf(whole).run()
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
  it('is not taken for one that was lost', async () => {
    whole.simulator.fault({ api: 'custom/send', openId: 'oReturns', hang: 'before' })
    await wechat().follow('oReturns')
    await whole.runWhen(APP, 'oReturns', (r) => r.runId !== null)
    await wechat().type('oReturns', '1')
    // The gift's request is under way and gets no answer: the run cannot close before it is given up.
    await until(() => wechat().sends.some((s) => s.openId === 'oReturns'))
    await wechat().unfollow('oReturns', { createTime: Math.ceil(Date.now() / 1000) + 1 })
    await wechat().follow('oReturns', { createTime: Math.ceil(Date.now() / 1000) + 2 })
    await until(async () => (await runsOfFollower('oReturns'))[0]?.runId != null)
    await until(async () => (await runsOfFollower('oReturns')).length === 2)
    await reconcilerOf(whole, 130_000).run()
    expect((await runsOfFollower('oReturns')).map((r) => r.status)).toEqual(['active', 'active'])

    await until(async () => (await runsOfFollower('oReturns'))[1]?.status === 'ended')
    await wechat().type('oReturns', '1', { createTime: Math.ceil(Date.now() / 1000) + 4 })
    await until(async () => (await runsOfFollower('oReturns'))[0]?.state.steps[0]?.state === 'sent')
    expect((await runsOfFollower('oReturns')).map((r) => r.outcome)).toEqual([null, 'unsubscribed'])
  })
})

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { readFollower } from '../../src/store/followers.ts'
import { requestForget } from '../../src/store/forget.ts'
import { runsOf } from '../../src/store/runs.ts'
import { until } from '../support/program.ts'
import { refuseRuns } from '../support/refusing-store.ts'
import { startWhole, type Whole } from '../support/whole.ts'

const APP = 'wxtest0000000014'
const SERIES = `
id: halves
name: halves
entry: { event: subscribe }
steps:
  - { id: gift, after: 0s, since: reply, send: { text: "你说的是{{ reply.text | last }}" } }
  - { id: soon, after: 2s, since: reply, send: { text: soon } }
  - { id: later, after: 10h, since: reply, send: { text: later } }
`
/** Cut at 500 UTF-16 units it ends in half an emoji. */
const LONG = `${'字'.repeat(499)}😀谢谢`

let whole: Whole
beforeAll(async () => {
  whole = await startWhole({ engineAddress: inject('engineAddress') })
  await whole.addAccount({ appId: APP })
  await whole.publish(SERIES)
})
afterAll(() => whole?.close())

const wechat = () => whole.simulator.account(APP)
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body as { text?: { content?: string } }).text?.content)

describe('a follower whose long message ends in an emoji', () => {
  it('gets each message once, and the run goes on until it is cancelled', async () => {
    await wechat().follow('oEmoji')
    await wechat().type('oEmoji', LONG)
    const run = await whole.runWhen(APP, 'oEmoji', (r) => r.state.steps[1]?.state === 'sent')
    expect(run.state.reply?.text).toBe(`${'字'.repeat(499)}😀`)
    expect(textsTo('oEmoji')).toEqual(['你说的是😀', 'soon'])
    await whole.product.runs.signal({ appId: APP, openId: 'oEmoji' }, 'cancel', 'enough \ud83d')
    const ended = await whole.runWhen(APP, 'oEmoji', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'cancelled', state: { reason: 'enough \uFFFD' } })
    expect(textsTo('oEmoji')).toHaveLength(2)
  })
})

describe('a store that refuses for good what a run has heard', () => {
  const whose = { appId: APP, openId: 'oRefused' }

  it('stops nothing: each message once, the next step, the cancel, and the person is forgotten', async () => {
    const goodAgain = await refuseRuns(whole.product.db, "NEW.state::text LIKE '%refuse me%'", '22P02')
    await wechat().follow(whose.openId)
    await wechat().type(whose.openId, 'refuse me')
    const run = await whole.runWhen(APP, whose.openId, (r) => r.state.steps[1]?.state === 'sent')
    expect(textsTo(whose.openId)).toEqual(['你说的是e', 'soon'])
    expect(run.state).toMatchObject({
      reply: { text: null },
      steps: [{ state: 'sent' }, {}, { state: 'pending' }],
    })
    await whole.product.runs.signal(whose, 'cancel', 'refuse me')
    await whole.runWhen(APP, whose.openId, (r) => r.outcome === 'cancelled')
    await goodAgain()
    await requestForget(whole.product.db, whose, Date.now())
    whole.product.dispatcher.nudge()
    await until(async () => {
      const [known, runs] = await Promise.all([
        readFollower(whole.product.db, whose),
        runsOf(whole.product.db, whose),
      ])
      return known === null && runs.length === 0
    })
    expect(textsTo(whose.openId)).toHaveLength(2)
  })
})

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { requestErasure } from '../../src/store/runs/erase-follower.ts'
import { readFollower } from '../../src/store/runs/follower-rows.ts'
import { runsByFollower } from '../../src/store/runs/run-rows.ts'
import { rejectRunWrites } from '../fixtures/refuse-writes.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

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

let app: AppHarness
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  await app.addAccount({ appId: APP })
  await app.publish(SERIES)
})
afterAll(() => app?.close())

const wechat = () => app.simulator.account(APP)
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body as { text?: { content?: string } }).text?.content)

describe('a follower whose long message ends in an emoji', () => {
  it('gets each message once, and the run continues until it is cancelled', async () => {
    await wechat().follow('oEmoji')
    await wechat().type('oEmoji', LONG)
    const run = await app.waitForRun(APP, 'oEmoji', (r) => r.state.steps[1]?.state === 'sent')
    expect(run.state.reply?.text).toBe(`${'字'.repeat(499)}😀`)
    expect(textsTo('oEmoji')).toEqual(['你说的是😀', 'soon'])
    await app.services.runs.signal({ appId: APP, openId: 'oEmoji' }, 'cancel', 'enough \ud83d')
    const ended = await app.waitForRun(APP, 'oEmoji', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'cancelled', state: { reason: 'enough \uFFFD' } })
    expect(textsTo('oEmoji')).toHaveLength(2)
  })
})

describe('a store that always rejects the state of a run', () => {
  const followerKey = { appId: APP, openId: 'oRefused' }

  it('stops nothing: each message is sent once, the next step follows, and cancel and erasure work', async () => {
    const acceptWrites = await rejectRunWrites(app.services.db, "NEW.state::text LIKE '%refuse me%'", '22P02')
    await wechat().follow(followerKey.openId)
    await wechat().type(followerKey.openId, 'refuse me')
    const run = await app.waitForRun(APP, followerKey.openId, (r) => r.state.steps[1]?.state === 'sent')
    expect(textsTo(followerKey.openId)).toEqual(['你说的是e', 'soon'])
    expect(run.state).toMatchObject({
      reply: { text: null },
      steps: [{ state: 'sent' }, {}, { state: 'pending' }],
    })
    await app.services.runs.signal(followerKey, 'cancel', 'refuse me')
    await app.waitForRun(APP, followerKey.openId, (r) => r.outcome === 'cancelled')
    await acceptWrites()
    await requestErasure(app.services.db, followerKey, Date.now())
    app.services.dispatcher.wake()
    await waitFor(async () => {
      const [known, runs] = await Promise.all([
        readFollower(app.services.db, followerKey),
        runsByFollower(app.services.db, followerKey),
      ])
      return known === null && runs.length === 0
    })
    expect(textsTo(followerKey.openId)).toHaveLength(2)
  })
})

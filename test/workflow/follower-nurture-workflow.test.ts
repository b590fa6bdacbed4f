import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { NURTURE_QUEUE, WORKFLOW_TYPE } from '../../workflows/names.ts'
import {
  makeStart,
  planOf,
  startWorkflowHarness,
  type TestFollower,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The series of the README: a hint in the first minute, a gift after the reply, a reminder a day later. */
const welcome = planOf([
  { id: 'hint', afterMs: 20_000, when: 'not-replied' },
  { id: 'gift', afterMs: 0, since: 'reply' },
  { id: 'day-1', afterMs: 22 * HOUR, since: 'reply' },
])

/** No step of it is due within the minute after the follow. */
const beyondTheMinute = planOf([
  { id: 'late', afterMs: 10 * MINUTE },
  { id: 'skip', afterMs: 20 * MINUTE, ifLate: 'skip' },
])

const sentSteps = (f: TestFollower) => f.sent.map((s) => s.stepId)

/** A run's history as text, payloads decoded, without the workflow id. */
async function historyText(f: TestFollower): Promise<string> {
  const text = JSON.stringify(await f.handle().fetchHistory())
  const payloads = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, data]) =>
    Buffer.from(data ?? '', 'base64').toString(),
  )
  return [text.replaceAll(f.workflowId, ''), ...payloads].join('\n')
}

function latch(): { opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** A call that lasts until the test ends it. */
function underWay() {
  const begun = latch()
  const ended = latch()
  return {
    begun: begun.opened,
    end: ended.open,
    /** Begins the call, which returns `result` when the test ends it. */
    async with<T>(result: T): Promise<T> {
      begun.open()
      await ended.opened
      return result
    },
  }
}

let harness: WorkflowHarness
beforeAll(async () => {
  // Not encrypted: the test searches the history for data that must not be in it.
  harness = await startWorkflowHarness(inject('temporalAddress'), { encrypt: false })
})
afterAll(() => harness?.close())

describe('a run whose local activities fail', () => {
  it('sends and is recorded by the activities with a queue and retries', async () => {
    const f = harness.follower()
    f.failLocally('connect ECONNREFUSED 127.0.0.1:5432')
    await f.start(planOf([{ id: 'hi', afterMs: 0 }]))
    expect(await f.outcome()).toMatchObject({ outcome: 'completed', steps: [{ id: 'hi', state: 'sent' }] })
    expect(sentSteps(f)).toEqual(['hi'])
    expect(f.records.map((r) => r.state.outcome)).toContain('completed')
  })
})

describe('a follower who never replies', () => {
  it('gets the hint within the minute and nothing after it, until the window closes', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.advance(48 * HOUR + MINUTE)
    expect(await f.outcome()).toMatchObject({
      outcome: 'window-closed',
      steps: [
        { id: 'hint', state: 'sent' },
        { id: 'gift', state: 'skipped', reason: 'no-reply' },
        { id: 'day-1', state: 'skipped', reason: 'no-reply' },
      ],
    })
    expect(f.sent).toEqual([{ stepId: 'hint', afterMs: expect.closeTo(20_000, -4), paidBy: 'subscribe' }])
  })

  it('has steps beyond the minute held, and skipped when the window closes', async () => {
    const f = harness.follower()
    await f.start(beyondTheMinute)
    await f.advance(30 * MINUTE)
    const state = await f.waitForState((s) => s.steps[1]?.state === 'skipped')
    expect(state.steps).toMatchObject([
      { id: 'late', state: 'held', reason: 'no-grant' },
      { id: 'skip', state: 'skipped', reason: 'no-grant' },
    ])
    await f.advance(48 * HOUR)
    expect(await f.outcome()).toMatchObject({ steps: [{ state: 'skipped', reason: 'window-closed' }, {}] })
    expect(f.sent).toEqual([])
  })

  it('has the store asked once about each skipped step, whether a request for it was sent', async () => {
    const f = harness.follower()
    await f.start(beyondTheMinute)
    await f.advance(30 * MINUTE)
    await f.waitForState((s) => s.steps[1]?.state === 'skipped')
    await f.handle().signal('pause')
    await f.waitForState((s) => s.status === 'paused')
    await f.handle().signal('resume')
    await f.waitForState((s) => s.status === 'active')
    await f.handle().signal('cancel')
    await f.outcome()
    const skipped = f.records.map(({ state }) => state.steps.filter((s) => s.state === 'skipped').length)
    expect([...new Set(skipped)]).toEqual([0, 1, 2])
    expect(f.records.map((r) => r.writtenAt !== undefined)).toEqual(
      skipped.map((count, i) => count > (skipped[i - 1] ?? 0)),
    )
    expect(skipped.filter((count) => count === 1).length).toBeGreaterThan(1)
  })

  it('has the store asked again about its skipped steps when it ends, because a stalled worker may send late', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.interact('message', { text: 'hello' })
    await f.waitForState((s) => s.steps[1]?.state === 'sent')
    await f.handle().signal('pause')
    await f.waitForState((s) => s.status === 'paused')
    await f.handle().signal('resume')
    await f.waitForState((s) => s.status === 'active')
    await f.advance(23 * HOUR)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed', steps: [{ state: 'skipped' }, {}, {}] })
    expect(f.records.map((r) => [r.state.status, r.writtenAt !== undefined])).toEqual([
      ['paused', true],
      ['active', false],
      ['ended', true],
    ])
  })

  it('gets a step that is due in the last seconds of the minute a little earlier', async () => {
    const f = harness.follower()
    await f.start(planOf([{ id: 'edge', afterMs: 60_000 }]))
    await f.advance(2 * MINUTE)
    await f.outcome()
    expect(f.sent[0]?.afterMs).toBeLessThanOrEqual(57_000)
    expect(f.sent[0]?.afterMs).toBeGreaterThan(55_000)
  })
})

describe('a follower who replies', () => {
  it('gets the gift at once and the reminder a day later, paid by the message', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.interact('message', { text: '1' })
    await f.waitForState((s) => s.steps[1]?.state === 'sent')
    await f.advance(23 * HOUR)
    expect(await f.outcome()).toMatchObject({
      outcome: 'completed',
      steps: [{ state: 'skipped', reason: 'replied' }, {}, {}],
    })
    expect(f.sent).toMatchObject([
      { stepId: 'gift', paidBy: 'subscribe' },
      { stepId: 'day-1', paidBy: 'message' },
    ])
  })

  it('releases held steps in order, two seconds apart', async () => {
    const f = harness.follower()
    await f.start(
      planOf([
        { id: 'a', afterMs: 2 * MINUTE },
        { id: 'b', afterMs: 3 * MINUTE },
        { id: 'c', afterMs: 4 * MINUTE },
      ]),
    )
    await f.advance(5 * MINUTE)
    await f.waitForState((s) => s.steps.every((x) => x.state === 'held'))
    await f.interact('message', { text: 'hi' })
    await f.advance(10_000)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(sentSteps(f)).toEqual(['a', 'b', 'c'])
    expect((f.sent[1]?.afterMs ?? 0) - (f.sent[0]?.afterMs ?? 0)).toBeGreaterThanOrEqual(2_000)
    expect((f.sent[2]?.afterMs ?? 0) - (f.sent[1]?.afterMs ?? 0)).toBeGreaterThanOrEqual(2_000)
  })

  it('ends the run with an exit keyword of any case and width', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.interact('message', { text: ' ＴＤ ' })
    expect(await f.outcome()).toMatchObject({ outcome: 'opted-out' })
    expect(f.sent).toEqual([])
  })

  it('may send many messages: no quota is exceeded, and the series continues', async () => {
    const f = harness.follower()
    await f.start(welcome)
    for (let i = 0; i < 30; i++) await f.interact('message', { text: `chat ${i}` })
    await f.waitForState((s) => s.steps[1]?.state === 'sent')
    await f.advance(23 * HOUR)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(sentSteps(f)).toEqual(['gift', 'day-1'])
  })
})

describe('the end of a run', () => {
  it('is written by its last send, and shown in Temporal', async () => {
    const f = harness.follower()
    await f.start(
      planOf([
        { id: 'now', afterMs: 0 },
        { id: 'then', afterMs: 20_000 },
      ]),
    )
    await f.advance(MINUTE)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(f.records).toMatchObject([{ with: 'send', state: { status: 'ended', outcome: 'completed' } }])
    expect(await f.state()).toMatchObject({
      status: 'ended',
      endedAt: new Date(f.records[0]?.state.endedAt ?? 0).toISOString(),
    })
    const { searchAttributes } = await f.handle().describe()
    expect(searchAttributes).toMatchObject({ NurtureState: ['ended'] })
  })

  it('is written again when an event came during the last send', async () => {
    const f = harness.follower()
    const sending = underWay()
    f.answerSends((input) => sending.with({ result: 'sent', at: input.now, unclear: 0 }))
    await f.start(planOf([{ id: 'now', afterMs: 0 }]))
    await sending.begun
    await f.unfollow()
    sending.end()
    expect(await f.outcome()).toMatchObject({ outcome: 'unsubscribed', steps: [{ state: 'sent' }] })
    expect(f.records).toMatchObject([
      { with: 'send', state: { outcome: 'completed' } },
      { state: { status: 'ended', outcome: 'unsubscribed' } },
    ])
    expect(f.records[1]).not.toHaveProperty('with')
  })
})

describe('a follower who unfollows', () => {
  it('gets nothing more while waiting', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.unfollow()
    expect(await f.outcome()).toMatchObject({ outcome: 'unsubscribed' })
    expect(f.records.at(-1)?.state.ledger).toEqual([])
  })

  it('ends a run whose send is under way, and the send finishes', async () => {
    const f = harness.follower()
    const sending = underWay()
    f.answerSends((input) => sending.with({ result: 'sent', at: input.now, unclear: 0 }))
    await f.start(
      planOf([
        { id: 'now', afterMs: 0 },
        { id: 'then', afterMs: HOUR },
      ]),
    )
    await sending.begun
    await f.unfollow()
    sending.end()
    expect(await f.outcome()).toMatchObject({
      outcome: 'unsubscribed',
      steps: [{ state: 'sent' }, { state: 'skipped' }],
    })
  })

  it('begins a new run after a re-follow, also while a send is finishing', async () => {
    const f = harness.follower()
    const sending = underWay()
    f.answerSends((input) => sending.with({ result: 'sent', at: input.now, unclear: 0 }))
    const plan = planOf([{ id: 'now', afterMs: 0 }])
    await f.start(plan)
    await sending.begun
    await f.unfollow(f.entryAt)
    const start = makeStart(plan, f.entryAt)
    await f.interact('subscribe', { start, at: start.entry.at, key: start.entry.key })
    f.answerSends((input) => ({ result: 'sent', at: input.now, unclear: 0 }))
    sending.end()
    await f.handle().result()
    expect(sentSteps(f)).toEqual(['now', 'now'])
    const ends = f.records.filter((r) => r.state.status === 'ended').map((r) => r.state.outcome)
    // The send wrote the end of its run without the unfollow.
    expect(ends).toEqual(['completed', 'unsubscribed', 'completed'])
  })
})

describe('a signal that arrives before the first workflow task', () => {
  const plan = planOf([{ id: 'now', afterMs: 0 }])

  /** Sends signals to a run while no worker runs, then starts the worker. */
  async function heardLate(story: (f: TestFollower) => Promise<void>): Promise<TestFollower> {
    const idle = await startWorkflowHarness(inject('temporalAddress'), { idle: true })
    onTestFinished(() => idle.close())
    const f = idle.follower()
    await f.start(plan)
    await story(f)
    await idle.startWorkers()
    await f.handle().result()
    return f
  }

  it('is applied in order: an unfollow between two follows ends the first run', async () => {
    const f = await heardLate(async (f) => {
      await f.unfollow(f.entryAt + 1_000)
      const start = makeStart(plan, f.entryAt + 2_000)
      await f.interact('subscribe', { start, at: start.entry.at, key: start.entry.key })
      await f.interact('message', { text: '1', at: f.entryAt + 3_000 })
    })
    const ended = f.records.filter((r) => r.state.status === 'ended').map((r) => r.state)
    expect(ended.map((s) => s.outcome)).toEqual(['unsubscribed', 'completed'])
    expect(ended[1]?.reply?.text).toBe('1')
    expect(sentSteps(f)).toEqual(['now'])
  })

  it('is applied in order: a resume, then a pause leave the run paused', async () => {
    const f = await heardLate(async (f) => {
      await f.handle().signal('pause')
      await f.handle().signal('resume')
      await f.handle().signal('pause')
      await f.handle().signal('nonsense')
      await f.handle().signal('cancel')
    })
    const last = f.records.at(-1)?.state
    expect([last?.outcome, last?.warnings]).toEqual(['cancelled', ['ignored an unknown signal, nonsense']])
    expect(sentSteps(f)).toEqual([])
  })
})

describe('a signal that arrives during a call for tags or attributes', () => {
  const tagging = planOf([
    { id: 'mark', afterMs: 0, kind: 'tag', tag: ['新粉'] },
    { id: 'then', afterMs: HOUR },
  ])
  const asking = planOf([
    { id: 'vip', afterMs: 0, when: { tag: 'vip' } },
    { id: 'then', afterMs: HOUR },
  ])

  it('ends a run as an unfollow when the running tag call has ended', async () => {
    const f = harness.follower()
    const tags = underWay()
    f.wechat.tags = () => tags.with({ result: 'tagged' })
    await f.start(tagging)
    await tags.begun
    await f.unfollow()
    tags.end()
    expect(await f.outcome()).toMatchObject({ outcome: 'unsubscribed', steps: [{ state: 'sent' }, {}] })
    expect(f.sent).toEqual([])
  })

  it('ends a run as an unfollow during the fetch of attributes, and nothing is sent', async () => {
    const f = harness.follower()
    const facts = underWay()
    f.wechat.attributes = () => facts.with({ attributes: { tags: ['vip'], qrScene: '', subscribeScene: '' } })
    await f.start(asking)
    await facts.begun
    await f.unfollow()
    facts.end()
    expect(await f.outcome()).toMatchObject({ outcome: 'unsubscribed' })
    expect(f.sent).toEqual([])
  })

  it('holds as a pause the step whose attributes are being fetched; the step is sent after the resume', async () => {
    const f = harness.follower()
    const facts = underWay()
    f.wechat.attributes = () => facts.with({ attributes: { tags: ['vip'], qrScene: '', subscribeScene: '' } })
    await f.start(asking)
    await facts.begun
    await f.handle().signal('pause')
    facts.end()
    await f.waitForState((s) => s.status === 'paused' && s.steps[0]?.state === 'held')
    expect(f.sent).toEqual([])
    await f.handle().signal('resume')
    await f.waitForState((s) => s.steps[0]?.state === 'sent')
  })

  it('is applied as a reply while a sent message is being tagged', async () => {
    const f = harness.follower()
    const tags = underWay()
    f.wechat.tags = () => tags.with({ result: 'tagged' })
    await f.start(
      planOf([
        { id: 'hello', afterMs: 0, tag: ['新粉'] },
        { id: 'gift', afterMs: 0, since: 'reply' },
      ]),
    )
    await tags.begun
    await f.interact('message', { text: '1' })
    tags.end()
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(sentSteps(f)).toEqual(['hello', 'gift'])
  })
})

describe('an operator', () => {
  it('cancels by signal, with a reason', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.handle().signal('cancel', 'asked by phone')
    expect(await f.outcome()).toMatchObject({ outcome: 'cancelled', reason: 'asked by phone' })
  })

  it('cancels by signal, also when the reason ends in half a character', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.handle().signal('cancel', 'asked by phone \ud83d\0')
    const reason = 'asked by phone \uFFFD\uFFFD'
    expect(await f.outcome()).toMatchObject({ outcome: 'cancelled', reason })
    expect(f.records.at(-1)?.state).toMatchObject({ status: 'ended', reason })
  })
  it('cancels in the Web UI, and the run ends as cancelled, not as a failure', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.waitForState(() => true)
    await f.handle().cancel()
    expect(await f.outcome()).toMatchObject({ outcome: 'cancelled', reason: 'cancelled by operator' })
    expect(f.records.at(-1)?.state).toMatchObject({ status: 'ended', outcome: 'cancelled' })
  })

  it('pauses a follower; overdue steps follow their ifLate after the resume', async () => {
    const f = harness.follower({ rules: 'classic-48h' })
    await f.start(
      planOf([
        { id: 'hold', afterMs: HOUR },
        { id: 'skip', afterMs: HOUR, ifLate: 'skip' },
        { id: 'later', afterMs: 5 * HOUR },
      ]),
    )
    await f.handle().signal('pause')
    await f.waitForState((s) => s.status === 'paused')
    await f.advance(2 * HOUR)
    await f.waitForState((s) => s.steps[0]?.state === 'held')
    expect(f.sent).toEqual([])
    await f.handle().signal('resume')
    await f.waitForState((s) => s.steps[0]?.state === 'sent')
    await f.advance(4 * HOUR)
    expect(await f.outcome()).toMatchObject({
      outcome: 'completed',
      steps: [{}, { state: 'skipped', reason: 'late' }, {}],
    })
    expect(sentSteps(f)).toEqual(['hold', 'later'])
  })

  it('sees that a malformed signal was ignored', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.handle().signal('interaction', { nonsense: true })
    await f.handle().signal('unsubscribed', 7)
    await f.waitForState((s) => s.status === 'active')
    await f.handle().signal('cancel')
    expect(await f.outcome()).toMatchObject({ outcome: 'cancelled' })
    expect(f.records.at(-1)?.state.warnings).toHaveLength(2)
  })
})

describe('an errcode that contradicts the ledger', () => {
  it('45015 closes the grants, and the next message releases the held steps', async () => {
    const f = harness.follower()
    await f.start(planOf([{ id: 'gift', afterMs: 0, since: 'reply' }]))
    f.answerSends((input) => ({ result: 'window-over', at: input.now, unclear: 0 }))
    await f.interact('message', { text: '1' })
    await f.waitForState((s) => s.steps[0]?.state === 'held')
    f.answerSends((input) => ({ result: 'sent', at: input.now, unclear: 0 }))
    await f.advance(MINUTE)
    await f.interact('message', { text: '2' })
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
  })

  it('45047 uses up the grant that paid; another valid one pays at once', async () => {
    const f = harness.follower()
    const paid: string[] = []
    f.answerSends((input) => {
      paid.push(input.grant.scene)
      return input.grant.scene === 'subscribe'
        ? { result: 'quota-used', at: input.now, unclear: 0 }
        : { result: 'sent', at: input.now, unclear: 0 }
    })
    await f.start(planOf([{ id: 'gift', afterMs: 0, since: 'reply' }]))
    await f.interact('message', { text: '1' })
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(paid).toEqual(['subscribe', 'message'])
  })

  it('43004 ends the run as unsubscribed', async () => {
    const f = harness.follower()
    f.answerSends((input) => ({
      result: 'gone',
      outcome: 'unsubscribed',
      errcode: 43004,
      at: input.now,
      unclear: 0,
    }))
    await f.start(
      planOf([
        { id: 'now', afterMs: 0 },
        { id: 'then', afterMs: 10_000 },
      ]),
    )
    expect(await f.outcome()).toMatchObject({
      outcome: 'unsubscribed',
      steps: [{ state: 'skipped' }, { state: 'skipped' }],
    })
  })
})

describe('a workflow whose id names no follower', () => {
  it('fails, is not retried, and records nothing', async () => {
    const start = makeStart(welcome, Date.now())
    const handle = await harness.client.workflow.start(WORKFLOW_TYPE, {
      workflowId: 'nurture/wxtest',
      taskQueue: NURTURE_QUEUE,
      args: [{ start, ledger: [], recorded: false }],
    })
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: 'MalformedWorkflowId', nonRetryable: true },
    })
    const { events } = await handle.fetchHistory()
    expect(events?.some((e) => e.activityTaskScheduledEventAttributes)).toBe(false)
  })
})

describe('the Temporal Web UI', () => {
  it('shows a readable run: summary, details and three attributes, no personal id', async () => {
    const f = harness.follower()
    await f.start(welcome)
    await f.waitForState(() => true)
    const found = await f.handle().describe()
    expect(await found.staticSummary()).toBe('welcome@1 · subscribe')
    expect(found.searchAttributes).toMatchObject({
      WechatAppId: ['wxtest'],
      NurtureCampaign: ['welcome'],
      NurtureState: ['active'],
    })
    const metadata = await f.handle().query<{ currentDetails?: string }>('__temporal_workflow_metadata')
    expect(JSON.stringify(metadata)).toContain('| hint |')
    expect(await historyText(f)).not.toContain(f.openId)
    await f.handle().signal('cancel')
    await f.outcome()
  })
})

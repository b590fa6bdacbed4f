import { monitorEventLoopDelay } from 'node:perf_hooks'
import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import {
  createDispatchLoop,
  type DispatchLoop,
  type DispatchLoopDeps,
} from '../../src/dispatch/dispatch-loop.ts'
import { createPurge } from '../../src/jobs/purge.ts'
import { createReconciler } from '../../src/jobs/reconcile-runs.ts'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { claimHeads } from '../../src/store/inbox/claim-events.ts'
import { type InboxRow, inboxBacklog } from '../../src/store/inbox/inbox-rows.ts'
import { readDelivery } from '../../src/store/runs/deliveries.ts'
import { readFollower } from '../../src/store/runs/follower-rows.ts'
import { runsByFollower } from '../../src/store/runs/run-rows.ts'
import { followers, inbox, runs } from '../../src/store/schema.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { createRunClient, type RunClient } from '../../src/temporal/run-client.ts'
import { startTcpProxy } from '../fixtures/tcp-proxy.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxtest0000000002'
const DAY = 86_400_000
const SECOND = 1_000

/** A gift at once after the reply, and a step so long after it that no slow machine sends it before a test goes on. */
const SERIES = `
id: series
name: series
entry: { event: subscribe }
reply: { text: 欢迎 }
steps:
  - { id: gift, after: 0s, since: reply, send: { text: gift } }
  - { id: soon, after: 1m, since: reply, send: { text: soon } }
  - { id: later, after: 10h, since: reply, send: { text: later } }
exit: { keywords: [TD] }
`
/** Started by a menu tap. Its step is due at once. */
const ASK = `
id: ask
name: ask
entry: { event: click, keys: [ask] }
steps:
  - { id: asked, after: 0s, since: entry, send: { text: asked } }
`
/** Started by a keyword. */
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
const followerKey = (openId: string) => ({ appId: APP, openId })
const nowInSeconds = () => Math.floor(Date.now() / 1000)

/** A follower's accepted callbacks in order of arrival. */
const rowsOf = (openId: string): Promise<InboxRow[]> =>
  app.services.db
    .select()
    .from(inbox)
    .where(and(eq(inbox.appId, APP), eq(inbox.openId, openId)))
    .orderBy(asc(inbox.id))

/** Waits until all callbacks of a follower are dispatched. Returns their results. */
async function resultsOf(openId: string): Promise<(string | null)[]> {
  const rows = await waitFor(() => rowsOf(openId), {
    until: (all) => all.every((r) => r.dispatchedAt !== null),
  })
  return rows.map((r) => r.result)
}

const sendsTo = (openId: string) => wechat().sends.filter((s) => s.openId === openId)
const textsTo = (openId: string) =>
  sendsTo(openId)
    .filter((s) => s.errcode === 0)
    .map((s) => (s.body as { text?: { content?: string } }).text?.content)

/** The signals of a follower's newest execution, in order. */
async function signalsOf(openId: string): Promise<{ name: string; at: number; key: string }[]> {
  const handle = app.services.temporal.client.workflow.getHandle(workflowIdOf(APP, openId))
  const { events } = await handle.fetchHistory()
  const signals = (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: s }) => s ?? [])
  const payloads = await app.services.codec.decode(signals.flatMap((s) => s.input?.payloads?.[0] ?? {}))
  return signals.flatMap(({ signalName }, i) => {
    const data = payloads[i]?.data
    if (!data?.length) return []
    const { at, key } = JSON.parse(Buffer.from(data).toString()) as { at: number; key: string }
    return [{ name: signalName ?? '', at, key }]
  })
}

/** Starts another dispatcher on the same inbox, as in a second `serve` process, until the end of the test. */
function anotherDispatcher(
  more: Partial<Pick<DispatchLoopDeps, 'runs' | 'now' | 'isBusy' | 'readBacklog'>> = {},
): DispatchLoop {
  const { db, configCache: directory, log } = app.services
  const by = `other-${Math.random()}`
  const dispatcher = createDispatchLoop({
    db,
    runs: app.services.runs,
    config: directory,
    ownerId: by,
    now: Date.now,
    log,
    ...more,
  })
  onTestFinished(() => void dispatcher.stop())
  dispatcher.start()
  return dispatcher
}

/** Stops the product's dispatcher, so that events wait in the inbox, until `resumeDispatcher` or the end of the test. */
async function stopDispatcher(): Promise<void> {
  onTestFinished(resumeDispatcher)
  await app.services.dispatcher.stop()
}
function resumeDispatcher(): void {
  app.services.dispatcher.start()
}

/** Sends the step `soon`. */
const soon = (openId: string) => wechat().fastForward(openId, 61 * SECOND)

async function followed(openId: string): Promise<void> {
  expect(await wechat().follow(openId)).toMatchObject({ ok: true, attempts: 1 })
  await app.waitForRun(APP, openId, (r) => r.runId !== null)
}

describe("a follower's events", () => {
  it('keep the order of their CreateTime, whatever order they arrived in and however many dispatch', async () => {
    const openIds = Array.from({ length: 8 }, (_, i) => `oOrder${i}`)
    await stopDispatcher()
    const base = nowInSeconds() - 100
    await Promise.all(
      openIds.map(async (openId) => {
        await wechat().follow(openId, { createTime: base })
        const later = [7, 2, 9, 4, 1, 8, 3, 6, 5]
        await Promise.all(later.map((s) => wechat().type(openId, `${s}`, { createTime: base + s })))
      }),
    )
    expect(await inboxBacklog(app.services.db)).toMatchObject({ pending: 80 })
    anotherDispatcher()
    anotherDispatcher()
    resumeDispatcher()
    for (const openId of openIds) {
      const results = await resultsOf(openId)
      expect(results).toHaveLength(10)
      // A signal that arrives during a workflow task is in the history only after the task.
      const signals = await waitFor(() => signalsOf(openId), { until: (found) => found.length >= 10 })
      const times = signals.map((s) => s.at)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(new Set(signals.map((s) => s.key)).size).toBe(10)
      expect(signals).toHaveLength(10)
    }
  })

  it('of other followers are dispatched while one row cannot be', async () => {
    const stuck: RunClient = {
      ...app.services.runs,
      startOrSignal: (follower, ...args) =>
        follower.openId === 'oStuck'
          ? Promise.reject(new Error('this row always fails'))
          : app.services.runs.startOrSignal(follower, ...args),
    }
    await stopDispatcher()
    const dispatcher = anotherDispatcher({ runs: stuck })
    await wechat().follow('oStuck')
    await wechat().type('oStuck', '1')
    await wechat().follow('oFree')
    await resultsOf('oFree')
    const [first, second] = await waitFor(() => rowsOf('oStuck'), {
      until: ([row]) => (row?.attempts ?? 0) > 0 && !row?.leaseOwnerId,
    })
    expect(first).toMatchObject({ dispatchedAt: null, lastError: 'this row always fails' })
    // The next event of the same follower waits behind it.
    expect(second).toMatchObject({ dispatchedAt: null, attempts: 0 })
    await dispatcher.stop()
    resumeDispatcher()
    expect(await resultsOf('oStuck')).toEqual(['started', 'signalled'])
  })
})

describe('a dispatcher beside callbacks that wait for their answer', () => {
  it('yields to them: one event at a time, with rests, then many again', async () => {
    await stopDispatcher()
    const openIds = Array.from({ length: 20 }, (_, i) => `oBusy${i}`)
    for (const openId of openIds) expect(await wechat().follow(openId)).toMatchObject({ ok: true })
    let busy = true
    const atOnce = { now: 0, most: 0 }
    const calls: { began: number; ended: number }[] = []
    const { runs } = app.services
    const counted: RunClient = {
      ...runs,
      async startOrSignal(...args) {
        atOnce.most = Math.max(atOnce.most, ++atOnce.now)
        const began = performance.now()
        return runs.startOrSignal(...args).finally(() => {
          atOnce.now -= 1
          calls.push({ began, ended: performance.now() })
        })
      },
    }
    const left = async () => (await inboxBacklog(app.services.db)).pending
    anotherDispatcher({ runs: counted, isBusy: () => busy })
    await waitFor(left, { until: (pending) => pending <= 16 })
    expect(atOnce.most).toBe(1)
    const rested = calls.slice(1).map(({ began }, i) => began - (calls[i]?.ended ?? 0))
    // An event takes longer than its call. Timers may fire a millisecond early.
    for (const [i, restMs] of rested.entries()) {
      const call = calls[i] ?? { began: 0, ended: 0 }
      expect(restMs).toBeGreaterThan(3 * (call.ended - call.began) - 2)
    }
    busy = false
    await waitFor(left, { until: (pending) => pending === 0 })
    expect(atOnce.most).toBeGreaterThan(1)
  })
})

describe('a dispatcher whose workers are behind', () => {
  it('leaves events in the inbox until they have caught up, but dispatches a few', async () => {
    await stopDispatcher()
    const count = 130
    await Promise.all(Array.from({ length: count }, (_, i) => wechat().follow(`oBehind${i}`)))
    const left = async () => (await inboxBacklog(app.services.db)).pending
    let backlog = 1_000
    let reads = 0
    anotherDispatcher({
      readBacklog: async () => {
        reads += 1
        return backlog
      },
    })
    // The first hundred, and four for each reading.
    await waitFor(async () => reads >= 3 && (await left()) <= count - 100 - 2 * 4)
    expect(await left()).toBeGreaterThanOrEqual(count - 100 - reads * 4)
    expect(await left()).toBeGreaterThan(0)
    backlog = 0
    await waitFor(left, { until: (pending) => pending === 0 })
  })
})

describe('a dispatcher that dies', () => {
  /** The first call reaches Temporal (`told`), but its response never arrives. */
  function crashingRuns(): { runs: RunClient; reported: Promise<void> } {
    let markReported = () => {}
    const reported = new Promise<void>((resolve) => {
      markReported = resolve
    })
    const then = <A extends unknown[]>(call: (...args: A) => Promise<unknown>) => {
      return async (...args: A): Promise<never> => {
        await call(...args)
        markReported()
        return new Promise<never>(() => {})
      }
    }
    const { runs } = app.services
    return { reported, runs: { ...runs, startOrSignal: then(runs.startOrSignal), signal: then(runs.signal) } }
  }

  it('with leased rows: another takes them when the lease has expired', async () => {
    await stopDispatcher()
    await wechat().follow('oLeased')
    const claim = { ownerId: 'dead', now: Date.now(), leaseMs: 1_500, limit: 10 }
    expect(await claimHeads(app.services.db, claim)).toHaveLength(1)
    resumeDispatcher()
    expect(await resultsOf('oLeased')).toEqual(['started'])
    const [row] = await rowsOf('oLeased')
    expect(row?.attempts).toBe(2)
    expect((row?.dispatchedAt ?? 0) - (row?.receivedAt ?? 0)).toBeGreaterThanOrEqual(1_400)
    expect(await runsByFollower(app.services.db, followerKey('oLeased'))).toHaveLength(1)
  })

  it('after the start reached Temporal, before it was recorded: nothing happens twice', async () => {
    const { runs: dies, reported: told } = crashingRuns()
    await stopDispatcher()
    const dead = anotherDispatcher({ runs: dies })
    await wechat().follow('oDied')
    await told
    void dead.stop()
    expect((await rowsOf('oDied'))[0]).toMatchObject({ dispatchedAt: null, attempts: 1 })
    // Half a minute later by its clock.
    anotherDispatcher({ now: () => Date.now() + 31 * SECOND })
    expect(await resultsOf('oDied')).toEqual(['started'])
    expect((await rowsOf('oDied'))[0]).toMatchObject({ attempts: 2 })
    expect(await signalsOf('oDied')).toHaveLength(1)
    const all = await runsByFollower(app.services.db, followerKey('oDied'))
    expect(all.map((r) => r.runId)).toEqual([expect.any(String)])
  })

  it('after a reply reached Temporal: the reply is applied once, and its gift sent once', async () => {
    await followed('oDiedLater')
    const { runs: dies, reported: told } = crashingRuns()
    await stopDispatcher()
    const dead = anotherDispatcher({ runs: dies })
    await wechat().type('oDiedLater', '1')
    await told
    void dead.stop()
    anotherDispatcher({ now: () => Date.now() + 31 * SECOND })
    await resultsOf('oDiedLater')
    await app.waitForRun(APP, 'oDiedLater', (r) => r.state.steps[0]?.state === 'sent')
    await soon('oDiedLater')
    const run = await app.waitForRun(APP, 'oDiedLater', (r) => r.state.steps[1]?.state === 'sent')
    expect(textsTo('oDiedLater')).toEqual(['gift', 'soon'])
    expect(run.state.ledger.find((g) => g.scene === 'message')).toMatchObject({ quota: 5 })
    expect(run.state.seenEventKeys).toHaveLength(2)
  })
})

describe('while Temporal is unreachable', () => {
  it('callbacks are accepted, and dispatched in order when Temporal is back', async () => {
    const proxy = await startTcpProxy(inject('temporalAddress'))
    const { namespace } = app.services.temporal.client.options
    const link = connectTemporal({ namespace, connection: { address: proxy.address } }, 'test')
    await stopDispatcher()
    const dispatcher = anotherDispatcher({ runs: createRunClient(link.client) })
    onTestFinished(async () => {
      await dispatcher.stop()
      await link.close()
      await proxy.off()
    })
    // One attempt: within WeChat's five seconds.
    expect(await wechat().follow('oAway')).toMatchObject({ ok: true, attempts: 1 })
    expect(await wechat().type('oAway', '1')).toMatchObject({ ok: true, attempts: 1, body: 'success' })
    const reason = await waitFor(async () => dispatcher.outageReason(), { until: (r) => r !== null })
    expect(reason).toContain('Temporal')
    expect((await rowsOf('oAway')).map((r) => r.dispatchedAt)).toEqual([null, null])
    expect(await inboxBacklog(app.services.db)).toMatchObject({ pending: 2 })
    await proxy.on()
    expect(await resultsOf('oAway')).toEqual(['started', 'signalled'])
    expect(dispatcher.outageReason()).toBeNull()
    await app.waitForRun(APP, 'oAway', (r) => r.state.steps[0]?.state === 'sent')
    expect(textsTo('oAway')[0]).toBe('gift')
  })
})

describe('an unfollow', () => {
  it('ends all sending once it is answered, even before it is dispatched', async () => {
    await followed('oGone')
    await wechat().type('oGone', '1')
    const run = await app.waitForRun(APP, 'oGone', (r) => r.state.steps[0]?.state === 'sent')
    await stopDispatcher()
    expect(await wechat().unfollow('oGone')).toMatchObject({ ok: true, body: 'success' })
    const forwarded = soon('oGone')
    const row = await waitFor(() => readDelivery(app.services.db, run.runKey, 'soon'), {
      until: (d) => d?.state === 'deferred',
    })
    expect(row).toMatchObject({ reason: 'unfollowed', attempts: 0 })
    expect(textsTo('oGone')).toEqual(['gift'])
    resumeDispatcher()
    await forwarded
    const ended = await app.waitForRun(APP, 'oGone', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'unsubscribed' })
    expect(ended.state.steps.map((s) => [s.id, s.state])).toEqual([
      ['gift', 'sent'],
      ['soon', 'skipped'],
      ['later', 'skipped'],
    ])
    expect(ended.state.ledger).toEqual([])
    expect(sendsTo('oGone')).toHaveLength(1)
  })

  it('stops the sends of many followers within half a second of its answer, in the middle of their series', async () => {
    const openIds = Array.from({ length: 12 }, (_, i) => `oLeaves${i}`)
    const answeredAt = new Map<string, number>()
    // While this process stands still, a request that is under way waits, too.
    const pauses = monitorEventLoopDelay()
    pauses.enable()
    await Promise.all(
      openIds.map(async (openId, i) => {
        await wechat().follow(openId)
        await wechat().type(openId, '1')
        // Some unfollow before the gift, some while it is sent, some after it.
        await new Promise((resolve) => setTimeout(resolve, i * 40))
        await wechat().unfollow(openId)
        answeredAt.set(openId, Date.now())
      }),
    )
    for (const openId of openIds) await app.waitForRun(APP, openId, (r) => r.status === 'ended')
    const withinMs = 500 + pauses.max / 1e6
    pauses.disable()
    for (const openId of openIds) {
      const after = sendsTo(openId).filter((s) => s.at > (answeredAt.get(openId) ?? 0) + withinMs)
      expect(after).toEqual([])
      expect(textsTo(openId)).not.toContain('soon')
    }
  })

  it('and a re-follow end the old run and begin a new one from the first step', async () => {
    await followed('oReturns')
    await wechat().type('oReturns', '1')
    await app.waitForRun(APP, 'oReturns', (r) => r.state.steps[0]?.state === 'sent')
    await stopDispatcher()
    await wechat().unfollow('oReturns')
    // In another second than the first follow, since event keys have whole seconds.
    await wechat().follow('oReturns', { createTime: nowInSeconds() + 1 })
    resumeDispatcher()
    await app.waitForRun(
      APP,
      'oReturns',
      (r) => r.status === 'active' && r.state.steps[0]?.state === 'pending',
    )
    const [second, first] = await waitFor(() => runsByFollower(app.services.db, followerKey('oReturns')), {
      until: (all) => all[1]?.status === 'ended',
    })
    expect(first).toMatchObject({ outcome: 'unsubscribed' })
    expect(second?.state.ledger.map((g) => g.scene)).toEqual(['subscribe'])
    expect(textsTo('oReturns')).toEqual(['gift'])
  })
})

describe('an exit keyword', () => {
  it('ends the run, and no run starts before the next follow', async () => {
    await followed('oLeft')
    await wechat().type('oLeft', ' ｔｄ ')
    await app.waitForRun(APP, 'oLeft', (r) => r.outcome === 'opted-out')
    await wechat().type('oLeft', 'course')
    expect(await resultsOf('oLeft')).toEqual(['started', 'signalled', 'no-run'])
    await wechat().follow('oLeft', { createTime: nowInSeconds() + 1 })
    await app.waitForRun(APP, 'oLeft', (r) => r.status === 'active' && r.campaign === 'series')
    expect(await runsByFollower(app.services.db, followerKey('oLeft'))).toHaveLength(2)
    expect(sendsTo('oLeft')).toEqual([])
  })

  it('also applies when no run is active', async () => {
    await wechat().type('oStranger', 'td')
    await wechat().type('oStranger', 'course', { createTime: nowInSeconds() + 1 })
    expect(await resultsOf('oStranger')).toEqual(['no-run', 'no-run'])
    expect(await readFollower(app.services.db, followerKey('oStranger'))).toMatchObject({
      optedOutAt: expect.any(Number),
    })
    expect(await runsByFollower(app.services.db, followerKey('oStranger'))).toEqual([])
  })
})

describe('a human agent', () => {
  /** A session event whose CreateTime is later than the messages that are typed meanwhile. */
  const session = (openId: string, event: string, inSeconds: number) =>
    wechat().raw(
      openId,
      { MsgType: 'event', Event: event, KfAccount: 'test@agent' },
      { createTime: nowInSeconds() + inSeconds },
    )

  it('holds steps while the session is open, and releases them when it is closed', async () => {
    await followed('oAgent')
    await session('oAgent', 'kf_create_session', 60)
    await wechat().type('oAgent', 'help')
    const run = await app.waitForRun(APP, 'oAgent', (r) => r.state.steps[0]?.state === 'held')
    expect(run.state.steps[0]).toMatchObject({ reason: 'human-agent' })
    expect(sendsTo('oAgent')).toEqual([])
    // Arrives late, from before the session.
    await session('oAgent', 'kf_close_session', -60)
    await session('oAgent', 'kf_switch_session', 70)
    expect(await resultsOf('oAgent')).toEqual(['started', 'signalled', 'signalled', 'ignored', 'signalled'])
    expect(sendsTo('oAgent')).toEqual([])
    await session('oAgent', 'kf_close_session', 80)
    await app.waitForRun(APP, 'oAgent', (r) => r.state.steps[0]?.state === 'sent')
    await soon('oAgent')
    await app.waitForRun(APP, 'oAgent', (r) => r.state.steps[1]?.state === 'sent')
    expect(textsTo('oAgent')).toEqual(['gift', 'soon'])
  })

  it('holds a run that begins while the session is open, from its first step on', async () => {
    await app.publish(ASK)
    await session('oAgentFirst', 'kf_create_session', 0)
    await wechat().raw('oAgentFirst', { MsgType: 'event', Event: 'CLICK', EventKey: 'ask' })
    await app.waitForRun(APP, 'oAgentFirst', (r) => r.state.steps[0]?.reason === 'human-agent')
    expect(sendsTo('oAgentFirst')).toEqual([])
    await session('oAgentFirst', 'kf_close_session', 60)
    // Sent at once. The simulated WeChat refuses it, since this follower does not follow.
    await app.waitForRun(APP, 'oAgentFirst', (r) => r.state.steps[0]?.reason !== 'human-agent')
    await waitFor(async () => sendsTo('oAgentFirst'), { until: (sends) => sends.length > 0 })
  })

  it('has no session any more when a later message arrives', async () => {
    await followed('oAgentGone')
    await session('oAgentGone', 'kf_create_session', -60)
    await wechat().type('oAgentGone', 'help')
    await app.waitForRun(APP, 'oAgentGone', (r) => r.state.steps[0]?.state === 'sent')
  })
})

describe('callbacks that arrive twice, late or out of order', () => {
  it('are handled once, however often WeChat sends them', async () => {
    await wechat().follow('oRepeats', { times: 3, dropAnswers: 2 })
    await wechat().type('oRepeats', '1', { times: 3, dropAnswers: 1 })
    expect(await resultsOf('oRepeats')).toEqual(['started', 'signalled'])
    await app.waitForRun(APP, 'oRepeats', (r) => r.state.steps[0]?.state === 'sent')
    await soon('oRepeats')
    await app.waitForRun(APP, 'oRepeats', (r) => r.state.steps[1]?.state === 'sent')
    expect(textsTo('oRepeats')).toEqual(['gift', 'soon'])
    expect(await signalsOf('oRepeats')).toHaveLength(2)
  })

  it('change nothing when an unfollow is older than the follow', async () => {
    await followed('oOldUnfollow')
    const unsubscribe = { MsgType: 'event', Event: 'unsubscribe', EventKey: '' }
    await wechat().raw('oOldUnfollow', unsubscribe, { createTime: nowInSeconds() - 60 })
    expect(await resultsOf('oOldUnfollow')).toEqual(['started', 'ignored'])
    await wechat().type('oOldUnfollow', '1')
    const run = await app.waitForRun(APP, 'oOldUnfollow', (r) => r.state.steps[0]?.state === 'sent')
    expect(run.status).toBe('active')
  })

  it('start nothing when a follow is older than the unfollow', async () => {
    const subscribe = { MsgType: 'event', Event: 'subscribe', EventKey: '' }
    await wechat().unfollow('oOldFollow')
    expect(await resultsOf('oOldFollow')).toEqual(['no-run'])
    await wechat().raw('oOldFollow', subscribe, { createTime: nowInSeconds() - 60 })
    expect(await resultsOf('oOldFollow')).toEqual(['no-run', 'ignored'])
    expect(await runsByFollower(app.services.db, followerKey('oOldFollow'))).toEqual([])
  })

  it('open no grant when a message is older than the follow that began the run', async () => {
    await followed('oOldMessage')
    await wechat().type('oOldMessage', 'before', { createTime: nowInSeconds() - 60 })
    expect(await resultsOf('oOldMessage')).toEqual(['started', 'ignored'])
    await wechat().type('oOldMessage', 'after')
    const run = await app.waitForRun(APP, 'oOldMessage', (r) => r.state.reply !== null)
    expect(run.state.reply).toMatchObject({ text: 'after' })
  })

  it('open a grant with the remaining time when a follow is delivered late', async () => {
    await wechat().follow('oLate', { createTime: nowInSeconds() - 30 })
    const run = await app.waitForRun(APP, 'oLate', (r) => r.runId !== null)
    const [grant] = run.state.ledger
    expect((grant?.expiresAt ?? 0) - Date.now()).toBeLessThanOrEqual(30 * SECOND)
  })

  it('are only an interaction when a follow is repeated with no unfollow between', async () => {
    await followed('oAgain')
    await wechat().follow('oAgain', { createTime: nowInSeconds() + 2 })
    expect(await resultsOf('oAgain')).toEqual(['started', 'signalled'])
    expect(await runsByFollower(app.services.db, followerKey('oAgain'))).toHaveLength(1)
  })
})

describe('the text of a follower', () => {
  it('is in the inbox until it is dispatched, and removed then', async () => {
    await followed('oSecret')
    await stopDispatcher()
    await wechat().type('oSecret', 'my number is five')
    expect(JSON.stringify(await rowsOf('oSecret'))).toContain('number is five')
    resumeDispatcher()
    await resultsOf('oSecret')
    const rows = await rowsOf('oSecret')
    expect(JSON.stringify(rows)).not.toContain('number is five')
    // The dedupe key stays, so that a duplicate is recognised.
    expect(rows.map((r) => r.dedupeKey.length)).toEqual([32, 32])
  })
})

describe('a run that was terminated in Temporal', () => {
  /** Runs the reconciler with a clock more than a minute ahead, since it skips younger runs. */
  function reconciler() {
    const { db, temporal: link, runs, namespaceGuard, log } = app.services
    let ended = 0
    const now = () => Date.now() + 61 * SECOND
    const job = createReconciler({
      db,
      client: link.client,
      runs,
      namespaceGuard,
      now,
      log,
      onEnded: () => {
        ended += 1
      },
    })
    return { run: () => job.run({ lastRunAt: null }), ended: () => ended }
  }
  const terminate = (openId: string) =>
    app.services.temporal.client.workflow.getHandle(workflowIdOf(APP, openId)).terminate('by an operator')

  it('is found and ended as terminated, once; an active run is not changed', async () => {
    await followed('oLives')
    await followed('oTerminated')
    await terminate('oTerminated')
    const job = reconciler()
    await job.run()
    const ended = await app.waitForRun(APP, 'oTerminated', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'terminated', endedAt: expect.any(Number) })
    expect(ended.state.steps.map((s) => s.state)).toEqual(['skipped', 'skipped', 'skipped'])
    expect(ended.state.reason).toContain('Temporal')
    const [lives] = await runsByFollower(app.services.db, followerKey('oLives'))
    expect(lives?.status).toBe('active')
    const once = job.ended()
    await job.run()
    expect(job.ended()).toBe(once)
  })

  it('ends with an unknown step where a request was not answered', async () => {
    await followed('oCutOff')
    // Longer than a slow machine needs to terminate the run.
    app.simulator.fault({ api: 'custom/send', openId: 'oCutOff', latencyMs: 8_000 })
    await wechat().type('oCutOff', '1')
    const [run] = await runsByFollower(app.services.db, followerKey('oCutOff'))
    await waitFor(() => readDelivery(app.services.db, run?.runKey ?? '', 'gift'), {
      until: (d) => d?.state === 'sending',
    })
    await terminate('oCutOff')
    await reconciler().run()
    const ended = await app.waitForRun(APP, 'oCutOff', (r) => r.status === 'ended')
    expect(ended.state.steps.map((s) => [s.id, s.state, s.reason])).toEqual([
      ['gift', 'unknown', 'terminated'],
      ['soon', 'skipped', expect.any(String)],
      ['later', 'skipped', expect.any(String)],
    ])
    // The answer arrives late: the delivery records it, and the run stays ended.
    await waitFor(() => readDelivery(app.services.db, ended.runKey, 'gift'), {
      until: (d) => d?.state === 'sent',
    })
    const [still] = await runsByFollower(app.services.db, followerKey('oCutOff'))
    expect(still).toMatchObject({ status: 'ended', outcome: 'terminated' })
  })

  it('does not block the next follow', async () => {
    await followed('oTerminatedOnce')
    await terminate('oTerminatedOnce')
    await wechat().unfollow('oTerminatedOnce')
    await wechat().follow('oTerminatedOnce', { createTime: nowInSeconds() + 1 })
    expect((await resultsOf('oTerminatedOnce')).at(-1)).toBe('started')
    await reconciler().run()
    const [second, first] = await waitFor(
      () => runsByFollower(app.services.db, followerKey('oTerminatedOnce')),
      { until: (all) => all[1]?.status === 'ended' },
    )
    expect(first?.outcome).toBe('terminated')
    expect(second?.status).toBe('active')
  })
})

describe('the purge', () => {
  const purge = (daysFromNow: number) =>
    createPurge({ db: app.services.db, now: () => Date.now() + daysFromNow * DAY, retentionDays: 30 }).run({
      lastRunAt: null,
    })

  it('deletes dedupe keys after seven days, but no undispatched event', async () => {
    await followed('oKeys')
    await stopDispatcher()
    await wechat().type('oKeys', 'not dispatched')
    await purge(6.9)
    expect((await rowsOf('oKeys')).map((r) => r.kind)).toEqual(['subscribe', 'text'])
    await purge(7.1)
    expect((await rowsOf('oKeys')).map((r) => r.kind)).toEqual(['text'])
    resumeDispatcher()
    expect(await resultsOf('oKeys')).toEqual(['signalled'])
  })

  it('removes personal data from old runs, but not from active ones', async () => {
    await followed('oStays')
    await followed('oErased')
    await wechat().type('oErased', 'my name is Lin')
    await app.waitForRun(APP, 'oErased', (r) => r.state.reply !== null)
    await wechat().unfollow('oErased')
    const { runKey } = await app.waitForRun(APP, 'oErased', (r) => r.status === 'ended')
    await resultsOf('oErased')
    const storeContent = async () => {
      const { db } = app.services
      return JSON.stringify([
        await db.select().from(runs),
        await db.select().from(followers),
        await db.select().from(inbox),
      ])
    }
    await purge(29.9)
    expect(await storeContent()).toContain('oErased')
    await purge(30.1)
    expect(await storeContent()).not.toContain('oErased')
    expect(await storeContent()).not.toContain('name is Lin')
    const [run] = await app.services.db.select().from(runs).where(eq(runs.runKey, runKey))
    // The counts stay.
    expect(run).toMatchObject({ outcome: 'unsubscribed', campaign: 'series' })
    expect(await runsByFollower(app.services.db, followerKey('oStays'))).toHaveLength(1)
    expect(await readFollower(app.services.db, followerKey('oStays'))).not.toBeNull()
  })
})

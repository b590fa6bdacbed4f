import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { createAcceptEvents } from '../../src/callback/accept/accept-events.ts'
import type { ArrivingEvent } from '../../src/callback/accept/reply-eligibility.ts'
import type { Reentry } from '../../src/dispatch/dispatch-context.ts'
import { NO_OPT_OUT_WORDS } from '../../src/dispatch/dispatch-context.ts'
import type { Plan } from '../../src/run/plan.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun } from '../../src/run/state.ts'
import type { Db } from '../../src/store/db.ts'
import { acceptCallback, type InboxRow, markDispatched } from '../../src/store/inbox/inbox-rows.ts'
import { type FollowerPatch, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { endRunFromOutside, insertRun } from '../../src/store/runs/run-rows.ts'
import { inbox } from '../../src/store/schema.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')
const REPLY = { kind: 'text', content: '欢迎' }
const PLAN: Plan = { campaign: 'welcome', version: 1, steps: [], spacingMs: 0, windowMs: 1, exitKeywords: [] }

describeOnBothStores('an event that may begin a run', (store) => {
  const deps = (db: Db = store().db) => ({
    db,
    optOutWords: () => ({ ...NO_OPT_OUT_WORDS, isExit: (text: string) => text === 'TD' }),
    isOnlyWriter: false,
  })

  /** A message that enters a campaign with a reply. */
  const message = (
    key: string,
    more: Partial<ArrivingEvent> & { text?: string; reentry?: Reentry } = {},
  ): ArrivingEvent => {
    const { text = '你好', reentry = 'always', ...rest } = more
    const start = { campaign: 'welcome', version: 1, event: 'message' as const }
    return {
      appId: 'wxA',
      openId: 'oOne',
      dedupeKey: key,
      kind: 'text',
      createTime: NOW,
      receivedAt: NOW,
      event: { kind: 'text', scene: 'message', text, qrScene: null, eventKey: null, start },
      reply: REPLY,
      entry: { plan: PLAN, reentry },
      ...rest,
    }
  }
  const follow = (key: string, more: Partial<ArrivingEvent> = {}): ArrivingEvent => {
    const row = message(key)
    const event = { ...row.event, kind: 'subscribe', scene: 'subscribe' as const, text: null }
    return { ...row, kind: 'subscribe', event, ...more }
  }
  const plain = (key: string, kind: string, more: Partial<ArrivingEvent> = {}): ArrivingEvent => {
    const event = { kind, scene: null, text: null, qrScene: null, eventKey: null, start: null }
    return { ...message(key), kind, event, reply: null, entry: null, ...more }
  }
  /** The replies to these events, accepted one after the other. */
  const replies = async (...rows: ArrivingEvent[]) => {
    const accept = createAcceptEvents(deps())
    const results: unknown[] = []
    for (const row of rows)
      results.push(...(await accept([row])).map((r) => (r instanceof Error ? r : r.reply)))
    return results
  }
  const storedReply = async (key: string) =>
    (await store().db.select({ reply: inbox.reply }).from(inbox).where(eq(inbox.dedupeKey, key)))[0]?.reply
  const known = (patch: FollowerPatch) =>
    saveFollower(store().db, { appId: 'wxA', openId: 'oOne' }, patch, NOW)
  /** A run that began a minute ago. */
  const run = async (ended: boolean) => {
    const entry = {
      at: NOW - 60_000,
      seq: 1,
      key: 'before',
      event: 'message' as const,
      qrScene: null,
      eventKey: null,
      text: null,
    }
    const start = { plan: PLAN, entry }
    await insertRun(store().db, { appId: 'wxA', openId: 'oOne' }, start, [], NOW)
    const state = endRun(beginRun(PLAN, entry, []), 'completed', null, NOW)
    if (ended) await endRunFromOutside(store().db, 'before', 0, state, NOW)
    await known({ lastInteractionAt: NOW - 60_000 })
  }

  it('is replied to when it is the follower’s first, and its duplicates too', async () => {
    expect(await replies(message('a'), message('a'), message('a', { reply: null }))).toEqual([
      REPLY,
      REPLY,
      REPLY,
    ])
    expect(await storedReply('a')).toEqual(REPLY)
  })

  it('is not replied to while another entry of the follower waits, nor are its duplicates', async () => {
    expect(await replies(message('a'), message('b'), message('b'))).toEqual([REPLY, null, null])
    expect(await storedReply('b')).toBeNull()
    expect(await replies(message('c', { openId: 'oOther' }), message('d', { appId: 'wxB' }))).toEqual([
      REPLY,
      REPLY,
    ])
  })

  it('is one of two that come together', async () => {
    const rows = [message('a'), message('b'), message('c', { openId: 'oOther' }), message('a')]
    const results = await createAcceptEvents(deps())(rows)
    expect(results.map((r) => (r instanceof Error ? r : r.reply))).toEqual([REPLY, null, REPLY, REPLY])
    expect(results.map((r) => !(r instanceof Error) && r.fresh)).toEqual([true, true, true, false])
  })

  it('is answered otherwise where its entry starts no run', async () => {
    await run(false)
    const row = message('a', {
      otherwise: { reply: { kind: 'text', content: '答' }, answered: 'faq@1/answers.0' },
    })
    expect(await replies(row, message('a'))).toEqual([
      { kind: 'text', content: '答' },
      { kind: 'text', content: '答' },
    ])
    const [kept] = await store().db.select().from(inbox).where(eq(inbox.dedupeKey, 'a'))
    expect(kept?.answered).toBe('faq@1/answers.0')
  })

  it('is answered by the reply of an opt-out, or of its end, only when the follower opts out or comes back', async () => {
    const text = (content: string) => ({ kind: 'text' as const, content })
    const optOut = (key: string, said: string, createTime: number) =>
      message(key, {
        text: said,
        createTime,
        reply: null,
        entry: null,
        event: { kind: 'text', scene: 'message', text: said, qrScene: null, eventKey: null, start: null },
        otherwise: {
          exit: { ends: () => true, replyFor: (campaign) => text(`再见 ${campaign}`) },
          resume: () => text('回来了'),
          reply: text('答'),
        },
      })
    const words = {
      ...NO_OPT_OUT_WORDS,
      isExit: (t: string) => t === 'TD',
      isResume: (t: string) => t === 'KQ',
    }
    const accept = createAcceptEvents({ ...deps(), optOutWords: () => words })
    const reply = async (row: ArrivingEvent) =>
      (await accept([row])).map((r) => (r instanceof Error ? r : r.reply))
    expect(await reply(optOut('0', 'KQ', NOW))).toEqual([text('答')])
    expect(await reply(optOut('1', 'TD', NOW + 1_000))).toEqual([text('再见 null')])
    expect(await reply(optOut('2', 'KQ', NOW + 2_000))).toEqual([text('回来了')])
    // The run's own plan has no such keyword.
    await run(false)
    expect(await reply(optOut('3', 'TD', NOW + 3_000))).toEqual([text('答')])
  })

  it('is not replied to while a run is active', async () => {
    await run(false)
    expect(await replies(message('a'), follow('b'))).toEqual([null, null])
  })

  it.each<[Reentry, unknown]>([
    ['always', REPLY],
    ['never', null],
    [{ afterMs: 59_000 }, REPLY],
    [{ afterMs: 61_000 }, null],
  ])('is replied to after a run as far as it may enter again: %o', async (reentry, reply) => {
    await run(true)
    expect(await replies(message('a', { reentry }))).toEqual([reply])
  })

  it('is not replied to after an opt-out, before a newer follow', async () => {
    await known({ optedOutAt: NOW - 1_000 })
    expect(await replies(message('a'))).toEqual([null])
    expect(await replies(follow('b', { openId: 'oOne', createTime: NOW - 2_000 }))).toEqual([null])
  })

  it('is replied to when it is a follow after an opt-out', async () => {
    await known({ optedOutAt: NOW - 1_000 })
    expect(await replies(follow('b'))).toEqual([REPLY])
  })

  it('is not replied to when it is itself the opt-out, nor after one that waits', async () => {
    expect(await replies(message('a', { text: 'TD' }))).toEqual([null])
    const goodbye = message('td', { openId: 'oTwo', text: 'TD', reply: null, entry: null })
    goodbye.event.start = null
    expect(await replies(goodbye, message('b', { openId: 'oTwo' }))).toEqual([null, null])
  })

  it('is not replied to when it is older than an unfollow, and a follow after one is', async () => {
    await run(false)
    const gone = plain('gone', 'unsubscribe')
    const early = message('early', { createTime: NOW - 1_000 })
    expect(await replies(gone, early, follow('back', { createTime: NOW + 1_000 }))).toEqual([
      null,
      null,
      null,
    ])
    await store().db.delete(inbox).where(eq(inbox.dedupeKey, 'early'))
    expect(await replies(follow('again', { createTime: NOW + 2_000 }))).toEqual([null])
    await store().db.delete(inbox).where(eq(inbox.dedupeKey, 'back'))
    await store().db.delete(inbox).where(eq(inbox.dedupeKey, 'again'))
    expect(await replies(follow('last', { createTime: NOW + 3_000 }))).toEqual([REPLY])
  })

  it('gets no reply while the follower is being erased', async () => {
    expect(await replies(plain('f', 'erase'), message('a'))).toEqual([null, null])
  })

  it('gets its reply although other actions of the follower wait that begin no run', async () => {
    expect(await replies(plain('a', 'kf_create_session'), plain('b', 'text'), message('c'))).toEqual([
      null,
      null,
      REPLY,
    ])
  })

  it('does not ask for what is said without an entry', async () => {
    const handOver = { kind: 'transfer_customer_service' }
    const row = plain('a', 'text', { reply: handOver })
    expect(await replies(message('first'), row, row)).toEqual([REPLY, handOver, handOver])
  })

  it('is silent where another process stored an entry meanwhile, and has given its reply', async () => {
    const rival = message('rival')
    const accept = createAcceptEvents(
      deps(betweenReadAndInsert(store().db, () => acceptCallback(store().db, rival))),
    )
    expect(await accept([message('a')])).toMatchObject([{ fresh: true, reply: null }])
    expect([await storedReply('a'), await storedReply('rival')]).toEqual([null, REPLY])
  })

  it('is silent where another process has begun the run meanwhile', async () => {
    const begin = async () => {
      await acceptCallback(store().db, message('rival'))
      await run(false)
      const [row] = await store().db.select().from(inbox).where(eq(inbox.dedupeKey, 'rival'))
      await markDispatched(store().db, (row as InboxRow).id, 'started', NOW)
    }
    const accept = createAcceptEvents(deps(betweenReadAndInsert(store().db, begin)))
    expect(await accept([message('a')])).toMatchObject([{ fresh: true, reply: null }])
  })

  it('is replied to where the other one, which came after it, kept silent because of it', async () => {
    const late = message('late', { reply: null, createTime: NOW + 1_000 })
    const accept = createAcceptEvents(
      deps(betweenReadAndInsert(store().db, () => acceptCallback(store().db, late))),
    )
    expect(await accept([message('a')])).toMatchObject([{ fresh: true, reply: REPLY }])
  })

  it('is replied to once at most, when many processes take one follower’s events at once', async () => {
    const lanes = Array.from({ length: 4 }, () => createAcceptEvents(deps()))
    const people = Array.from({ length: 10 }, (_, i) => `oRace${i}`)
    const results = await Promise.all(
      lanes.map((accept, lane) => accept(people.map((openId) => message(`${openId} ${lane}`, { openId })))),
    )
    for (const [i, openId] of people.entries()) {
      const given = results.map((r) => r[i]).filter((r) => r && !(r instanceof Error) && r.reply !== null)
      expect(given.length).toBeLessThan(2)
      const stored = await Promise.all(lanes.map((_, lane) => storedReply(`${openId} ${lane}`)))
      expect(stored.filter((r) => r !== null)).toHaveLength(given.length)
    }
  })

  it('is replied to once, where one process alone stores events and batches overtake each other', async () => {
    const accept = createAcceptEvents({ ...deps(), isOnlyWriter: true })
    const batches = Array.from({ length: 4 }, (_, i) => accept([message(`batch ${i}`)]))
    const given = (await Promise.all(batches)).flat().map((r) => (r instanceof Error ? r : r.reply))
    expect(given).toEqual([REPLY, null, null, null])
  })

  it('is stored when the batch before it failed', async () => {
    const failing = betweenReadAndInsert(store().db, () =>
      Promise.reject(new Error('the store is unavailable')),
    )
    const accept = createAcceptEvents({ ...deps(failing), isOnlyWriter: true })
    const [failed, stored] = await Promise.allSettled([accept([message('a')]), accept([message('b')])])
    expect(failed.status).toBe('rejected')
    expect(stored).toMatchObject({ status: 'fulfilled', value: [{ fresh: true, reply: REPLY }] })
  })
})

/** A store that calls a function once, after the follower was read and before the event is stored. */
function betweenReadAndInsert(db: Db, happens: () => Promise<unknown>): Db {
  let first = true
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'execute') return value.bind(target)
      return async (...args: unknown[]) => {
        const result = await value.apply(target, args)
        if (first) {
          first = false
          await happens()
        }
        return result
      }
    },
  })
}

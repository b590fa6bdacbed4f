import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import type { Plan } from '../run/plan.ts'
import { applyInteraction, beginRun } from '../run/run-events.ts'
import { endRun } from '../run/state.ts'
import type { InboxRequest } from '../store/inbox/inbox-event.ts'
import type { InboxRow } from '../store/inbox/inbox-rows.ts'
import { type FollowerRow, newFollowerRow } from '../store/runs/follower-rows.ts'
import type { DispatchContext, KnownRun } from './dispatch-context.ts'
import { NO_OPT_OUT_WORDS } from './dispatch-context.ts'
import { planDispatch } from './plan-dispatch.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const T0 = Date.parse('2026-11-23T08:00:00Z')
const at = (minutes: number) => T0 + minutes * MINUTE
const FOLLOWER = { appId: 'wxtest0000000001', openId: 'oTest' }
const PLAN: Plan = {
  campaign: 'thanks',
  version: 2,
  steps: [],
  spacingMs: 2_000,
  windowMs: 48 * HOUR,
  exitKeywords: [],
}

/** A request that arrived at minute 10. */
function request(
  wanted: InboxRequest,
  more: { attempts?: number; key?: string; aheadMs?: number } = {},
): InboxRow {
  const { attempts = 1, key = 'request-1', aheadMs } = more
  const starts = { enter: 'api', 'window-closing': 'window-closing' } as const
  const event = wanted.type in starts ? starts[wanted.type as keyof typeof starts] : null
  const start = event && { campaign: 'thanks', version: 2, event }
  return {
    id: 100,
    ...FOLLOWER,
    dedupeKey: key,
    kind: wanted.type,
    createTime: at(10),
    receivedAt: at(10),
    event: {
      kind: wanted.type,
      scene: null,
      text: null,
      qrScene: null,
      eventKey: null,
      start,
      request: wanted,
      ...(aheadMs === undefined ? {} : { aheadMs }),
    },
    reply: null,
    answered: null,
    answeredDay: null,
    dispatchedAt: null,
    result: null,
    leaseOwnerId: 'test',
    leaseExpiresAt: null,
    attempts,
    retryAt: null,
    lastError: null,
  }
}

const someone = (patch: Partial<FollowerRow> = {}): FollowerRow => ({
  ...newFollowerRow(FOLLOWER),
  followedAt: at(0),
  followedSeq: 1,
  lastInteractionAt: at(1),
  ...patch,
})

function run(
  campaign: string,
  minutes: number,
  more: {
    ended?: boolean
    listensTo?: Plan['listensTo']
    facts?: string[]
    key?: string
    aheadMs?: number
  } = {},
): KnownRun {
  const { ended = false, listensTo, facts, key = `run-${minutes}`, aheadMs } = more
  const stamp = { at: at(minutes), seq: minutes, ...(aheadMs === undefined ? {} : { aheadMs }) }
  const entry = { ...stamp, key, event: 'message' as const, qrScene: null, eventKey: null, text: null }
  const begun = beginRun({ ...PLAN, campaign }, entry, [])
  const state = ended ? endRun(begun, 'completed', null, at(minutes + 1)) : begun
  const plan = { exitKeywords: [], ...(listensTo ? { listensTo } : {}), ...(facts ? { facts } : {}) }
  return { runKey: key, campaign, status: state.status, outcome: state.outcome, entry, plan, state }
}

function planned(row: InboxRow, more: Partial<DispatchContext> = {}) {
  return planDispatch({
    row,
    follower: someone(),
    runs: [],
    rules: 'wechat-2023',
    matched: row.event?.start ? { plan: PLAN, reentry: 'always' } : null,
    words: NO_OPT_OUT_WORDS,
    ...more,
  })
}
const resultOf = (...args: Parameters<typeof planned>) => {
  const { action, patch } = planned(...args)
  if (action.do === 'nothing' && action.result !== 'stored') expect(patch).toEqual({})
  return action.do === 'nothing' ? action.result : action.do
}

const FACTS = { paid: true, amount: 12 }
const ENTER: InboxRequest = { type: 'enter', facts: {} }

describe('facts', () => {
  const set = request({ type: 'fact', facts: FACTS })

  it('are added to those of the follower', () => {
    expect(planned(set, { follower: someone({ own: { paid: false, doctor: '李' } }) })).toEqual({
      patch: { own: { paid: true, amount: 12, doctor: '李' } },
      action: { do: 'nothing', result: 'stored' },
    })
  })

  it('tell an active run whose plan depends on facts, with the time of their arrival', () => {
    const row = request({ type: 'fact', facts: FACTS }, { aheadMs: 300 })
    const { patch, action } = planned(row, { runs: [run('a', 2, { listensTo: ['fact', 'link'] })] })
    expect(patch).toEqual({ own: FACTS })
    expect(action).toEqual({
      do: 'tell',
      told: { at: at(10), seq: 100, aheadMs: 300, key: 'request-1', facts: FACTS },
    })
  })

  it('tell a run of those that it uses', () => {
    const using = (...facts: string[]) => ({ runs: [run('a', 2, { listensTo: ['fact'], facts })] })
    expect(planned(set, using('paid', 'other')).action).toMatchObject({ told: { facts: { paid: true } } })
    expect(planned(set, using('other'))).toEqual({
      patch: { own: FACTS },
      action: { do: 'nothing', result: 'stored' },
    })
  })

  it('of a step tell other runs, and not the run of the step', () => {
    const by = (runKey: string) => request({ type: 'fact', facts: FACTS, by: runKey })
    const runs = [run('a', 2, { listensTo: ['fact'] })]
    expect(resultOf(by('run-2'), { runs })).toBe('stored')
    expect(resultOf(by('run-1'), { runs })).toBe('tell')
  })

  it('tell no run that does not depend on facts, has ended, or is before an unfollow', () => {
    const result = (...runs: KnownRun[]) => resultOf(set, { runs })
    expect(result(run('a', 2))).toBe('stored')
    expect(result(run('a', 2, { listensTo: ['link'] }))).toBe('stored')
    expect(result(run('a', 2, { listensTo: ['fact'], ended: true }))).toBe('stored')
    const left = someone({ unfollowedAt: at(5), unfollowedSeq: 50 })
    expect(resultOf(set, { follower: left, runs: [run('a', 2, { listensTo: ['fact'] })] })).toBe('stored')
  })

  it('create no follower: one who was erased stays erased', () => {
    expect(resultOf(set, { follower: null })).toBe('no-follower')
    expect(resultOf(request(ENTER), { follower: null })).toBe('no-follower')
  })

  it('are all refused when one would be too many', () => {
    const own = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`f${i}`, i]))
    expect(resultOf(set, { follower: someone({ own }) })).toBe('too-many-facts')
  })
})

describe('an entry by request', () => {
  it('starts a run without a grant of its own, with the grants and facts of the follower', () => {
    const grant = {
      scene: 'message' as const,
      grantedAt: at(1),
      expiresAt: at(1) + 48 * HOUR,
      quota: 5,
      used: 1,
    }
    const row = request({ type: 'enter', facts: FACTS }, { aheadMs: 60_000 })
    const { patch, action } = planned(row, { follower: someone({ grants: [grant], own: { a: 1 } }) })
    expect(patch).toEqual({ own: { a: 1, ...FACTS } })
    expect(action).toMatchObject({
      do: 'start',
      ledger: [grant],
      event: {
        key: 'request-1',
        allowance: null,
        text: null,
        start: { plan: PLAN, entry: { key: 'request-1', event: 'api', at: at(10), aheadMs: 60_000 } },
      },
    })
    expect(planned(request(ENTER)).patch).toEqual({})
  })

  it('gives the run the facts that its plan uses, the newest values of the request among them', () => {
    const plan: Plan = { ...PLAN, facts: ['paid', 'doctor'], listensTo: ['fact'] }
    const follower = someone({ own: { paid: false, doctor: '李', other: 1 } })
    const matched = { plan, reentry: 'always' as const }
    expect(planned(request({ type: 'enter', facts: FACTS }), { follower, matched }).action).toMatchObject({
      event: { start: { own: { paid: true, doctor: '李' } } },
    })
    const { action } = planned(request({ type: 'enter', facts: FACTS }), { follower })
    expect(action.do === 'start' && action.event.start).not.toHaveProperty('own')
  })

  it('tells the run how the newest earlier runs of the campaigns ended that its conditions name', () => {
    const plan = planOfItems(
      '- { id: a, when: { campaign: { first: completed }, not: { campaign: { gone: entered } } }, send: { text: hi } }',
    )
    const matched = { plan, reentry: 'always' as const }
    const left = run('first', 1, { ended: true })
    const runs = [
      run('other', 5, { ended: true }),
      run('first', 3, { ended: true }),
      { ...left, outcome: 'cancelled' },
    ]
    const { action } = planned(request(ENTER), { matched, runs })
    expect(action.do === 'start' && action.event.start?.history).toEqual({ first: 'completed' })
    const plain = planned(request(ENTER), { runs }).action
    expect(plain.do === 'start' && plain.event.start).not.toHaveProperty('history')
  })

  it('is refused as the rules say, and changes nothing then', () => {
    const row = request({ type: 'enter', facts: FACTS })
    expect(resultOf(row, { runs: [run('other', 2)] })).toBe('busy')
    expect(resultOf(row, { follower: someone({ optedOutAt: at(3) }) })).toBe('opted-out')
    expect(resultOf(row, { follower: someone({ unfollowedAt: at(3), unfollowedSeq: 9 }) })).toBe('unfollowed')
    const before = [run('thanks', 2, { ended: true })]
    const never = { plan: PLAN, reentry: 'never' as const }
    expect(resultOf(row, { runs: before, matched: never })).toBe('reentry')
    expect(resultOf(row, { runs: before, matched: { plan: PLAN, reentry: { afterMs: HOUR } } })).toBe(
      'reentry',
    )
    expect(resultOf(row, { runs: before, matched: { plan: PLAN, reentry: { afterMs: 5 * MINUTE } } })).toBe(
      'start',
    )
    expect(resultOf(row, { matched: null })).toBe('no-campaign')
  })

  it('is possible for a follower who came back, and for one who never followed here', () => {
    const back = someone({ unfollowedAt: at(-3), unfollowedSeq: 0 })
    expect(resultOf(request(ENTER), { follower: back })).toBe('start')
    const typed = someone({ followedAt: null, followedSeq: null })
    expect(resultOf(request(ENTER), { follower: typed })).toBe('start')
  })

  it('starts once: a retry continues its own run, or finds it applied', () => {
    const own = run('thanks', 10, { key: 'request-1' })
    expect(resultOf(request(ENTER, { attempts: 2 }), { runs: [own] })).toBe('start')
    const applied = { ...own, state: { ...own.state, revision: 3 } }
    expect(resultOf(request(ENTER, { attempts: 2 }), { runs: [applied] })).toBe('already-done')
  })
})

describe('an entry that a step has asked for', () => {
  const go = (more: Parameters<typeof request>[1] = {}) =>
    request({ type: 'enter', facts: {}, after: 'run-2' }, more)

  it('waits for the end of that run, at most forty attempts', () => {
    const runs = [run('first', 2)]
    expect(resultOf(go(), { runs })).toBe('retry')
    expect(resultOf(go({ attempts: 41 }), { runs })).toBe('busy')
    expect(resultOf(go(), { runs: [run('first', 2, { ended: true })] })).toBe('start')
  })

  it('does not wait for another run', () => {
    expect(resultOf(go(), { runs: [run('other', 5), run('first', 2, { ended: true })] })).toBe('busy')
  })

  it('runs in no circle: it enters a campaign once between two interactions', () => {
    const ended = { ended: true }
    // The follower's message at minute 1 began `thanks`, which led to `first`, which leads back.
    const once = [run('first', 2, ended), run('thanks', 1, ended)]
    expect(resultOf(go(), { runs: once })).toBe('start')
    const twice = [run('first', 2, ended), run('thanks', 1.5, ended), run('first', 1, ended)]
    expect(resultOf(go(), { runs: twice })).toBe('go-refused')
    expect(resultOf(go(), { runs: twice, follower: someone({ lastInteractionAt: at(3) }) })).toBe('start')
  })
})

describe('tags and clicks', () => {
  it('tell a run that depends on them, and change nothing else', () => {
    const runs = [run('a', 2, { listensTo: ['tag', 'link'] })]
    expect(planned(request({ type: 'tag', tags: ['金卡'] }), { runs })).toMatchObject({
      patch: {},
      action: { do: 'tell', told: { tags: ['金卡'], key: 'request-1' } },
    })
    const click: InboxRequest = { type: 'link', name: 'guide', runKey: 'run-2' }
    expect(planned(request(click), { runs }).action).toMatchObject({ do: 'tell', told: { link: 'guide' } })
    expect(resultOf(request({ type: 'tag', tags: ['金卡'] }))).toBe('not-told')
  })

  it('may begin a campaign, if no run is active', () => {
    const row = request({ type: 'tag', tags: ['金卡'] })
    const start = { campaign: 'thanks', version: 2, event: 'tag' as const }
    const matching = { ...row, event: row.event && { ...row.event, start } }
    const matched = { plan: PLAN, reentry: 'always' as const }
    expect(planned(matching, { matched }).action).toMatchObject({
      do: 'start',
      event: { allowance: null, start: { entry: { event: 'tag' } } },
    })
    const runs = [run('a', 2, { listensTo: ['tag'] })]
    expect(resultOf(matching, { matched, runs })).toBe('tell')
    expect(resultOf(matching, { matched, follower: someone({ optedOutAt: at(1) }) })).toBe('not-told')
  })

  it('of a link of an earlier run tell no other run', () => {
    const click: InboxRequest = { type: 'link', name: 'guide', runKey: 'run-1' }
    expect(resultOf(request(click), { runs: [run('a', 2, { listensTo: ['link'] })] })).toBe('not-told')
  })
})

describe('a window that closes', () => {
  const ENDS = at(130)
  const closing = { type: 'window-closing', endsAt: ENDS } as const
  const grant = { scene: 'message', grantedAt: ENDS - 48 * HOUR, expiresAt: ENDS, quota: 5, used: 1 } as const
  const typed = someone({ grants: [grant], messageGrantEndsAt: null })
  const row = request(closing, { aheadMs: MINUTE })
  const actionOf = (more: Partial<DispatchContext> = {}) => planned(row, { follower: typed, ...more }).action

  it('begins a run with what is left of the grant, and without a new one', () => {
    const action = actionOf()
    expect(action).toMatchObject({
      do: 'start',
      ledger: [grant],
      event: { allowance: null, start: { entry: { event: 'window-closing', key: 'request-1' } } },
    })
    if (action.do !== 'start' || !action.event.start) throw new Error('no start')
    const { plan, entry } = action.event.start
    const begun = beginRun(plan, entry, action.ledger)
    expect(applyInteraction(plan, begun, action.event).closesAt).toBe(ENDS)
  })

  it.each([
    ['the follower has typed since', { grants: [{ ...grant, expiresAt: ENDS + HOUR }] }, 'not-closing'],
    ['the messages of the grant are used up', { grants: [{ ...grant, used: 5 }] }, 'not-closing'],
    ['a human agent has the follower', { agent: true, agentAt: at(0), agentSeq: 5 }, 'not-closing'],
    ['the follower has opted out', { optedOutAt: at(2) }, 'opted-out'],
    ['the follower has unfollowed', { unfollowedAt: at(2), unfollowedSeq: 7 }, 'unfollowed'],
  ] satisfies [string, Partial<FollowerRow>, string][])('begins nothing when %s', (_, patch, result) => {
    expect(actionOf({ follower: { ...typed, ...patch } })).toEqual({ do: 'nothing', result })
  })

  it('begins one when the session with an agent was never closed', () => {
    const follower = { ...typed, agent: true, agentAt: at(-40), agentSeq: 5 }
    expect(actionOf({ follower })).toMatchObject({ do: 'start' })
  })

  it('begins nothing during a run, and as the reentry allows', () => {
    expect(actionOf({ runs: [run('other', 5)] })).toMatchObject({ result: 'busy' })
    const matched = { plan: PLAN, reentry: { afterMs: 7 * 24 * HOUR } }
    expect(actionOf({ matched, runs: [run('thanks', -60, { ended: true })] })).toMatchObject({
      result: 'reentry',
    })
    expect(actionOf({ matched, runs: [run('other', -60, { ended: true })] })).toMatchObject({ do: 'start' })
  })

  it('begins nothing in the last minute of the grant', () => {
    const soon = request({ type: 'window-closing', endsAt: at(11.5) }, { aheadMs: MINUTE })
    const follower = { ...typed, grants: [{ ...grant, expiresAt: at(11.5) }] }
    expect(planned(soon, { follower }).action).toMatchObject({ result: 'not-closing' })
  })
})

import { describe, expect, it } from 'vitest'
import type { Plan } from '../run/plan.ts'
import { beginRun } from '../run/run-events.ts'
import { endRun } from '../run/state.ts'
import { ERASURE_KINDS } from '../store/inbox/inbox-event.ts'
import type { InboxRow } from '../store/inbox/inbox-rows.ts'
import { type FollowerRow, newFollowerRow } from '../store/runs/follower-rows.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import type { Grant } from '../wechat/rules/ledger.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import type { DispatchContext, Reentry } from './dispatch-context.ts'
import { NO_OPT_OUT_WORDS } from './dispatch-context.ts'
import { planDispatch } from './plan-dispatch.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const T0 = Date.parse('2026-11-23T08:00:00Z')
const at = (minutes: number) => T0 + minutes * MINUTE

const PLAN: Plan = {
  campaign: 'welcome',
  version: 1,
  steps: [],
  spacingMs: 2_000,
  windowMs: 48 * HOUR,
  exitKeywords: ['td', '退订'],
}
const OTHER: Plan = { ...PLAN, campaign: 'other' }

const SCENES: Record<string, Scene> = {
  subscribe: 'subscribe',
  scan: 'scan',
  click: 'menu',
  text: 'message',
  image: 'message',
}
type Entering = 'subscribe' | 'scan' | 'click' | 'message'

/** An inbox row; `minutes`: its CreateTime, `id`: its place in the order of arrival. */
function arrived(
  kind: string,
  minutes: number,
  {
    id = 100,
    text = null,
    begins,
    attempts = 1,
    key = `key-${kind}-${minutes}`,
    scene = SCENES[kind] ?? null,
  }: {
    id?: number
    text?: string | null
    begins?: Entering
    attempts?: number
    key?: string
    scene?: Scene | null
  } = {},
): InboxRow {
  const start = begins ? { campaign: 'welcome', version: 1, event: begins } : null
  return {
    id,
    appId: 'wxtest0000000001',
    openId: 'oTest',
    dedupeKey: key,
    kind,
    createTime: at(minutes),
    receivedAt: at(minutes),
    event: { kind, scene, text, qrScene: 'expo', eventKey: 'gift', start },
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

function someone(patch: Partial<FollowerRow> = {}): FollowerRow {
  return { ...newFollowerRow({ appId: 'wxtest0000000001', openId: 'oTest' }), updatedAt: T0, ...patch }
}
const followedAt = (minutes: number, seq = 1) => ({ followedAt: at(minutes), followedSeq: seq })
const unfollowedAt = (minutes: number, seq = 2) => ({ unfollowedAt: at(minutes), unfollowedSeq: seq })

/** A run that an event of this kind began. */
function run(
  event: Entering,
  minutes: number,
  {
    seq = 1,
    ended = false,
    plan = PLAN,
    key = `run-${minutes}`,
    ledger = [],
    seen = [],
  }: {
    seq?: number
    ended?: boolean
    plan?: Plan
    key?: string
    ledger?: Grant[]
    seen?: string[]
  } = {},
): RunRow {
  const entry = { at: at(minutes), seq, key, event, qrScene: null, eventKey: null, text: null }
  const begun = { ...beginRun(plan, entry, ledger), seenEventKeys: seen }
  const state = ended ? endRun(begun, 'completed', null, at(minutes + 1)) : begun
  return {
    runKey: key,
    appId: 'wxtest0000000001',
    openId: 'oTest',
    campaign: plan.campaign,
    version: plan.version,
    runId: null,
    status: state.status,
    outcome: state.outcome,
    entry,
    plan,
    state,
    revision: state.revision,
    startedAt: at(minutes),
    endedAt: state.endedAt,
    createdAt: at(minutes),
    updatedAt: at(minutes),
    entryDay: null,
    scenePattern: null,
    tally: null,
    tallyRevision: null,
    lastDoneAt: null,
    clicks: null,
    unfollowedAt: null,
    closesAt: null,
    reasons: null,
  }
}

function planFor(row: InboxRow, known: Partial<DispatchContext> & { reentry?: Reentry } = {}) {
  const { reentry = 'always', ...rest } = known
  return planDispatch({
    row,
    follower: null,
    runs: [],
    rules: 'wechat-2023',
    matched: row.event?.start ? { plan: PLAN, reentry } : null,
    words: { ...NO_OPT_OUT_WORDS, isExit: (text) => text === 'TD' },
    ...rest,
  })
}

const grant = (scene: Scene, minutes: number, more: Partial<Grant> = {}): Grant => {
  const long = scene === 'message'
  const expiresAt = at(minutes) + (long ? 48 * HOUR : MINUTE)
  return { scene, grantedAt: at(minutes), expiresAt, quota: long ? 5 : 3, used: 0, ...more }
}

describe('a run that draws', () => {
  const startOf = (plan: Plan, openId = 'oTest') => {
    const row = { ...arrived('subscribe', 0, { begins: 'subscribe' }), openId }
    const { action } = planFor(row, { matched: { plan, reentry: 'always' } })
    return action.do === 'start' ? action.event.start : undefined
  }

  it('gets the same seed for the same follower and campaign, and another for another', () => {
    const spread: Plan = { ...PLAN, spreadMs: 1_000 }
    const seed = startOf(spread)?.seed
    expect(seed).toBeGreaterThan(0)
    expect(startOf(spread)?.seed).toBe(seed)
    expect(startOf(spread, 'oOther')?.seed).not.toBe(seed)
    expect(startOf({ ...spread, campaign: 'other' })?.seed).not.toBe(seed)
  })

  it('is the only one that gets a seed', () => {
    expect(startOf(PLAN)).not.toHaveProperty('seed')
  })
})

describe('an interaction', () => {
  it('tells the run its menu key and its scene', () => {
    const { action } = planFor(arrived('click', 1, { scene: 'menu' }), { runs: [run('subscribe', 0)] })
    expect(action).toMatchObject({ do: 'interact', event: { eventKey: 'gift', qrScene: 'expo' } })
  })
})

describe('a follow', () => {
  it('starts a run and is recorded, and its grant counts from CreateTime', () => {
    const { patch, action } = planFor(arrived('subscribe', 0, { begins: 'subscribe' }))
    expect(patch).toEqual({
      followedAt: at(0),
      followedSeq: 100,
      lastInteractionAt: at(0),
      grants: [grant('subscribe', 0)],
    })
    expect(action).toMatchObject({ do: 'start', ledger: [grant('subscribe', 0)] })
    expect(action).toMatchObject({
      event: {
        at: at(0),
        seq: 100,
        key: 'key-subscribe-0',
        scene: 'subscribe',
        allowance: { quota: 3, lifetimeMs: MINUTE },
        start: {
          plan: PLAN,
          entry: { at: at(0), seq: 100, event: 'subscribe', qrScene: 'expo', eventKey: 'gift', text: null },
        },
      },
    })
  })

  it('starts nothing when no campaign matches, and is recorded', () => {
    const { patch, action } = planFor(arrived('subscribe', 0))
    expect(patch).toMatchObject({ followedAt: at(0), grants: [grant('subscribe', 0)] })
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
  })

  it('starts nothing when the matched version does not exist', () => {
    const { action } = planFor(arrived('subscribe', 0, { begins: 'subscribe' }), { matched: null })
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
  })

  it('is only an interaction while a run is active and no unfollow came between', () => {
    const known = { follower: someone(followedAt(0)), runs: [run('subscribe', 0)] }
    const { patch, action } = planFor(arrived('subscribe', 5), known)
    expect(patch).toMatchObject({ followedAt: at(5) })
    expect(action).toMatchObject({ do: 'interact', event: { scene: 'subscribe', at: at(5) } })
  })

  it('starts a new run after an unfollow, also while the old one is closing', () => {
    const known = {
      follower: someone({ ...followedAt(0), ...unfollowedAt(3) }),
      runs: [run('subscribe', 0, { ledger: [grant('message', 1)] })],
    }
    const { action } = planFor(arrived('subscribe', 5, { begins: 'subscribe' }), known)
    // The unfollow removed the grant of the message.
    expect(action).toMatchObject({ do: 'start', ledger: [grant('subscribe', 5)] })
  })

  it('older than the last unsubscribe is recorded and starts nothing', () => {
    const known = { follower: someone({ ...followedAt(0), ...unfollowedAt(10) }) }
    const { patch, action } = planFor(arrived('subscribe', 5, { begins: 'subscribe' }), known)
    expect(patch).toEqual({ followedAt: at(5), followedSeq: 100 })
    expect(action).toEqual({ do: 'nothing', result: 'ignored' })
  })

  it('older than the last follow does not replace it', () => {
    const known = { follower: someone({ ...followedAt(8), ...unfollowedAt(10) }) }
    const { patch } = planFor(arrived('subscribe', 5, { begins: 'subscribe' }), known)
    expect(patch).toEqual({})
  })

  it('delivered late starts its run, with the grant of its own time', () => {
    const { action } = planFor(arrived('subscribe', -120, { begins: 'subscribe' }))
    expect(action).toMatchObject({ do: 'start', event: { start: { entry: { at: at(-120) } } } })
  })

  it('in the second of an unsubscribe is ordered by arrival', () => {
    const follower = someone(unfollowedAt(5, 7))
    const before = planFor(arrived('subscribe', 5, { id: 6, begins: 'subscribe' }), { follower })
    const after = planFor(arrived('subscribe', 5, { id: 8, begins: 'subscribe' }), { follower })
    expect([before.action.do, after.action.do]).toEqual(['nothing', 'start'])
  })

  it('grants 20 messages for 48 h under the classic rules', () => {
    const { patch } = planFor(arrived('subscribe', 0), { rules: 'classic-48h' })
    expect(patch.grants).toEqual([grant('subscribe', 0, { quota: 20, expiresAt: at(0) + 48 * HOUR })])
  })
})

describe('an unsubscribe', () => {
  it('signals the run and removes all grants', () => {
    const known = {
      follower: someone({ ...followedAt(0), grants: [grant('message', 1)], agent: true, paused: true }),
      runs: [run('subscribe', 0)],
    }
    const { patch, action } = planFor(arrived('unsubscribe', 5), known)
    expect(patch).toEqual({
      unfollowedAt: at(5),
      unfollowedSeq: 100,
      grants: [],
      messageGrantEndsAt: null,
      agent: false,
      agentAt: at(5),
      agentSeq: 100,
      paused: false,
    })
    expect(action).toEqual({ do: 'unsubscribe', event: { at: at(5), seq: 100, key: 'key-unsubscribe-5' } })
  })

  it('of a follower without a run is only recorded', () => {
    const { patch, action } = planFor(arrived('unsubscribe', 5), { follower: someone(followedAt(0)) })
    expect(patch).toMatchObject({ unfollowedAt: at(5), grants: [] })
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
  })

  it('older than the last follow changes nothing', () => {
    const known = { follower: someone(followedAt(6)), runs: [run('subscribe', 6)] }
    expect(planFor(arrived('unsubscribe', 5), known)).toEqual({
      patch: {},
      action: { do: 'nothing', result: 'ignored' },
    })
  })

  it('in the second of the last follow is ordered by arrival', () => {
    const known = { follower: someone(followedAt(5, 50)), runs: [run('subscribe', 5)] }
    expect(planFor(arrived('unsubscribe', 5, { id: 49 }), known).action.do).toBe('nothing')
    expect(planFor(arrived('unsubscribe', 5, { id: 51 }), known).action.do).toBe('unsubscribe')
  })

  it('older than the last unsubscribe does not replace it', () => {
    const follower = someone({ ...followedAt(0), ...unfollowedAt(20) })
    const { patch } = planFor(arrived('unsubscribe', 5), { follower })
    // Otherwise a late follow of minute 10 would start a run for a follower who has unfollowed since.
    const then = { ...follower, ...patch }
    const { action } = planFor(arrived('subscribe', 10, { begins: 'subscribe' }), { follower: then })
    expect(action).toEqual({ do: 'nothing', result: 'ignored' })
  })
})

describe('an event out of order', () => {
  it.each(['text', 'click', 'scan', 'image'])('older than the unfollow changes nothing: %s', (kind) => {
    const known = {
      follower: someone({ ...followedAt(0), ...unfollowedAt(10) }),
      runs: [run('subscribe', 0)],
    }
    const row = arrived(kind, 5, { begins: kind === 'scan' ? 'scan' : 'message' })
    expect(planFor(row, known)).toEqual({ patch: {}, action: { do: 'nothing', result: 'ignored' } })
  })

  it.each([
    ['active', false],
    ['ended', true],
  ])('older than the follow that began the run changes nothing: the run is %s', (_, ended) => {
    const known = { follower: someone(followedAt(10)), runs: [run('subscribe', 10, { ended })] }
    const row = arrived('text', 5, { text: 'hello', begins: 'message' })
    expect(planFor(row, known)).toEqual({ patch: {}, action: { do: 'nothing', result: 'ignored' } })
  })

  it('in the second of the follow that began the run is ordered by arrival', () => {
    const known = { follower: someone(followedAt(10, 50)), runs: [run('subscribe', 10, { seq: 50 })] }
    expect(planFor(arrived('text', 10, { id: 49 }), known).action.do).toBe('nothing')
    expect(planFor(arrived('text', 10, { id: 51 }), known).action.do).toBe('interact')
  })

  it('counts between the follow that began the run and a repeated follow', () => {
    const known = { follower: someone(followedAt(20)), runs: [run('subscribe', 0)] }
    const { patch, action } = planFor(arrived('text', 10, { text: 'hello' }), known)
    expect(patch.grants).toEqual([grant('message', 10)])
    expect(action).toMatchObject({ do: 'interact', event: { at: at(10) } })
  })

  it('grants messages when another kind of entry began the run', () => {
    const known = { follower: someone(), runs: [run('click', 10)] }
    const { patch, action } = planFor(arrived('text', 5, { text: 'hello' }), known)
    expect(patch.grants).toEqual([grant('message', 5)])
    expect(action).toMatchObject({ do: 'interact', event: { scene: 'message', at: at(5) } })
  })

  it('replaces no newer grant of its scene, and does not move the last interaction back', () => {
    const follower = someone({ grants: [grant('message', 10)], lastInteractionAt: at(10) })
    const { patch } = planFor(arrived('text', 5, { text: 'hello' }), { follower })
    expect(patch).toMatchObject({ grants: [grant('message', 10)], lastInteractionAt: at(10) })
  })
})

describe('an entry while a run is active', () => {
  it('signals the run, with the run to start if none is open', () => {
    const known = { follower: someone(followedAt(0)), runs: [run('subscribe', 0)] }
    const { action } = planFor(arrived('click', 5, { begins: 'click' }), known)
    expect(action).toMatchObject({
      do: 'interact',
      event: { scene: 'menu', start: { entry: { event: 'click', at: at(5) }, plan: PLAN } },
    })
  })

  it('signals the run without a run to start when reentry forbids one', () => {
    const follower = someone(followedAt(0))
    const known = { follower, runs: [run('subscribe', 0)], reentry: 'never' as const }
    const { action } = planFor(arrived('click', 5, { begins: 'click' }), known)
    expect(action).toMatchObject({ do: 'interact', event: { scene: 'menu' } })
    expect(action).not.toHaveProperty('event.start')
  })
})

describe('a message', () => {
  const ended = { follower: someone(followedAt(0)), runs: [run('subscribe', 0, { ended: true })] }

  it('starts nothing when no entry matches, and grants messages', () => {
    const { patch, action } = planFor(arrived('text', 30, { text: 'hello' }), ended)
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
    const spoken = { agent: false, agentAt: at(30), agentSeq: -1 }
    const ends = { messageGrantEndsAt: grant('message', 30).expiresAt }
    expect(patch).toEqual({ grants: [grant('message', 30)], lastInteractionAt: at(30), ...ends, ...spoken })
  })

  it('starts a run with its text when an entry matches', () => {
    const { action } = planFor(arrived('text', 30, { text: '课程', begins: 'message' }), ended)
    expect(action).toMatchObject({
      do: 'start',
      event: { text: '课程', start: { entry: { event: 'message', text: '课程' } } },
    })
  })

  it('of a menu counts as a menu click', () => {
    const row = arrived('text', 30, { text: 'yes', scene: 'menu' })
    expect(planFor(row, ended).patch.grants).toEqual([grant('menu', 30)])
  })

  it('without a scene changes nothing', () => {
    const row = arrived('location_report', 30)
    expect(planFor(row, ended)).toEqual({ patch: {}, action: { do: 'nothing', result: 'ignored' } })
  })
})

describe('how often a follower may enter', () => {
  const onceBefore = (plan = PLAN) => ({
    follower: someone(followedAt(0)),
    runs: [run('subscribe', 0, { ended: true, plan })],
  })
  const again = (minutes: number) => arrived('subscribe', minutes, { begins: 'subscribe' })
  const month = { afterMs: 30 * DAY }
  const inMinutes = (days: number) => days * 24 * 60

  it.each<[string, Reentry, number, string]>([
    ['always', 'always', 1, 'start'],
    ['never', 'never', inMinutes(300), 'nothing'],
    ['after 30 days, a minute too early', month, inMinutes(30) - 1, 'nothing'],
    ['after 30 days, to the minute', month, inMinutes(30), 'start'],
  ])('%s', (_, reentry, minutes, what) => {
    expect(planFor(again(minutes), { ...onceBefore(), reentry }).action.do).toBe(what)
  })

  it('is counted for each campaign separately', () => {
    expect(planFor(again(1), { ...onceBefore(OTHER), reentry: 'never' }).action.do).toBe('start')
  })

  it('allows the first entry', () => {
    expect(planFor(again(1), { reentry: 'never' }).action.do).toBe('start')
  })

  it('starts a run after the account was removed and added again, when only old runs are known', () => {
    const { runs } = onceBefore()
    const known = { follower: null, runs, reentry: 'never' as const }
    expect(planFor(again(inMinutes(1)), known).action.do).toBe('start')
  })

  it('applies after an unfollow too', () => {
    const follower = someone({ ...followedAt(0), ...unfollowedAt(3) })
    const known = { follower, runs: [run('subscribe', 0)], reentry: 'never' as const }
    expect(planFor(again(5), known).action).toEqual({ do: 'nothing', result: 'no-run' })
  })

  it.each<[string, Reentry, number, string]>([
    ['never', 'never', inMinutes(3_000), 'nothing'],
    ['after 30 days, a minute too early', month, inMinutes(30) - 1, 'nothing'],
    ['after 30 days, to the minute', month, inMinutes(30), 'start'],
  ])('%s, also of an entry of which no run tells any more', (_, reentry, minutes, what) => {
    const entries = { [PLAN.campaign]: { at: at(0), outcome: 'completed' } }
    expect(planFor(again(minutes), { entries, reentry }).action.do).toBe(what)
    // A newer run counts.
    const newer = { ...onceBefore(), entries: { [PLAN.campaign]: { at: at(-50), outcome: null } } }
    expect(planFor(again(minutes), { ...newer, reentry }).action.do).toBe(what)
    const ofOther = { [OTHER.campaign]: { at: at(0), outcome: 'completed' } }
    expect(planFor(again(minutes), { entries: ofOther, reentry }).action.do).toBe('start')
  })

  it('does not count the run that the same event began before a crash', () => {
    const row = arrived('subscribe', 0, { begins: 'subscribe', attempts: 2, key: 'run-0' })
    const runs = [run('subscribe', 0, { key: 'run-0', seq: 100 })]
    expect(planFor(row, { runs, reentry: 'never' }).action).toMatchObject({
      do: 'start',
      event: { start: { plan: PLAN } },
    })
  })
})

describe('a follower who opts out', () => {
  it('leaves the active run by the exit keywords of that run, in any case and width', () => {
    const known = { runs: [run('subscribe', 0)], words: NO_OPT_OUT_WORDS }
    const { patch, action } = planFor(arrived('text', 5, { text: ' ｔｄ ', begins: 'message' }), known)
    expect(patch.optedOutAt).toBe(at(5))
    expect(action).toMatchObject({ do: 'interact', event: { text: ' ｔｄ ' } })
    expect(action).not.toHaveProperty('event.start')
  })

  it.each(['T\u2006D', '\u200e退订', '退订。', '【退订】！'])(
    'leaves a run by %j, as the follower typed it',
    (text) => {
      const { patch, action } = planFor(arrived('text', 5, { text }), { runs: [run('subscribe', 0)] })
      expect(patch.optedOutAt).toBe(at(5))
      expect(action).toMatchObject({ do: 'interact', event: { text } })
    },
  )

  it('does not leave a run by the keywords of another campaign', () => {
    const known = { runs: [run('subscribe', 0)], words: { ...NO_OPT_OUT_WORDS, isExit: () => true } }
    expect(planFor(arrived('text', 5, { text: 'STOP' }), known).patch).not.toHaveProperty('optedOutAt')
  })

  it('leaves by a tapped menu message too, and an older opt-out does not replace a newer one', () => {
    const tapped = arrived('text', 5, { text: '退订', scene: 'menu' })
    expect(planFor(tapped, { words: { ...NO_OPT_OUT_WORDS, isExit: () => true } }).patch.optedOutAt).toBe(
      at(5),
    )
    const follower = someone({ ...followedAt(0), optedOutAt: at(9) })
    expect(
      planFor(tapped, { follower, words: { ...NO_OPT_OUT_WORDS, isExit: () => true } }).patch.optedOutAt,
    ).toBe(at(9))
  })

  it('leaves a run that does not have the keyword by a keyword of the account, and the run is told so', () => {
    const words = { ...NO_OPT_OUT_WORDS, isExit: () => true, isExitOfAccount: () => true }
    const known = { runs: [run('subscribe', 0)], words }
    const { patch, action } = planFor(arrived('text', 5, { text: 'STOP' }), known)
    expect(patch.optedOutAt).toBe(at(5))
    expect(action).toMatchObject({ do: 'interact', event: { optsOut: true } })
    const other = { ...known, words: NO_OPT_OUT_WORDS }
    expect(planFor(arrived('text', 5, { text: 'STOP' }), other).action).not.toHaveProperty('event.optsOut')
  })

  it('comes back by a keyword, and nothing starts by it unless it is an entry', () => {
    const words = { ...NO_OPT_OUT_WORDS, isResume: (text: string) => text === 'KQ' }
    const follower = someone({ ...followedAt(0), optedOutAt: at(3) })
    const back = planFor(arrived('text', 5, { text: 'KQ' }), { follower, words })
    expect(back).toMatchObject({ patch: { optedOutAt: null, resumedAt: at(5) }, action: { do: 'nothing' } })
    const entry = planFor(arrived('text', 5, { text: 'KQ', begins: 'message' }), { follower, words })
    expect(entry.action.do).toBe('start')
  })

  it('is out by the newest of two texts, also when the older one arrives last', () => {
    const words = {
      ...NO_OPT_OUT_WORDS,
      isExit: (t: string) => t === 'TD',
      isResume: (t: string) => t === 'KQ',
    }
    const resumed = someone({ ...followedAt(0), resumedAt: at(5) })
    expect(
      planFor(arrived('text', 3, { text: 'TD' }), { follower: resumed, words }).patch,
    ).not.toHaveProperty('optedOutAt')
    expect(planFor(arrived('text', 6, { text: 'TD' }), { follower: resumed, words }).patch.optedOutAt).toBe(
      at(6),
    )
    const out = someone({ ...followedAt(0), optedOutAt: at(5) })
    expect(planFor(arrived('text', 3, { text: 'KQ' }), { follower: out, words }).patch).not.toHaveProperty(
      'optedOutAt',
    )
  })

  it('leaves by the keywords of any campaign while no run is active', () => {
    const { patch, action } = planFor(arrived('text', 5, { text: 'TD', begins: 'message' }))
    expect(patch.optedOutAt).toBe(at(5))
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
  })

  it.each(['text', 'click', 'scan'])('does not start a run by %s before the next follow', (kind) => {
    const follower = someone({ ...followedAt(0), optedOutAt: at(5) })
    const row = arrived(kind, 30, { begins: 'click' })
    expect(planFor(row, { follower }).action).toEqual({ do: 'nothing', result: 'no-run' })
  })

  it('starts a run with the next follow', () => {
    const follower = someone({ ...followedAt(0), optedOutAt: at(5) })
    const { patch, action } = planFor(arrived('subscribe', 30, { begins: 'subscribe' }), { follower })
    expect(patch.optedOutAt).toBeNull()
    expect(action.do).toBe('start')
  })

  it('stays opted out when an earlier follow arrives late', () => {
    const follower = someone({ optedOutAt: at(5) })
    const { patch, action } = planFor(arrived('subscribe', 3, { begins: 'subscribe' }), { follower })
    expect(patch).not.toHaveProperty('optedOutAt')
    expect(action.do).toBe('nothing')
  })
})

describe('a human agent', () => {
  const opened = (minutes: number, seq = 3) => ({ agent: true, agentAt: at(minutes), agentSeq: seq })

  it.each([
    ['kf_create_session', true],
    ['kf_switch_session', true],
    ['kf_close_session', false],
  ])('is signalled to the run and recorded: %s', (kind, open) => {
    const row = arrived(kind, 5)
    const { patch, action } = planFor(row, { runs: [run('subscribe', 0)] })
    expect(patch).toEqual({ agent: open, agentAt: at(5), agentSeq: row.id })
    expect(action).toEqual({ do: 'agent', change: { open, at: at(5), seq: row.id } })
  })

  it.each([
    ['there is none', []],
    ['it has ended', [run('subscribe', 0, { ended: true })]],
  ])('is only recorded when no run can receive the change: %s', (_, runs) => {
    const { patch, action } = planFor(arrived('kf_create_session', 5), { runs })
    expect(patch).toMatchObject({ agent: true, agentAt: at(5) })
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
  })

  it('is only recorded after an unfollow has ended the run', () => {
    const known = { follower: someone(unfollowedAt(3)), runs: [run('subscribe', 0)] }
    expect(planFor(arrived('kf_create_session', 5), known).action.do).toBe('nothing')
  })

  it.each([
    ['a late or repeated opening', 'kf_create_session', { agent: false, agentAt: at(6), agentSeq: 9 }],
    ['a late closing', 'kf_close_session', opened(6)],
  ])('changes nothing by %s', (_, kind, session) => {
    const known = { follower: someone(session), runs: [run('subscribe', 0)] }
    expect(planFor(arrived(kind, 5), known)).toEqual({
      patch: {},
      action: { do: 'nothing', result: 'ignored' },
    })
  })

  it('no longer has the session when a later message arrives', () => {
    const known = { follower: someone(opened(5)), runs: [run('subscribe', 0)] }
    expect(planFor(arrived('text', 6), known)).toMatchObject({
      patch: { agent: false, agentAt: at(6), agentSeq: -1 },
      action: { do: 'interact', agent: null },
    })
    for (const [kind, minutes] of [
      ['text', 5],
      ['text', 4],
      ['CLICK', 6],
      ['SCAN', 6],
    ] as const)
      expect(planFor(arrived(kind.toLowerCase(), minutes), known).patch).not.toHaveProperty('agent')
  })

  it('does not reopen the session by an opening older than the last message', () => {
    const { patch } = planFor(arrived('text', 6), { follower: someone() })
    const later = planFor(arrived('kf_create_session', 5), { follower: someone(patch) })
    expect(later.patch).toEqual({})
  })
})

describe('the grants that a new run takes over', () => {
  const start = (minutes: number) => arrived('click', minutes, { begins: 'click' })

  it('are the valid ones, with the uses that the last run counted', () => {
    const known = {
      follower: someone({ grants: [grant('message', 0), grant('scan', 0)] }),
      runs: [run('message', 0, { ended: true, ledger: [grant('message', 0, { used: 2 })] })],
    }
    expect(planFor(start(30), known).action).toMatchObject({
      do: 'start',
      ledger: [grant('message', 0, { used: 2 }), grant('menu', 30)],
    })
  })

  it('do not include grants from before an unfollow', () => {
    const known = {
      follower: someone(unfollowedAt(10)),
      runs: [run('message', 0, { ended: true, ledger: [grant('message', 0, { used: 2 })] })],
    }
    expect(planFor(start(30), known).action).toMatchObject({ do: 'start', ledger: [grant('menu', 30)] })
  })

  it('stay closed when WeChat has closed them', () => {
    const closed = grant('message', 0, { expiresAt: at(5) })
    const known = {
      follower: someone({ grants: [grant('message', 0)] }),
      runs: [run('message', 0, { ended: true, ledger: [closed] })],
    }
    expect(planFor(start(30), known).action).toMatchObject({ do: 'start', ledger: [grant('menu', 30)] })
  })
})

describe('an event that is dispatched a second time', () => {
  it('is done when a run has applied it', () => {
    const runs = [run('subscribe', 0, { seen: ['key-text-5'] })]
    const twice = planFor(arrived('text', 5, { text: '1', attempts: 2 }), { runs })
    const once = planFor(arrived('text', 5, { text: '1', attempts: 1 }), { runs })
    expect(twice.action).toEqual({ do: 'nothing', result: 'already-done' })
    expect(once.action.do).toBe('interact')
  })

  it('is done when the run that it began has ended', () => {
    const row = arrived('subscribe', 0, { begins: 'subscribe', attempts: 2, key: 'run-0' })
    const runs = [run('subscribe', 0, { key: 'run-0', seq: 100, ended: true })]
    expect(planFor(row, { runs }).action).toEqual({ do: 'nothing', result: 'already-done' })
  })
})

describe('an open session with a human agent', () => {
  const session = { agent: true, agentAt: at(5), agentSeq: 3 }
  const expected = { open: true, at: at(5), seq: 3 }

  it('is passed to the run that an event starts', () => {
    const row = arrived('click', 6, { begins: 'click' })
    expect(planFor(row, { follower: someone(session) }).action).toMatchObject({
      do: 'start',
      agent: expected,
    })
  })

  it('is passed to the active run with each interaction', () => {
    const known = { follower: someone(session), runs: [run('subscribe', 0)] }
    expect(planFor(arrived('click', 6), known).action).toMatchObject({ do: 'interact', agent: expected })
  })

  it('is not passed to a run after it was closed', () => {
    const known = { follower: someone({ ...session, agent: false }), runs: [run('subscribe', 0)] }
    expect(planFor(arrived('click', 6), known).action).toMatchObject({ do: 'interact', agent: null })
  })
})

describe('a change of the session that is dispatched a second time', () => {
  const saved = { agent: true, agentAt: at(5), agentSeq: 100 }
  const retried = (id: number, attempts: number, follower: Partial<FollowerRow> = saved) =>
    planFor(arrived('kf_create_session', 5, { id, attempts }), {
      follower: someone(follower),
      runs: [run('subscribe', 0)],
    })

  it('is signalled again, since the first attempt may have failed after it was recorded', () => {
    expect(retried(100, 2)).toEqual({
      patch: {},
      action: { do: 'agent', change: { open: true, at: at(5), seq: 100 } },
    })
  })

  it('is ignored on the first attempt: another event recorded it', () => {
    expect(retried(100, 1).action).toEqual({ do: 'nothing', result: 'ignored' })
  })

  it.each([
    ['by time', { ...saved, agentAt: at(6) }],
    ['by arrival in the same second', { ...saved, agentSeq: 101 }],
  ])('is ignored when a newer change is recorded, %s', (_, follower) => {
    expect(retried(100, 2, follower).action).toEqual({ do: 'nothing', result: 'ignored' })
  })

  it('is recorded when it is newer than the known change', () => {
    expect(retried(102, 2).patch).toEqual({ agent: true, agentAt: at(5), agentSeq: 102 })
  })
})

describe('an event after which the follower’s data must be erased', () => {
  it.each(ERASURE_KINDS)('is %s', (kind) => {
    const known = { follower: someone(followedAt(0)), runs: [run('subscribe', 0)] }
    expect(planFor(arrived(kind, 5), known)).toEqual({ patch: {}, action: { do: 'erase' } })
  })
})

describe('an event whose inbox row has no content', () => {
  it('changes nothing', () => {
    const row: InboxRow = { ...arrived('text', 5), event: null }
    expect(planFor(row, { runs: [run('subscribe', 0)] })).toEqual({
      patch: {},
      action: { do: 'nothing', result: 'ignored' },
    })
  })
})

describe('a follower of whom only one time is known', () => {
  it.each<[string, Partial<FollowerRow>]>([
    ['the follow', followedAt(0)],
    ['the unfollow', unfollowedAt(0)],
    ['the last interaction', { lastInteractionAt: at(0) }],
  ])('is not new to the account, so reentry applies: %s', (_, times) => {
    const known = { follower: someone(times), runs: [run('subscribe', -5, { ended: true })] }
    const again = arrived('subscribe', 5, { begins: 'subscribe' })
    expect(planFor(again, { ...known, reentry: 'never' }).action.do).toBe('nothing')
  })
})

describe('an opt-out', () => {
  it('in the same second as a follow stays in force', () => {
    const follower = someone({ optedOutAt: at(5) })
    const { patch, action } = planFor(arrived('subscribe', 5, { begins: 'subscribe' }), { follower })
    expect(patch).not.toHaveProperty('optedOutAt')
    expect(action.do).toBe('nothing')
  })

  it('cannot be expressed without a text', () => {
    const { patch } = planFor(arrived('click', 5), {
      runs: [run('subscribe', 0)],
      words: { ...NO_OPT_OUT_WORDS, isExit: () => true },
    })
    expect(patch).not.toHaveProperty('optedOutAt')
  })
})

describe('the first event of a run, dispatched a second time', () => {
  const row = arrived('click', 5, { begins: 'click', attempts: 2, key: 'run-5' })

  it('starts the run again while its snapshot shows no change', () => {
    const runs = [run('click', 5, { key: 'run-5', seq: 100 })]
    expect(planFor(row, { runs }).action.do).toBe('start')
  })

  it('is an interaction of no other run', () => {
    const changed = run('click', 5, { key: 'run-5', seq: 100 })
    const runs = [{ ...changed, state: { ...changed.state, revision: 1 } }]
    expect(planFor(row, { runs }).action).toEqual({ do: 'nothing', result: 'already-done' })
    const other = [{ ...changed, runKey: 'run-4', state: { ...changed.state, revision: 1 } }]
    expect(planFor(row, { runs: other }).action.do).toBe('interact')
  })
})

describe('a follow that is dispatched a second time', () => {
  it('is recorded with the same time', () => {
    const follower = someone(followedAt(5, 100))
    expect(planFor(arrived('subscribe', 5), { follower }).patch).toMatchObject(followedAt(5, 100))
  })
})

describe('a follower who is unknown', () => {
  it('is recorded as unfollowed by an unsubscribe', () => {
    const { patch, action } = planFor(arrived('unsubscribe', 5))
    expect(patch).toMatchObject(unfollowedAt(5, 100))
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
  })
})

describe('an unsubscribe that is dispatched a second time', () => {
  it('is signalled again', () => {
    const known = { follower: someone(unfollowedAt(5, 100)), runs: [run('subscribe', 0)] }
    expect(planFor(arrived('unsubscribe', 5), known).action.do).toBe('unsubscribe')
  })
})

describe('a grant that expires as the next run starts', () => {
  it('is not taken over', () => {
    const expired = grant('scan', 4)
    const known = { follower: someone({ grants: [expired] }) }
    expect(planFor(arrived('click', 5, { begins: 'click' }), known).action).toMatchObject({
      ledger: [grant('menu', 5)],
    })
  })
})

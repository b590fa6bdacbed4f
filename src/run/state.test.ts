import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENTRY_AT, entryOf, planOf } from '../../test/harness/run-simulation.ts'
import { isStorable } from '../shared/text.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import type { Interaction } from './plan.ts'
import { applyAgentSession, applyInteraction, applyUnsubscribe, beginRun, setPaused } from './run-events.ts'
import { addWarning, changeStep, endRun, type RunState, requestStop } from './state.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const DAYS_2 = 48 * HOUR

const plan = planOf([
  { id: 'hint', afterMs: 20 * SECOND },
  { id: 'gift', afterMs: 0, since: 'reply' },
  { id: 'tip', afterMs: HOUR, since: 'previous' },
])
const begun = beginRun(plan, entryOf(), [])
const minute = { quota: 3, lifetimeMs: 60 * SECOND }
const twoDays = { quota: 5, lifetimeMs: DAYS_2 }

/** An event of the follower, `at` ms after the entry. */
const event = (scene: Scene, at: number, more: Partial<Interaction> = {}): Interaction => ({
  key: `${scene}-${at}`,
  at: ENTRY_AT + at,
  seq: 1,
  scene,
  allowance: scene === 'message' ? twoDays : minute,
  text: null,
  ...more,
})
/** The run's state after these events. */
const runAfter = (...events: Interaction[]) => events.reduce((s, e) => applyInteraction(plan, s, e), begun)
const grants = (state: RunState) => state.ledger.map((g) => [g.scene, (g.grantedAt - ENTRY_AT) / SECOND])
const dueAts = (state: RunState) => state.steps.map((s) => (s.dueAt === null ? null : s.dueAt - ENTRY_AT))

describe("the follower's reply", () => {
  it.each([
    [`${'字'.repeat(499)}😀谢谢`, `${'字'.repeat(499)}😀`],
    [`${'😀'.repeat(501)}`, '😀'.repeat(500)],
    ['half a character \ud83d', 'half a character \uFFFD'],
    ['no\0thing', 'no\uFFFDthing'],
  ])(
    '%j is truncated between characters, and stored without characters that the store refuses',
    (text, stored) => {
      const { reply } = runAfter(event('message', SECOND, { text }))
      expect(reply?.text).toBe(stored)
      expect(isStorable(reply?.text ?? '')).toBe(true)
    },
  )
})

describe('a new run', () => {
  it('plans the steps counted from its entry, and its window', () => {
    expect(begun).toMatchObject({
      campaign: 'story',
      status: 'active',
      outcome: null,
      startedAt: ENTRY_AT,
      endedAt: null,
      closesAt: ENTRY_AT + DAYS_2,
      lastFollow: { at: ENTRY_AT, seq: 0 },
      revision: 0,
    })
    expect(dueAts(begun)).toEqual([20 * SECOND, null, null])
    expect(begun.steps.every((s) => s.state === 'pending' && !s.wasHeld)).toBe(true)
  })

  it('has no follow when a message started it', () => {
    expect(beginRun(plan, entryOf('message'), []).lastFollow).toBeNull()
  })

  it('gets a grant from its own entry, which is not a reply', () => {
    const entry = entryOf('message')
    const own = event('message', 0, { key: entry.key, seq: entry.seq, text: 'TD' })
    const state = applyInteraction(plan, beginRun(plan, entry, []), own)
    expect(grants(state)).toEqual([['message', 0]])
    expect(state).toMatchObject({ reply: null, stop: null })
  })
})

describe('a first message', () => {
  it('is the reply, and plans the steps counted from it', () => {
    const state = runAfter(event('message', 40 * SECOND, { text: '1' }))
    expect(state.reply).toEqual({ at: ENTRY_AT + 40 * SECOND, text: '1' })
    expect(dueAts(state)).toEqual([20 * SECOND, 40 * SECOND, 40 * SECOND + HOUR])
    expect(state.closesAt).toBe(ENTRY_AT + 40 * SECOND + DAYS_2)
  })

  it('may be a picture', () => {
    expect(runAfter(event('message', SECOND)).reply).toEqual({ at: ENTRY_AT + SECOND, text: null })
  })

  it('stays the reply when more messages arrive', () => {
    const state = runAfter(event('message', SECOND, { text: 'a' }), event('message', HOUR, { text: 'b' }))
    expect(state.reply).toEqual({ at: ENTRY_AT + SECOND, text: 'a' })
    expect(grants(state)).toEqual([['message', 3_600]])
  })

  it('is truncated when it is long', () => {
    expect(runAfter(event('message', SECOND, { text: '长'.repeat(2_000) })).reply?.text).toHaveLength(500)
  })

  it('is not a click or a scan', () => {
    const state = runAfter(event('menu', SECOND), event('scan', 2 * SECOND))
    expect(state.reply).toBeNull()
    expect(grants(state)).toEqual([
      ['menu', 1],
      ['scan', 2],
    ])
    expect(state.closesAt).toBe(ENTRY_AT + 2 * SECOND + DAYS_2)
  })
})

describe('an exit keyword', () => {
  it.each(['TD', ' ｔｄ ', '退订\n', 'TD!'])('%j ends the run', (text) => {
    expect(runAfter(event('message', SECOND, { text })).stop).toEqual({
      outcome: 'opted-out',
      reason: 'exit keyword',
      stamp: null,
    })
  })

  it.each(['TD please', '不退订', '', null])('%j does not', (text) => {
    expect(runAfter(event('message', SECOND, { text })).stop).toBeNull()
  })

  it('ends the run also when it is tapped on a menu message', () => {
    expect(runAfter(event('menu', SECOND, { text: '退订' })).stop?.outcome).toBe('opted-out')
  })

  it('of the account ends a run whose campaign does not have it', () => {
    const text = { text: '不要', optsOut: true as const }
    expect(runAfter(event('message', SECOND, text)).stop?.outcome).toBe('opted-out')
  })

  it('has no effect when the run already ends for another reason', () => {
    const stopped = requestStop(begun, 'cancelled', 'asked')
    expect(applyInteraction(plan, stopped, event('message', SECOND, { text: 'TD' })).stop?.outcome).toBe(
      'cancelled',
    )
  })
})

describe('a duplicate event', () => {
  it('is applied once', () => {
    const once = runAfter(event('message', SECOND, { text: 'a' }))
    expect(applyInteraction(plan, once, event('message', SECOND, { text: 'a' }))).toBe(once)
    const gone = applyUnsubscribe(begun, { key: 'u', at: ENTRY_AT + SECOND, seq: 2 })
    expect(applyUnsubscribe(gone, { key: 'u', at: ENTRY_AT + SECOND, seq: 2 })).toBe(gone)
  })

  it('is recognised by the last two hundred keys', () => {
    const many = Array.from({ length: 300 }, (_, i) => event('message', i * SECOND))
    const { seenEventKeys } = runAfter(...many)
    expect(seenEventKeys).toHaveLength(200)
    expect(seenEventKeys.at(-1)).toBe('message-299000')
  })
})

describe('events out of order', () => {
  it('keep the newer grant and the window when an older event arrives late', () => {
    const state = runAfter(event('message', HOUR), event('message', SECOND, { seq: 2 }))
    expect(grants(state)).toEqual([['message', 3_600]])
    expect(state.closesAt).toBe(ENTRY_AT + HOUR + DAYS_2)
  })

  it('have no effect when they are older than the follow that started the run', () => {
    const state = runAfter(event('message', -SECOND, { text: 'TD' }))
    expect(state).toMatchObject({ ledger: [], reply: null, stop: null, closesAt: begun.closesAt })
    expect(state.seenEventKeys).toEqual(['message--1000'])
  })

  it('are ordered by arrival within the second of the follow', () => {
    const later = event('message', 0, { seq: 1 })
    const earlier = event('message', 0, { seq: -1 })
    expect(runAfter(later).reply).not.toBeNull()
    expect(runAfter(earlier).reply).toBeNull()
  })

  it('still grant messages, but are no reply, when they are older than the message that started the run', () => {
    const byMessage = beginRun(plan, entryOf('message'), [])
    const state = applyInteraction(plan, byMessage, event('menu', -10 * SECOND))
    expect(grants(state)).toEqual([['menu', -10]])
    const spoke = applyInteraction(plan, byMessage, event('message', -10 * SECOND, { text: 'TD' }))
    expect(grants(spoke)).toEqual([['message', -10]])
    expect(spoke).toMatchObject({ reply: null, stop: null, closesAt: byMessage.closesAt })
  })

  it.each([
    ['before the follow', { at: ENTRY_AT - SECOND, seq: 5 }, false],
    ['in the same second that arrived first', { at: ENTRY_AT, seq: -1 }, false],
    ['in the same second that arrived later', { at: ENTRY_AT, seq: 1 }, true],
    ['after the follow', { at: ENTRY_AT + SECOND, seq: 1 }, true],
  ])('contain an unfollow %s, which ends the run: %s', (_when, stamp, counts) => {
    const state = applyUnsubscribe(begun, { key: 'u', ...stamp })
    expect(state.stop).toEqual(counts ? { outcome: 'unsubscribed', reason: null, stamp } : null)
  })

  it('ignore an unfollow older than a second follow', () => {
    const refollowed = runAfter(event('subscribe', HOUR, { seq: 7 }))
    const state = applyUnsubscribe(refollowed, { key: 'u', at: ENTRY_AT + SECOND, seq: 8 })
    expect(state.stop).toBeNull()
    expect(grants(state)).toEqual([['subscribe', 3_600]])
  })

  it('ignore an unfollow older than the message that started the run', () => {
    const byMessage = beginRun(plan, entryOf('message'), [])
    expect(applyUnsubscribe(byMessage, { key: 'u', at: ENTRY_AT - 1, seq: 9 }).stop).toBeNull()
  })
})

describe('an unfollow', () => {
  it('removes every grant, and replaces an earlier reason to end', () => {
    const optedOut = runAfter(event('message', SECOND, { text: 'TD' }))
    const state = applyUnsubscribe(optedOut, { key: 'u', at: ENTRY_AT + 2 * SECOND, seq: 2 })
    expect(state).toMatchObject({ ledger: [], stop: { outcome: 'unsubscribed' } })
  })
})

describe('a run that an operator controls', () => {
  it('pauses and resumes, and a repeated request changes nothing', () => {
    const paused = setPaused(plan, begun, true, ENTRY_AT)
    expect(paused.status).toBe('paused')
    expect(setPaused(plan, paused, true, ENTRY_AT)).toBe(paused)
    expect(setPaused(plan, paused, false, ENTRY_AT).status).toBe('active')
    expect(setPaused(plan, begun, false, ENTRY_AT)).toBe(begun)
  })

  it('does not pause or resume once it has ended', () => {
    const ended = endRun(begun, 'cancelled', null, ENTRY_AT)
    expect(setPaused(plan, ended, true, ENTRY_AT)).toBe(ended)
    expect(setPaused(plan, ended, false, ENTRY_AT)).toBe(ended)
  })

  it('keeps the first reason to stop', () => {
    const stopped = requestStop(begun, 'cancelled', 'asked')
    expect(requestStop(stopped, 'account-stopped', null)).toBe(stopped)
  })

  it('shows the last five warnings', () => {
    const state = [1, 2, 3, 4, 5, 6].reduce((s, i) => addWarning(s, `warning ${i}`), begun)
    expect(state.warnings).toEqual(['warning 2', 'warning 3', 'warning 4', 'warning 5', 'warning 6'])
  })
})

describe("a human agent's session", () => {
  it('opens and closes', () => {
    const opening = { open: true, at: ENTRY_AT, seq: 1 }
    const open = applyAgentSession(plan, begun, opening)
    expect(open.agentSession?.open).toBe(true)
    expect(applyAgentSession(plan, open, opening)).toBe(open)
    expect(applyAgentSession(plan, open, { open: false, at: ENTRY_AT, seq: 2 }).agentSession?.open).toBe(
      false,
    )
  })

  it('is in the state of the newest change, whatever order the changes arrive in', () => {
    const change = fc.record({
      kind: fc.constantFrom('open', 'close', 'message'),
      at: fc.nat(3).map((s) => ENTRY_AT + s * SECOND),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(), (changes, turn) => {
        const numbered = changes.map((c, i) => ({ ...c, seq: i + 1 }))
        const applyChange = (state: RunState, { kind, at, seq }: (typeof numbered)[number]) =>
          kind === 'message'
            ? applyInteraction(plan, state, event('message', at - ENTRY_AT, { seq, key: `m${seq}` }))
            : applyAgentSession(plan, state, { open: kind === 'open', at, seq })
        const cut = changes.length === 0 ? 0 : turn % changes.length
        const shuffled = [...numbered.slice(cut), ...numbered.slice(0, cut).reverse()]
        const [ordered, unordered] = [numbered, [...shuffled, ...shuffled]].map((all) =>
          all.reduce(applyChange, begun),
        )
        expect(unordered?.agentSession?.open).toBe(ordered?.agentSession?.open)
        // The newest opening or closing counts, unless a message of a later second arrived.
        const session = numbered
          .filter((c) => c.kind !== 'message')
          .sort((a, b) => b.at - a.at || b.seq - a.seq)[0]
        const hasMessage = numbered.some((c) => c.kind === 'message' && session && c.at > session.at)
        expect(ordered?.agentSession?.open === true).toBe(session?.kind === 'open' && !hasMessage)
      }),
    )
  })
})

describe('a run that ends', () => {
  it('skips open steps with its outcome as the reason, and steps after the reply with no-reply', () => {
    const sent = changeStep(begun, 0, { state: 'sent', sentAt: ENTRY_AT })
    const ended = endRun(sent, 'window-closed', null, ENTRY_AT + DAYS_2)
    expect(ended.steps.map((s) => [s.state, s.reason])).toEqual([
      ['sent', null],
      ['skipped', 'no-reply'],
      ['skipped', 'no-reply'],
    ])
    expect(endRun(begun, 'cancelled', 'asked', ENTRY_AT).steps[0]).toMatchObject({
      state: 'skipped',
      reason: 'cancelled',
    })
  })

  it.each(['sent', 'skipped', 'unknown'] as const)('keeps a step that is %s', (name) => {
    const state = changeStep(begun, 0, { state: name, reason: 'because' })
    expect(endRun(state, 'cancelled', null, ENTRY_AT).steps[0]).toEqual(state.steps[0])
  })

  it.each(['pending', 'held', 'sending'] as const)('skips a step that is %s', (name) => {
    const state = changeStep(begun, 0, { state: name })
    expect(endRun(state, 'cancelled', null, ENTRY_AT).steps[0]?.state).toBe('skipped')
  })
})

describe('the revision of a run’s state', () => {
  it('rises with every change', () => {
    const states = [
      begun,
      runAfter(event('message', SECOND)),
      setPaused(plan, runAfter(event('message', SECOND)), true, ENTRY_AT),
      endRun(
        setPaused(plan, runAfter(event('message', SECOND)), true, ENTRY_AT),
        'cancelled',
        null,
        ENTRY_AT,
      ),
    ]
    expect(states.map((s) => s.revision)).toEqual([0, 1, 2, 3])
  })
})

describe('what a run remembers of its events', () => {
  it('includes an unfollow that has no effect', () => {
    const state = applyUnsubscribe(begun, { key: 'u', at: ENTRY_AT - SECOND, seq: 1 })
    expect(state.seenEventKeys).toEqual(['u'])
  })

  it('is limited to two hundred keys after an unfollow too', () => {
    const full = runAfter(...Array.from({ length: 200 }, (_, i) => event('message', i * SECOND)))
    const { seenEventKeys } = applyUnsubscribe(full, { key: 'u', at: ENTRY_AT + HOUR, seq: 2 })
    expect(seenEventKeys).toHaveLength(200)
    expect(seenEventKeys.at(-1)).toBe('u')
  })

  it('has the time of the newest interaction, in whatever order they arrive', () => {
    expect(runAfter(event('menu', HOUR)).lastInteractionAt).toBe(ENTRY_AT + HOUR)
    expect(runAfter(event('menu', HOUR), event('scan', SECOND)).lastInteractionAt).toBe(ENTRY_AT + HOUR)
  })

  it('has the last follow, which no other interaction replaces', () => {
    const again = runAfter(event('subscribe', SECOND, { seq: 4 }), event('message', HOUR, { seq: 5 }))
    expect(again.lastFollow).toEqual({ at: ENTRY_AT + SECOND, seq: 4 })
  })

  it('has the clock offset of an agent’s session exactly when it is known', () => {
    const change = { open: true, at: ENTRY_AT, seq: 1 }
    expect(applyAgentSession(plan, begun, { ...change, aheadMs: 70_000 }).agentSession).toStrictEqual({
      ...change,
      aheadMs: 70_000,
    })
    expect(applyAgentSession(plan, begun, change).agentSession).toStrictEqual(change)
  })
})

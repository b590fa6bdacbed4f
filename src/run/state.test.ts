import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENTRY_AT, entryOf, planOf } from '../../test/harness/run-simulation.ts'
import { isStorable } from '../shared/text.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import type { Interaction } from './plan.ts'
import {
  addWarning,
  applyAgentSession,
  applyInteraction,
  applyUnsubscribe,
  beginRun,
  changeStep,
  endRun,
  type RunState,
  requestStop,
  setPaused,
} from './state.ts'

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

/** Something that the follower did `at` ms after the entry; it arrived as number `seq`. */
const event = (scene: Scene, at: number, more: Partial<Interaction> = {}): Interaction => ({
  key: `${scene}-${at}`,
  at: ENTRY_AT + at,
  seq: 1,
  scene,
  allowance: scene === 'message' ? twoDays : minute,
  text: null,
  ...more,
})
const hear = (...events: Interaction[]) => events.reduce((s, e) => applyInteraction(plan, s, e), begun)
const grants = (state: RunState) => state.ledger.map((g) => [g.scene, (g.grantedAt - ENTRY_AT) / SECOND])
const dueAts = (state: RunState) => state.steps.map((s) => (s.dueAt === null ? null : s.dueAt - ENTRY_AT))

describe('what a follower said', () => {
  it.each([
    [`${'字'.repeat(499)}😀谢谢`, `${'字'.repeat(499)}😀`],
    [`${'😀'.repeat(501)}`, '😀'.repeat(500)],
    ['half a character \ud83d', 'half a character \uFFFD'],
    ['no\0thing', 'no\uFFFDthing'],
  ])('%j is kept whole, as far as it is kept', (text, kept) => {
    const { reply } = hear(event('message', SECOND, { text }))
    expect(reply?.text).toBe(kept)
    expect(isStorable(reply?.text ?? '')).toBe(true)
  })
})

describe('a run that begins', () => {
  it('plans what can be planned, and has a window from its entry', () => {
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

  it('by a message is no follow', () => {
    expect(beginRun(plan, entryOf('message'), []).lastFollow).toBeNull()
  })

  it('is granted its messages by its own entry, which is no reply', () => {
    const entry = entryOf('message')
    const own = event('message', 0, { key: entry.key, seq: entry.seq, text: 'TD' })
    const state = applyInteraction(plan, beginRun(plan, entry, []), own)
    expect(grants(state)).toEqual([['message', 0]])
    expect(state).toMatchObject({ reply: null, stop: null })
  })
})

describe('a first message', () => {
  it('is the reply, and plans what hangs on it', () => {
    const state = hear(event('message', 40 * SECOND, { text: '1' }))
    expect(state.reply).toEqual({ at: ENTRY_AT + 40 * SECOND, text: '1' })
    expect(dueAts(state)).toEqual([20 * SECOND, 40 * SECOND, 40 * SECOND + HOUR])
    expect(state.closesAt).toBe(ENTRY_AT + 40 * SECOND + DAYS_2)
  })

  it('may be a picture', () => {
    expect(hear(event('message', SECOND)).reply).toEqual({ at: ENTRY_AT + SECOND, text: null })
  })

  it('stays the reply when more is said', () => {
    const state = hear(event('message', SECOND, { text: 'a' }), event('message', HOUR, { text: 'b' }))
    expect(state.reply).toEqual({ at: ENTRY_AT + SECOND, text: 'a' })
    expect(grants(state)).toEqual([['message', 3_600]])
  })

  it('is kept in part when it is long', () => {
    expect(hear(event('message', SECOND, { text: '长'.repeat(2_000) })).reply?.text).toHaveLength(500)
  })

  it('is not a click or a scan', () => {
    const state = hear(event('menu', SECOND), event('scan', 2 * SECOND))
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
    expect(hear(event('message', SECOND, { text })).stop).toEqual({
      outcome: 'opted-out',
      reason: 'exit keyword',
      stamp: null,
    })
  })

  it.each(['TD please', '不退订', '', null])('%j does not', (text) => {
    expect(hear(event('message', SECOND, { text })).stop).toBeNull()
  })

  it('ends the run also where it is tapped on a menu message', () => {
    expect(hear(event('menu', SECOND, { text: '退订' })).stop?.outcome).toBe('opted-out')
  })

  it('comes too late where something else ended the run', () => {
    const stopped = requestStop(begun, 'cancelled', 'asked')
    expect(applyInteraction(plan, stopped, event('message', SECOND, { text: 'TD' })).stop?.outcome).toBe(
      'cancelled',
    )
  })
})

describe('the same callback twice', () => {
  it('is heard once', () => {
    const once = hear(event('message', SECOND, { text: 'a' }))
    expect(applyInteraction(plan, once, event('message', SECOND, { text: 'a' }))).toBe(once)
    const gone = applyUnsubscribe(begun, { key: 'u', at: ENTRY_AT + SECOND, seq: 2 })
    expect(applyUnsubscribe(gone, { key: 'u', at: ENTRY_AT + SECOND, seq: 2 })).toBe(gone)
  })

  it('is remembered for the newest two hundred', () => {
    const many = Array.from({ length: 300 }, (_, i) => event('message', i * SECOND))
    const { seenEventKeys: seen } = hear(...many)
    expect(seen).toHaveLength(200)
    expect(seen.at(-1)).toBe('message-299000')
  })
})

describe('events out of order', () => {
  it('a newer grant is not replaced by an older one that arrives late, and the window stays', () => {
    const state = hear(event('message', HOUR), event('message', SECOND, { seq: 2 }))
    expect(grants(state)).toEqual([['message', 3_600]])
    expect(state.closesAt).toBe(ENTRY_AT + HOUR + DAYS_2)
  })

  it('what is older than the follow that began the run changes nothing', () => {
    const state = hear(event('message', -SECOND, { text: 'TD' }))
    expect(state).toMatchObject({ ledger: [], reply: null, stop: null, closesAt: begun.closesAt })
    expect(state.seenEventKeys).toEqual(['message--1000'])
  })

  it('in the follow’s very second, arrival decides', () => {
    const later = event('message', 0, { seq: 1 })
    const earlier = event('message', 0, { seq: -1 })
    expect(hear(later).reply).not.toBeNull()
    expect(hear(earlier).reply).toBeNull()
  })

  it('where a message began the run, an older one still grants, but is not the reply', () => {
    const byMessage = beginRun(plan, entryOf('message'), [])
    const state = applyInteraction(plan, byMessage, event('menu', -10 * SECOND))
    expect(grants(state)).toEqual([['menu', -10]])
    const spoke = applyInteraction(plan, byMessage, event('message', -10 * SECOND, { text: 'TD' }))
    expect(grants(spoke)).toEqual([['message', -10]])
    expect(spoke).toMatchObject({ reply: null, stop: null, closesAt: byMessage.closesAt })
  })

  it.each([
    ['before the follow', { at: ENTRY_AT - SECOND, seq: 5 }, false],
    ['in its second, arrived before it', { at: ENTRY_AT, seq: -1 }, false],
    ['in its second, arrived after it', { at: ENTRY_AT, seq: 1 }, true],
    ['after it', { at: ENTRY_AT + SECOND, seq: 1 }, true],
  ])('an unfollow %s counts: %s', (_when, stamp, counts) => {
    const state = applyUnsubscribe(begun, { key: 'u', ...stamp })
    expect(state.stop).toEqual(counts ? { outcome: 'unsubscribed', reason: null, stamp } : null)
  })

  it('an unfollow older than a second follow changes nothing', () => {
    const again = hear(event('subscribe', HOUR, { seq: 7 }))
    const state = applyUnsubscribe(again, { key: 'u', at: ENTRY_AT + SECOND, seq: 8 })
    expect(state.stop).toBeNull()
    expect(grants(state)).toEqual([['subscribe', 3_600]])
  })

  it('an unfollow older than the message that began the run changes nothing', () => {
    const byMessage = beginRun(plan, entryOf('message'), [])
    expect(applyUnsubscribe(byMessage, { key: 'u', at: ENTRY_AT - 1, seq: 9 }).stop).toBeNull()
  })
})

describe('an unfollow', () => {
  it('removes every grant, and passes an earlier reason to end', () => {
    const spoke = hear(event('message', SECOND, { text: 'TD' }))
    const state = applyUnsubscribe(spoke, { key: 'u', at: ENTRY_AT + 2 * SECOND, seq: 2 })
    expect(state).toMatchObject({ ledger: [], stop: { outcome: 'unsubscribed' } })
  })
})

describe('an operator and a human agent', () => {
  it('pause and resume; saying it twice changes nothing', () => {
    const paused = setPaused(begun, true)
    expect(paused.status).toBe('paused')
    expect(setPaused(paused, true)).toBe(paused)
    expect(setPaused(paused, false).status).toBe('active')
    expect(setPaused(begun, false)).toBe(begun)
  })

  it('cannot pause or resume what has ended', () => {
    const ended = endRun(begun, 'cancelled', null, ENTRY_AT)
    expect(setPaused(ended, true)).toBe(ended)
    expect(setPaused(ended, false)).toBe(ended)
  })

  it('stop a run once: the first reason stays', () => {
    const stopped = requestStop(begun, 'cancelled', 'asked')
    expect(requestStop(stopped, 'account-stopped', null)).toBe(stopped)
  })

  it('take the session over and give it back', () => {
    const opening = { open: true, at: ENTRY_AT, seq: 1 }
    const open = applyAgentSession(begun, opening)
    expect(open.agentSession?.open).toBe(true)
    expect(applyAgentSession(open, opening)).toBe(open)
    expect(applyAgentSession(open, { open: false, at: ENTRY_AT, seq: 2 }).agentSession?.open).toBe(false)
  })

  it('have the session as the newest word says, whatever order the words come in', () => {
    const word = fc.record({
      kind: fc.constantFrom('open', 'close', 'message'),
      at: fc.nat(3).map((s) => ENTRY_AT + s * SECOND),
    })
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), fc.nat(), (words, turn) => {
        const numbered = words.map((w, i) => ({ ...w, seq: i + 1 }))
        const told = (state: RunState, { kind, at, seq }: (typeof numbered)[number]) =>
          kind === 'message'
            ? applyInteraction(plan, state, event('message', at - ENTRY_AT, { seq, key: `m${seq}` }))
            : applyAgentSession(state, { open: kind === 'open', at, seq })
        const cut = words.length === 0 ? 0 : turn % words.length
        const shuffled = [...numbered.slice(cut), ...numbered.slice(0, cut).reverse()]
        const [one, other] = [numbered, [...shuffled, ...shuffled]].map((all) => all.reduce(told, begun))
        expect(other?.agentSession?.open).toBe(one?.agentSession?.open)
        // Said in plain words: the newest opening or closing, unless a message of a later second came.
        const session = numbered
          .filter((w) => w.kind !== 'message')
          .sort((a, b) => b.at - a.at || b.seq - a.seq)[0]
        const spoken = numbered.some((w) => w.kind === 'message' && session && w.at > session.at)
        expect(one?.agentSession?.open === true).toBe(session?.kind === 'open' && !spoken)
      }),
    )
  })

  it('see the last five signals that made no sense', () => {
    const state = [1, 2, 3, 4, 5, 6].reduce((s, i) => addWarning(s, `odd ${i}`), begun)
    expect(state.warnings).toEqual(['odd 2', 'odd 3', 'odd 4', 'odd 5', 'odd 6'])
  })
})

describe('a run that ends', () => {
  it('skips what is open for its outcome, and what hung on a reply for the reply', () => {
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

  it.each(['sent', 'skipped', 'unknown'] as const)('leaves a step that is %s as it is', (name) => {
    const state = changeStep(begun, 0, { state: name, reason: 'because' })
    expect(endRun(state, 'cancelled', null, ENTRY_AT).steps[0]).toEqual(state.steps[0])
  })

  it.each(['pending', 'held', 'sending'] as const)('skips a step that is %s', (name) => {
    const state = changeStep(begun, 0, { state: name })
    expect(endRun(state, 'cancelled', null, ENTRY_AT).steps[0]?.state).toBe('skipped')
  })
})

describe('the number of a run’s state', () => {
  it('rises with every change, so that an older snapshot never wins', () => {
    const story = [
      begun,
      hear(event('message', SECOND)),
      setPaused(hear(event('message', SECOND)), true),
      endRun(setPaused(hear(event('message', SECOND)), true), 'cancelled', null, ENTRY_AT),
    ]
    expect(story.map((s) => s.revision)).toEqual([0, 1, 2, 3])
  })
})

import { describe, expect, it } from 'vitest'
import { ENTRY_AT, entryOf, planOf } from '../../test/harness/run-simulation.ts'
import { carriedAgentSession, carriedGrants, isClosing, startOfNextRun } from './next-run.ts'
import type { Interaction } from './plan.ts'
import { applyAgentSession, applyUnsubscribe, beginRun, replaceRun } from './run-events.ts'
import { endRun, requestStop } from './state.ts'

const plan = planOf([{}])
const grant = { scene: 'message', grantedAt: ENTRY_AT, expiresAt: ENTRY_AT + 1, quota: 5, used: 0 } as const
const running = beginRun(plan, entryOf(), [grant])
const unfollowed = applyUnsubscribe(running, { key: 'u', at: ENTRY_AT + 2_000, seq: 2 })
const optedOut = requestStop(running, 'opted-out', null)
const cancelled = requestStop(running, 'cancelled', 'asked')

/** An event that would start a run, `at` ms after the entry. */
function event(at: number, scene: Interaction['scene'] = 'subscribe', key = `${scene}-${at}`): Interaction {
  const time = { at: ENTRY_AT + at, seq: 9, key }
  return { ...time, scene, allowance: null, text: null, start: { entry: entryOf('subscribe', time), plan } }
}

describe('an event that replaces a run', () => {
  const campaign = { ...plan, goal: { on: [{ event: 'message' as const, keywords: ['买'] }], ends: true } }

  it('ends it, and starts the next one with its grants', () => {
    const replaced = replaceRun(plan, running, event(3_000), 'offer')
    expect(replaced.stop).toEqual({ outcome: 'cancelled', reason: 'replaced by offer', stamp: null })
    expect(startOfNextRun(replaced, event(3_000))).toEqual(event(3_000).start)
    expect(carriedGrants(replaced)).toEqual([grant])
  })

  it('is its goal first', () => {
    const bought = { ...event(3_000, 'message'), text: '买' }
    expect(replaceRun(campaign, running, bought, 'offer')).toMatchObject({
      stop: { outcome: 'goal-reached' },
      goal: { at: ENTRY_AT + 3_000 },
    })
    expect(replaceRun(campaign, running, event(3_000), 'offer').stop?.outcome).toBe('cancelled')
  })
})

describe('an event while a run closes', () => {
  it('starts the next run', () => {
    for (const state of [unfollowed, cancelled, endRun(running, 'completed', null, ENTRY_AT)]) {
      expect(isClosing(state)).toBe(true)
      expect(startOfNextRun(state, event(3_000))).toEqual(event(3_000).start)
    }
  })

  it('starts no run before the current one closes', () => {
    expect(isClosing(running)).toBe(false)
    expect(startOfNextRun(running, event(3_000))).toBeNull()
  })

  it('starts no run when it has no start, is the entry itself, or was already applied', () => {
    const { start: _, ...plain } = event(3_000)
    expect(startOfNextRun(cancelled, plain)).toBeNull()
    expect(startOfNextRun(cancelled, event(0, 'subscribe', running.entry.key))).toBeNull()
    const known = { ...cancelled, seenEventKeys: [event(3_000).key] }
    expect(startOfNextRun(known, event(3_000))).toBeNull()
  })

  it('starts no run when it is older than the unfollow', () => {
    expect(startOfNextRun(unfollowed, event(1_000))).toBeNull()
  })

  it('starts no run after an opt-out, unless it is a follow', () => {
    expect(startOfNextRun(optedOut, event(3_000, 'message'))).toBeNull()
    expect(startOfNextRun(optedOut, event(3_000))).not.toBeNull()
  })
})

describe('the next run', () => {
  it('inherits the grants, but none after an unfollow', () => {
    expect(carriedGrants(cancelled)).toEqual([grant])
    expect(carriedGrants({ ...unfollowed, ledger: [grant] })).toEqual([])
  })

  it("inherits a human agent's open session, but none from before an unfollow", () => {
    const opening = { open: true, at: ENTRY_AT + 1_000, seq: 1 }
    expect(carriedAgentSession(running)).toBeNull()
    expect(carriedAgentSession(applyAgentSession(plan, cancelled, opening))).toEqual(opening)
    expect(carriedAgentSession(applyAgentSession(plan, cancelled, { ...opening, open: false }))).toBeNull()
    expect(carriedAgentSession(applyAgentSession(plan, unfollowed, opening))).toBeNull()
    const later = { ...opening, at: ENTRY_AT + 3_000 }
    expect(carriedAgentSession(applyAgentSession(plan, unfollowed, later))).toEqual(later)
  })
})

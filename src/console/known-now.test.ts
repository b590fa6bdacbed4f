import { describe, expect, it } from 'vitest'
import { isFastForwarded, knownNow } from './known-now.ts'

const CLOCK = Date.parse('2026-12-01T04:00:00Z')
const AHEAD = CLOCK + 5 * 3_600_000
type Run = Parameters<typeof knownNow>[0]['run']

const iso = (at: number) => new Date(at).toISOString()
const step = (more: object) => ({
  id: 'a',
  state: 'pending',
  reason: null,
  sentAt: null,
  dueAt: null,
  ...more,
})
const nowOf = (run: object, { enteredAt = CLOCK - 1, events = [] as { at: number }[] } = {}) =>
  knownNow({
    clock: CLOCK,
    enteredAt,
    run: { steps: [], ledger: [], goal: null, ...run } as unknown as Run,
    events,
  })

describe('the time of the clock of a follower', () => {
  it('is that of the machine where nothing is ahead of it', () => {
    expect(nowOf({ steps: [step({ sentAt: iso(CLOCK - 9) }), step({ dueAt: iso(AHEAD) })] })).toBe(CLOCK)
  })

  it.each<[string, object]>([
    ['a step that was sent', { steps: [step({ state: 'sent', sentAt: iso(AHEAD) })] }],
    [
      'a step that is held for want of a grant',
      { steps: [step({ state: 'held', reason: 'no-grant', dueAt: iso(AHEAD) })] },
    ],
    ['a fork that was decided', { forks: [{ takenAt: null }, { takenAt: iso(AHEAD) }] }],
    ['a grant', { ledger: [{ grantedAt: iso(AHEAD) }] }],
    ['the goal', { goal: { at: iso(AHEAD), value: null } }],
  ])('is that of %s ahead of it, without an event', (_, run) => {
    expect(nowOf(run)).toBe(AHEAD)
  })

  it('is the time of entry of a follower without an event, and never before it', () => {
    expect(nowOf({}, { enteredAt: AHEAD })).toBe(AHEAD)
    expect(nowOf({}, { enteredAt: AHEAD, events: [{ at: AHEAD + 1 }] })).toBe(AHEAD + 1)
  })

  it('was moved forward where it is more than a minute ahead', () => {
    expect([CLOCK, CLOCK + 60_000, CLOCK + 60_001].map((now) => isFastForwarded(now, CLOCK))).toEqual([
      false,
      false,
      true,
    ])
  })
})

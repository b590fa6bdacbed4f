import { describe, expect, it } from 'vitest'
import type { StepState } from '../../run/state.ts'
import { HOUR_MS, MINUTE_MS } from '../../shared/time-units.ts'
import type { OpenRun } from '../../store/runs/due-steps.ts'
import { DUE_HOURS, dueHours } from './due-hours.ts'

const NOW = Date.parse('2026-11-28T06:20:00Z')
const HOUR = Date.parse('2026-11-28T06:00:00Z')

function step(id: string, dueAt: number | null, more: Partial<StepState> = {}): StepState {
  return { id, state: 'pending', dueAt, sentAt: null, reason: null, errcode: null, wasHeld: false, ...more }
}

function run(steps: StepState[], quota: number, silent: string[] = []): OpenRun {
  const grant = {
    scene: 'message' as const,
    grantedAt: NOW - HOUR_MS,
    expiresAt: NOW + 47 * HOUR_MS,
    quota,
    used: 0,
  }
  return { steps, ledger: [grant], silent }
}

describe('what is due in the next hours', () => {
  it('begins with the current hour', () => {
    const hours = dueHours([], NOW)
    expect(hours).toHaveLength(DUE_HOURS)
    expect([hours[0]?.at, hours[47]?.at]).toEqual([HOUR, HOUR + 47 * HOUR_MS])
  })

  it('uses up the grants of a run in the order of its steps', () => {
    const [first, second] = dueHours(
      [run([step('b', NOW + HOUR_MS), step('a', NOW + MINUTE_MS), step('c', NOW + HOUR_MS + 1)], 2)],
      NOW,
    )
    expect(first).toMatchObject({ payable: 1, unpayable: 0 })
    expect(second).toMatchObject({ payable: 1, unpayable: 1 })
  })

  it('tells what quiet hours have moved', () => {
    const quiet = step('q', NOW + 8 * HOUR_MS, { plannedAt: NOW + HOUR_MS, quietSince: NOW })
    expect(dueHours([run([quiet], 1)], NOW)[8]).toMatchObject({ payable: 0, deferred: 1, unpayable: 0 })
  })

  it('leaves out steps without a time, without a message, done, or later', () => {
    const steps = [
      step('waits', null),
      step('tags', NOW + MINUTE_MS),
      step('done', NOW, { state: 'sent' }),
      step('later', NOW + 49 * HOUR_MS),
    ]
    const hours = dueHours([run(steps, 5, ['tags'])], NOW)
    expect(hours.every(({ payable, deferred, unpayable }) => payable + deferred + unpayable === 0)).toBe(true)
  })

  it('counts each run of a sample for those it stands for', () => {
    const sample = [run([step('a', NOW)], 1), run([step('a', NOW)], 0)]
    expect(dueHours(sample, NOW, 50)[0]).toMatchObject({ payable: 50, unpayable: 50 })
  })
})

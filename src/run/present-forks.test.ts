import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { ENTRY_AT, entryOf } from '../../test/harness/run-simulation.ts'
import { settle } from './forks.ts'
import { presentRun } from './present.ts'
import { applyAgentSession, applyInteraction, beginRun, setPaused } from './run-events.ts'
import { endRun } from './state.ts'

const HOUR = 3_600_000
const plan = planOfItems(`
- id: ask
  wait: 10h
  branches:
    - { name: word, on: { keywords: ['1'] }, steps: [] }
    - { on: { keys: [menu-*] }, steps: [] }
- id: pay
  wait: 5h
  branches: [{ name: paid, on: { facts: { paid: true } }, steps: [] }]
- { id: bye, send: { text: bye } }
`)
const identity = { appId: 'wx1', openId: 'o1', runId: 'r1' }
const begun = settle(plan, beginRun(plan, entryOf(), []), ENTRY_AT)
const forksOf = (state: typeof begun) => presentRun(state, identity, plan).forks
const iso = (at: number) => new Date(at).toISOString()
const message = {
  key: 'k2',
  at: ENTRY_AT + HOUR,
  seq: 2,
  scene: 'message',
  allowance: { quota: 5, lifetimeMs: 48 * HOUR },
  text: '1',
} as const

describe('a presented fork', () => {
  it('that waits has the events of each branch, and when the wait is over', () => {
    expect(forksOf(begun)).toEqual([
      {
        id: 'ask',
        state: 'waiting',
        waitsFor: [
          { branch: 'word', on: [{ event: 'message', keywords: ['1'] }] },
          { branch: 'b', on: [{ event: 'click', keys: ['menu-*'] }] },
        ],
        until: iso(ENTRY_AT + 10 * HOUR),
        took: null,
        takenAt: null,
        reason: null,
      },
      {
        id: 'pay',
        state: 'pending',
        waitsFor: [],
        until: null,
        took: null,
        takenAt: null,
        reason: null,
      },
    ])
  })

  it('that was decided has the branch and the time', () => {
    const answered = applyInteraction(plan, begun, message)
    expect(forksOf(answered)).toMatchObject([
      { state: 'taken', waitsFor: [], until: null, took: 'word', takenAt: iso(ENTRY_AT + HOUR) },
      { state: 'waiting', until: iso(ENTRY_AT + 6 * HOUR) },
    ])
    expect(forksOf(settle(plan, answered, ENTRY_AT + 6 * HOUR))?.[1]).toMatchObject({
      state: 'taken',
      took: 'else',
      takenAt: iso(ENTRY_AT + 6 * HOUR),
    })
  })

  it('has no end of its wait while the time is stopped', () => {
    const at = ENTRY_AT + HOUR
    const paused = setPaused(plan, begun, true, at)
    expect(forksOf(paused)?.[0]).toMatchObject({ state: 'waiting', until: null })
    const session = applyAgentSession(plan, begun, { open: true, at, seq: 3 })
    expect(forksOf(session)?.[0]).toMatchObject({ state: 'waiting', until: null })
    expect(forksOf(setPaused(plan, paused, false, at + HOUR))?.[0]?.until).toBe(iso(ENTRY_AT + 11 * HOUR))
  })

  it('that is not decided is closed by the end of the run', () => {
    const ended = endRun(begun, 'cancelled', null, ENTRY_AT + HOUR)
    const closed = { state: 'closed', waitsFor: [], until: null, took: null }
    expect(forksOf(ended)).toMatchObject([closed, closed])
  })
})

it('a run without forks has no field for them', () => {
  const flat = planOfItems('- { id: bye, send: { text: bye } }')
  expect(presentRun(beginRun(flat, entryOf(), []), identity, flat)).not.toHaveProperty('forks')
})

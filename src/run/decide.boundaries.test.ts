import { describe, expect, it } from 'vitest'
import { ENTRY_AT, planOf, simulateRun } from '../../test/harness/run-simulation.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAYS_2 = 48 * HOUR
/** Under this profile a follow pays for the whole window. */
const rules = 'classic-48h' as const
const tagStep = { id: 'mark', kind: 'tag', tag: ['buyer'] }

describe('the last half second of the window', () => {
  const plan = planOf([{ ...tagStep, afterMs: MINUTE }], { windowMs: HOUR })
  const resumedAt = (at: number) => {
    const run = simulateRun(plan)
    run.pause(true)
    run.runUntil(at)
    run.pause(false)
    return run.next()
  }

  it('is too short for a tag step', () => {
    expect(resumedAt(HOUR - 499)).toEqual({ do: 'wait', until: ENTRY_AT + HOUR, for: 'window' })
    expect(resumedAt(HOUR - 500)).toMatchObject({ do: 'tag', leftMs: 500 })
  })

  it('is too short for a message', () => {
    const late = (startDelayMs: number) =>
      simulateRun(planOf([{ afterMs: MINUTE }], { windowMs: HOUR }), { rules, startDelayMs }).next()
    expect(late(HOUR - 499)).toEqual({ do: 'wait', until: ENTRY_AT + HOUR, for: 'window' })
    expect(late(HOUR - 500)).toMatchObject({ do: 'send', leftMs: 500 })
  })
})

describe('the end of the window', () => {
  it('skips a step for the window, also one that must not be late', () => {
    const plan = planOf([{ afterMs: MINUTE, ifLate: 'skip' }, { afterMs: MINUTE }], { windowMs: HOUR })
    for (const startDelayMs of [HOUR, HOUR + 1]) {
      const run = simulateRun(plan, { rules, startDelayMs })
      run.runUntil(startDelayMs)
      expect(run.steps()).toEqual(['s0 skipped window-closed', 's1 skipped window-closed'])
      expect(run.state.steps.map((s) => s.wasHeld)).toEqual([false, false])
    }
  })

  it('does not move a step that is planned after it', () => {
    const run = simulateRun(planOf([{ afterMs: HOUR + 1 }], { windowMs: HOUR }), { rules })
    run.runUntil(2 * HOUR)
    expect(run.sent).toEqual([])
    expect(run.steps()).toEqual(['s0 skipped window-closed'])
  })

  it('ends the wait for a released step whose spacing goes beyond it', () => {
    const run = simulateRun(planOf([{ afterMs: MINUTE }, { afterMs: MINUTE }], { spacingMs: 3 * DAYS_2 }), {
      rules,
    })
    run.pause(true)
    run.runUntil(HOUR)
    run.pause(false)
    run.runUntil(HOUR + 1)
    expect(run.sent).toEqual(['3600s s0 subscribe'])
    expect(run.next()).toEqual({ do: 'wait', until: ENTRY_AT + DAYS_2, for: 's1' })
  })
})

describe('a tag step', () => {
  it('that is planned from the reply waits for the reply', () => {
    const run = simulateRun(planOf([{ ...tagStep, afterMs: 0, since: 'reply' }]))
    run.runUntil(HOUR)
    expect(run.follower.tagged).toEqual([])
    run.sendText()
    run.runUntil(HOUR + SECOND)
    expect(run.follower.tagged).toEqual(['3600s mark'])
  })

  it('is waited for when it comes due before the next message', () => {
    const plan = planOf([
      { ...tagStep, afterMs: 10 * SECOND },
      { id: 'hint', afterMs: 20 * SECOND },
    ])
    expect(simulateRun(plan).next()).toEqual({ do: 'wait', until: ENTRY_AT + 10 * SECOND, for: 'mark' })
  })

  it('does not end the wait for an earlier message', () => {
    const plan = planOf([
      { id: 'hint', afterMs: 10 * SECOND },
      { ...tagStep, afterMs: 20 * SECOND },
    ])
    expect(simulateRun(plan).next()).toEqual({ do: 'wait', until: ENTRY_AT + 10 * SECOND, for: 'hint' })
  })

  it('does not end the wait for a message of the same time', () => {
    const plan = planOf([
      { ...tagStep, afterMs: 10 * SECOND },
      { id: 'hint', afterMs: 10 * SECOND },
    ])
    expect(simulateRun(plan).next()).toMatchObject({ until: ENTRY_AT + 10 * SECOND, for: 'hint' })
  })

  it('goes while the messages beside it wait for a reply', () => {
    const run = simulateRun(
      planOf([
        { id: 'gift', afterMs: 0, since: 'reply' },
        { ...tagStep, afterMs: MINUTE },
      ]),
    )
    expect(run.next()).toEqual({ do: 'wait', until: ENTRY_AT + MINUTE, for: 'mark' })
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['gift pending', 'mark sent'])
  })
})

describe('a run that holds its steps', () => {
  it('waits for the step that starts first, which need not be due first', () => {
    // The message is due last and starts first, so that its grant still pays.
    const run = simulateRun(
      planOf([
        { ...tagStep, afterMs: 57 * SECOND },
        { id: 'hint', afterMs: 58 * SECOND },
      ]),
    )
    run.pause(true)
    expect(run.next()).toEqual({ do: 'wait', until: ENTRY_AT + 56 * SECOND, for: 'hint' })
  })

  it('waits for the end of the agent’s session unless a step comes due before it or with it', () => {
    const during = (afterMs: number) => {
      const run = simulateRun(planOf([{ id: 'tip', afterMs }]), { rules })
      run.agentSession(true)
      return run.next()
    }
    const end = ENTRY_AT + 30 * MINUTE
    expect(during(30 * MINUTE + 1)).toEqual({ do: 'wait', until: end, for: 'human-agent' })
    expect(during(30 * MINUTE)).toEqual({ do: 'wait', until: end, for: 'tip' })
    expect(during(30 * MINUTE - 1)).toEqual({ do: 'wait', until: end - 1, for: 'tip' })
  })

  it('ends the agent’s session exactly half an hour after its last change', () => {
    const run = simulateRun(planOf([{ afterMs: 40 * MINUTE }]), { rules })
    run.agentSession(true)
    run.runUntil(30 * MINUTE - 1)
    expect(run.state.agentSession?.open).toBe(true)
    run.runUntil(30 * MINUTE)
    expect(run.state.agentSession?.open).toBe(false)
  })
})

describe('a step that was held', () => {
  it('is marked as held, and a step that was skipped at once is not', () => {
    const run = simulateRun(
      planOf([
        { id: 'held', afterMs: 2 * MINUTE },
        { id: 'skipped', afterMs: 2 * MINUTE, ifLate: 'skip' },
      ]),
    )
    run.runUntil(2 * MINUTE)
    expect(run.state.steps.map((s) => s.wasHeld)).toEqual([true, false])
  })

  it('changes the state only once, however often the run decides', () => {
    const run = simulateRun(planOf([{ afterMs: 2 * MINUTE }]))
    run.runUntil(2 * MINUTE)
    const { revision } = run.state
    run.runUntil(3 * MINUTE)
    run.next()
    expect(run.state.revision).toBe(revision)
  })

  it('has the newest reason for which it is held', () => {
    const run = simulateRun(planOf([{ afterMs: 2 * MINUTE }]))
    run.runUntil(2 * MINUTE)
    run.pause(true)
    run.runUntil(3 * MINUTE)
    expect(run.steps()).toEqual(['s0 held paused'])
    run.pause(false)
    run.runUntil(4 * MINUTE)
    expect(run.steps()).toEqual(['s0 held no-grant'])
  })
})

describe('a step that must not be late', () => {
  it('is skipped when a human agent’s session held it, however short', () => {
    const run = simulateRun(planOf([{ afterMs: MINUTE, ifLate: 'skip' }]), { rules })
    run.agentSession(true)
    run.runUntil(MINUTE)
    run.agentSession(false)
    run.runUntil(MINUTE + SECOND)
    expect(run.steps()).toEqual(['s0 skipped late'])
  })
})

describe('the spacing of released steps', () => {
  it('is waited for as a whole, also when another message comes due before its end', () => {
    const steps = [{ afterMs: 2 * MINUTE }, { afterMs: 2 * MINUTE }, { afterMs: 20 * MINUTE }]
    const run = simulateRun(planOf(steps, { spacingMs: HOUR }))
    run.runUntil(10 * MINUTE)
    run.sendText()
    run.runUntil(11 * MINUTE)
    expect(run.sent).toEqual(['600s s0 message'])
    expect(run.next()).toEqual({ do: 'wait', until: ENTRY_AT + 10 * MINUTE + HOUR, for: 's1' })
  })
})

import { describe, expect, it } from 'vitest'
import { ENTRY_AT, entryOf, planOf } from '../../test/harness/run-simulation.ts'
import { beginRun } from './run-events.ts'
import { endRun, type RunState, type StepState } from './state.ts'
import { lastDoneAt, tallyOf } from './tally.ts'

const SECOND = 1_000
const plan = planOf([
  { id: 'a', afterMs: 0 },
  { id: 'b', afterMs: SECOND },
])

function stateOf(a: Partial<StepState>, b: Partial<StepState> = {}, more: Partial<RunState> = {}): RunState {
  const begun = beginRun(plan, entryOf(), [])
  return { ...begun, steps: begun.steps.map((step, i) => ({ ...step, ...(i === 0 ? a : b) })), ...more }
}
const sent = (at: number) => ({ state: 'sent' as const, sentAt: ENTRY_AT + at })

describe('the tally of a run', () => {
  it('has nothing of a run that has just begun', () => {
    expect(tallyOf(stateOf({}))).toEqual({ steps: [], last: [] })
  })

  it.each<[string, Partial<StepState>, string[]]>([
    ['that was sent', sent(0), ['due', 'sent']],
    ['that was sent after it was held', { ...sent(0), wasHeld: true }, ['due', 'held', 'sent']],
    ['that is held', { state: 'held', wasHeld: true }, ['due', 'held']],
    ['whose result is unknown', { state: 'unknown', reason: 'lost' }, ['due', 'unknown']],
    ['that was skipped', { state: 'skipped', reason: 'condition' }, ['due', 'skipped:condition']],
    [
      'that WeChat refused',
      { state: 'skipped', reason: 'refused by WeChat', errcode: 45002 },
      ['due', 'failed:45002'],
    ],
    [
      'of a branch that was not taken',
      { state: 'skipped', reason: 'other-branch' },
      ['skipped:other-branch'],
    ],
    ['whose time never came', { state: 'skipped', reason: 'no-reply', dueAt: null }, ['skipped:no-reply']],
    [
      'with details in its reason',
      { state: 'skipped', reason: 'go-refused: no campaign x' },
      ['due', 'skipped:go-refused'],
    ],
    ['with a text of WeChat as its reason', { state: 'skipped', reason: '错误 x' }, ['due', 'skipped:other']],
  ])('has of a step %s its marks', (_, step, marks) => {
    expect(tallyOf(stateOf(step)).steps).toEqual([['a', ...marks]])
  })

  it('knows which steps of an ended run were due', () => {
    const ended = endRun(stateOf(sent(0)), 'completed', null, ENTRY_AT + 500)
    expect(tallyOf(ended).steps).toEqual([
      ['a', 'due', 'sent'],
      ['b', 'skipped:completed'],
    ])
  })

  it('is the same whenever a run went the same way', () => {
    const late = stateOf(sent(5), sent(9 * SECOND), { revision: 9, updatedAt: 1 } as Partial<RunState>)
    expect(tallyOf(late)).toEqual(tallyOf(stateOf(sent(0), sent(SECOND))))
  })

  it('names the steps before the reply, newest first, with those of its second', () => {
    const reply = (ms: number) =>
      tallyOf(stateOf(sent(0), sent(10 * SECOND), { reply: { at: ENTRY_AT + ms, text: '1' } })).replied
    expect(reply(-SECOND)).toEqual([])
    expect(reply(SECOND)).toEqual(['a'])
    // CreateTime is a whole second: the message may have been typed up to a second later.
    expect(reply(10 * SECOND - 900)).toEqual(['b', 'a'])
    expect(tallyOf(stateOf(sent(0))).replied).toBeUndefined()
  })

  it('leaves out a step that the reply has caused', () => {
    const told = (step: Partial<StepState>) =>
      tallyOf(stateOf(sent(0), { ...sent(9_400), ...step }, { reply: { at: ENTRY_AT + 9_000, text: '1' } }))
        .replied
    expect(told({ dueAt: ENTRY_AT + 8_999 })).toEqual(['b', 'a'])
    expect(told({ dueAt: ENTRY_AT + 9_000 })).toEqual(['a'])
    expect(told({ dueAt: ENTRY_AT + 1_000, wasHeld: true })).toEqual(['a'])
  })

  it('is open while a delivery may know more of a step', () => {
    expect(tallyOf(stateOf({ state: 'unknown' })).open).toBe(true)
    const ended = endRun(stateOf({ state: 'sending' }), 'account-stopped', null, ENTRY_AT + SECOND)
    expect(tallyOf(ended).open).toBe(true)
    expect(tallyOf(endRun(stateOf(sent(0), sent(1)), 'completed', null, ENTRY_AT)).open).toBeUndefined()
  })

  it('goes with the time of the last step', () => {
    expect(lastDoneAt(stateOf({}))).toBeNull()
    expect(lastDoneAt(stateOf(sent(7), sent(3)))).toBe(ENTRY_AT + 7)
  })
})

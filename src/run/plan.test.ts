import { describe, expect, it } from 'vitest'
import { isExitText, isOlder } from './plan.ts'

describe('which of two events came first', () => {
  it.each([
    [{ at: 1_000, seq: 9 }, { at: 2_000, seq: 1 }, true, 'by WeChat’s time, whatever the arrival'],
    [{ at: 2_000, seq: 1 }, { at: 1_000, seq: 9 }, false, 'by WeChat’s time, the other way round'],
    [{ at: 1_000, seq: 1 }, { at: 1_000, seq: 2 }, true, 'in one second, by arrival'],
    [{ at: 1_000, seq: 2 }, { at: 1_000, seq: 1 }, false, 'in one second, the later arrival is newer'],
    [{ at: 1_000, seq: 1 }, { at: 1_000, seq: 1 }, false, 'an event is not older than itself'],
  ])('%j before %j: %s (%s)', (a, b, older) => expect(isOlder(a, b)).toBe(older))
})

describe('a text that a follower types', () => {
  const plan = { exitKeywords: ['td', '退订'] }

  it.each(['TD', 'T\u2006D。', ' ｔｄ ', '退订！'])('%j leaves the run', (text) =>
    expect(isExitText(plan, text)).toBe(true),
  )

  it.each(['TD please', '不要退订', '', '。'])('%j does not leave the run', (text) =>
    expect(isExitText(plan, text)).toBe(false),
  )
})

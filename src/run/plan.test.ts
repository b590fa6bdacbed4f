import { describe, expect, it } from 'vitest'
import { isExitText, isOlder } from './plan.ts'

describe('the order of two events', () => {
  it.each([
    [{ at: 1_000, seq: 9 }, { at: 2_000, seq: 1 }, true, 'by WeChat’s time, whatever order they arrive in'],
    [{ at: 2_000, seq: 1 }, { at: 1_000, seq: 9 }, false, 'by WeChat’s time, in the opposite order'],
    [{ at: 1_000, seq: 1 }, { at: 1_000, seq: 2 }, true, 'within one second, by arrival'],
    [{ at: 1_000, seq: 2 }, { at: 1_000, seq: 1 }, false, 'within one second, the later arrival is newer'],
    [{ at: 1_000, seq: 1 }, { at: 1_000, seq: 1 }, false, 'an event is not older than itself'],
  ])('%j before %j: %s (%s)', (a, b, older) => expect(isOlder(a, b)).toBe(older))
})

describe("a follower's text", () => {
  const plan = { exitKeywords: ['td', '退订'] }

  it.each(['TD', 'T\u2006D。', ' ｔｄ ', '退订！'])('%j is an exit keyword', (text) =>
    expect(isExitText(plan, text)).toBe(true),
  )

  it.each(['TD please', '不要退订', '', '。'])('%j is not an exit keyword', (text) =>
    expect(isExitText(plan, text)).toBe(false),
  )
})

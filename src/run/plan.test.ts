import { describe, expect, it } from 'vitest'
import { isOlder, normaliseKeyword } from './plan.ts'

describe('which of two events came first', () => {
  it.each([
    [{ at: 1_000, seq: 9 }, { at: 2_000, seq: 1 }, true, 'by WeChat’s time, whatever the arrival'],
    [{ at: 2_000, seq: 1 }, { at: 1_000, seq: 9 }, false, 'by WeChat’s time, the other way round'],
    [{ at: 1_000, seq: 1 }, { at: 1_000, seq: 2 }, true, 'in one second, by arrival'],
    [{ at: 1_000, seq: 2 }, { at: 1_000, seq: 1 }, false, 'in one second, the later arrival is newer'],
    [{ at: 1_000, seq: 1 }, { at: 1_000, seq: 1 }, false, 'an event is not older than itself'],
  ])('%j before %j: %s (%s)', (a, b, older) => expect(isOlder(a, b)).toBe(older))
})

describe('a keyword as a follower types it', () => {
  it.each([
    ['TD', 'td', 'small letters'],
    [' td\n', 'td', 'spaces around it'],
    ['ＴＤ', 'td', 'full-width letters'],
    ['　退订　', '退订', 'full-width spaces'],
    ['１', '1', 'full-width figures'],
    ['ﾃｽﾄ', 'テスト', 'half-width kana'],
    ['Course', 'COURSE', 'case'],
  ])('%j means %j (%s)', (typed, keyword) => expect(normaliseKeyword(typed)).toBe(normaliseKeyword(keyword)))

  it('is the whole text, not a part of it', () => {
    expect(normaliseKeyword('不要退订')).not.toBe(normaliseKeyword('退订'))
    expect(normaliseKeyword('t d')).not.toBe(normaliseKeyword('td'))
  })
})

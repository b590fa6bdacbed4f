import { expect, it } from 'vitest'
import { durationIn, durationWords } from './duration-words.ts'
import { EDITOR_TEXTS } from './editor-texts.ts'

it('a duration is said in its units, and nothing lasts 0 seconds', () => {
  expect([0, 400, 59_600, 3_661_000].map((ms) => durationWords(ms, 'zh'))).toEqual([
    '0 秒',
    '0 秒',
    '1 分钟',
    '1 小时 1 分钟 1 秒',
  ])
  expect(durationIn(EDITOR_TEXTS.en.units, 3_661_000, 2)).toBe('1 h 1 min')
})

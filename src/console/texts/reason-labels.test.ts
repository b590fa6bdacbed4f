import { expect, it } from 'vitest'
import { reasonWords } from './reason-labels.ts'

it('a reason is said in words: its kind, the end of the run, or the answer of WeChat', () => {
  expect(reasonWords('replied', 'zh')).toBe('粉丝已回复')
  expect(reasonWords('empty-text: name', 'zh')).toBe('内容为空，没有发送')
  expect(reasonWords('unsubscribed', 'en')).toBe('unfollowed')
  expect(reasonWords('48002', 'zh')).toBe('微信拒绝（48002）')
  expect(reasonWords('something new', 'en')).toBe('something new')
})

import { describe, expect, it } from 'vitest'
import { createTranslation } from './message-texts.ts'

const translate = createTranslation(
  [
    {
      'is missing': '必填',
      'at most {n:num} steps': '最多 {n} 步',
      'at most {what}': '最多 {what}',
      '{word} stands in {place} above': '{word} 已在 {place} 里',
      'never reached: {why:text}': '走不到：{why}',
      'by {event:event}': '由 {event} 开始',
      'say "{text}"': '写「{text}」',
      '{a} plus {b}': '共 {a} + {b} 条',
    },
  ],
  { event: (name) => (name === 'scan' ? '扫码' : null) },
)

describe('a message in another language', () => {
  it.each([
    ['is missing', '必填'],
    ['at most 3 steps', '最多 3 步'],
    // The longest fixed text that fits, so a number is not taken for any text.
    ['at most three steps', '最多 three steps'],
    ['1 stands in a above', '1 已在 a 里'],
    ['say ""', '写「」'],
    ['say "a\nb"', '写「a\nb」'],
    ['say "{text} $& {0}"', '写「{text} $& {0}」'],
  ])('%s', (message, text) => expect(translate(message)).toBe(text))

  it('is translated with the messages in it', () => {
    expect(translate('never reached: 1 stands in a above')).toBe('走不到：1 已在 a 里')
    expect(translate('never reached: for some reason')).toBeNull()
  })

  it('has the value of a kind, without a space beside Chinese', () => {
    expect(translate('by scan')).toBe('由扫码开始')
    expect(translate('by somebody')).toBeNull()
    expect(translate('三 plus 4')).toBe('共三 + 4 条')
    expect(translate('3 plus 四')).toBe('共 3 + 四条')
    expect(translate('领取 stands in 分支一 above')).toBe('领取已在分支一里')
  })

  it('is null when no pattern fits', () => {
    for (const message of ['', 'is', 'is missing!', 'stands in above']) expect(translate(message)).toBeNull()
  })
})

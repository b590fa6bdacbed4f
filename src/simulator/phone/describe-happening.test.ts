import { expect, it } from 'vitest'
import { describeHappening } from './describe-happening.ts'
import { HAPPENING_TEXTS } from './phone-texts.ts'

const send = (errcode: number | null, unclear = false) => ({
  kind: 'send' as const,
  at: 0,
  what: 'text',
  errcode,
  unclear,
})

it.each(['zh', 'en'] as const)('a message that arrived has no error code, in %s', (language) => {
  const { tone, title, detail } = describeHappening(send(0), HAPPENING_TEXTS[language])
  expect(tone).toBe('green')
  expect(`${title} ${detail}`).not.toMatch(/errcode|\d/)
  expect(detail).toBe(language === 'zh' ? '微信已接受' : 'Accepted by WeChat')
})

it('a message that WeChat refused has the reason and the code, and one without an answer the fault', () => {
  const texts = HAPPENING_TEXTS.zh
  expect(describeHappening(send(45_015), texts)).toMatchObject({
    tone: 'red',
    title: '未送达：文字',
    detail: '超过可以回复的时间，或粉丝已取消关注 · errcode 45015',
  })
  expect(describeHappening(send(null), texts).detail).toBe(texts.noResponse)
  expect(describeHappening(send(0, true), texts)).toMatchObject({ tone: 'amber', detail: texts.unclear })
})

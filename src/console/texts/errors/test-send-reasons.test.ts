import { expect, it } from 'vitest'
import { isIn, literalsIn } from '../../../../test/harness/message-literals.ts'
import { TEST_SEND_REASONS, testSendReason } from './test-send-reasons.ts'

const WRITE = 'ask the tester to send any message to the account, then repeat the test'

it.each([
  [
    `response out of time limit: WeChat's reply window is over: ${WRITE}`,
    '互动窗口已过：请试发对象先给公众号发一条消息，再试发一次（微信返回：response out of time limit）',
  ],
  ['invalid media_id: check the medium', '请检查素材（微信返回：invalid media_id）'],
  ['WeChat is not reachable: connect ECONNREFUSED', '连不上微信：connect ECONNREFUSED'],
  ['the account cannot send: 48004 api forbidden', '公众号现在不能发送：48004 api forbidden'],
])('%s', (reason, text) => {
  expect(testSendReason(reason, 'zh')).toBe(text)
  expect(testSendReason(reason, 'en')).toBe(reason)
})

it('has words for the reasons of a series in both languages', () => {
  expect(testSendReason('empty-text: name', 'zh')).not.toContain('empty')
  expect(testSendReason('empty-text: name', 'en')).not.toContain('empty-text')
})

it('has a Chinese text for each text of a test send', () => {
  const literals = literalsIn(['activities/send/test-send.ts'])
  expect(literals.length).toBeGreaterThan(10)
  const patterns = Object.keys(TEST_SEND_REASONS).flatMap((text) => [text, `{said}: ${text}`])
  const missing = literals.filter(
    ({ parts }) => !patterns.includes(parts.join('')) && !patterns.some((pattern) => isIn(pattern, parts)),
  )
  expect(missing.map(({ place, parts }) => `${place}: ${parts.join('…')}`)).toEqual([])
})

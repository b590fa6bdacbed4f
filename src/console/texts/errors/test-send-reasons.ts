import { createTranslation, type MessageTable } from '../../../shared/message-texts.ts'
import type { Language } from '../bilingual.ts'
import { reasonWords } from '../reason-labels.ts'
import { REMEDY_TEXTS } from './remedy-texts.ts'

/** What to do about WeChat's refusal of a message. */
const ADVICE: MessageTable = {
  ...REMEDY_TEXTS,
  'ask the tester to send any message to the account, then repeat the test':
    '请试发对象先给公众号发一条消息，再试发一次',
  "WeChat's reply window is over: {then:text}": '互动窗口已过：{then}',
  'the messages that WeChat allows are used up: {then:text}': '微信允许的条数已用完：{then}',
  'the tester does not follow the account any more: ask the tester to follow it again':
    '试发对象已取消关注：请对方重新关注',
  'the tester refuses messages of the account: {then:text}': '试发对象拒收公众号的消息：{then}',
  'the openId is not one of this account': '这个 openId 不属于这个公众号',
  'WeChat refuses this message: change it': '微信不接受这条消息：请修改内容',
  'repeat the test in a minute': '请一分钟后再试发一次',
  'check the medium': '请检查素材',
  'look at the phone before you repeat the test': '可能已经送达：请先看手机，再决定是否重发',
}

/** `TestMessageResult.reason`. WeChat's own words stay as they are. */
export const TEST_SEND_REASONS: MessageTable = {
  ...ADVICE,
  '{said}: {then:text}': '{then}（微信返回：{said}）',
  'WeChat is not reachable: {said}': '连不上微信：{said}',
  'the account cannot send: it was removed': '公众号已被删除，不能发送',
  'it was removed': '公众号已被删除',
  'the account cannot send: {why}': '公众号现在不能发送：{why}',
}

const chinese = createTranslation([TEST_SEND_REASONS])

/** Why a message of a test was not sent and what to do, in the language of the reader. */
export function testSendReason(reason: string, language: Language): string {
  return (language === 'zh' ? chinese(reason) : null) ?? reasonWords(reason, language)
}

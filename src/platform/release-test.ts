import type { Inbound } from '../wechat/callback/events.ts'
import type { PassiveReply } from '../wechat/callback/passive-reply.ts'

/**
 * The five official accounts of WeChat's release test (全网发布):
 * https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/operation/thirdparty/releases_instructions
 * They have no campaigns, and no authorisation in the store.
 */
const RELEASE_TEST_ACCOUNTS: ReadonlySet<string> = new Set([
  'wx570bc396a51b8ff8',
  'wx9252c5e0bb1836fc',
  'wx8e1097c5bc82cde9',
  'wx14550af28c71a144',
  'wxa35b9c23cfe664eb',
])
const TEXT_REQUEST = 'TESTCOMPONENT_MSG_TYPE_TEXT'
const QUERY_PREFIX = 'QUERY_AUTH_CODE:'

/** The required answer: a passive reply, or an empty answer and a message through the API; null: an empty answer. */
export type ReleaseTestAnswer =
  | { reply: PassiveReply }
  | { sendFor: { authCode: string; text: string } }
  | null

export function isReleaseTestAccount(appId: string): boolean {
  return RELEASE_TEST_ACCOUNTS.has(appId)
}

/** The answer to one callback of the release test. */
export function answerReleaseTest(inbound: Inbound): ReleaseTestAnswer {
  if (inbound.kind === 'text') {
    if (inbound.content === TEXT_REQUEST) return text(`${TEXT_REQUEST}_callback`)
    if (inbound.content.startsWith(QUERY_PREFIX)) {
      const authCode = inbound.content.slice(QUERY_PREFIX.length)
      return { sendFor: { authCode, text: `${authCode}_from_api` } }
    }
    return null
  }
  // Older versions of the test expect the name of each event. Newer versions ignore it.
  return inbound.eventName ? text(`${inbound.eventName}from_callback`) : null
}

function text(content: string): ReleaseTestAnswer {
  return { reply: { kind: 'text', content } }
}

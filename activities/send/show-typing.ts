import { setTimeout as sleep } from 'node:timers/promises'
import type { ActivityDeps, SendAccount } from '../deps.ts'

/** How long a send waits for WeChat's answer, ms. A slow answer must not cost the message its grant. */
const ANSWER_MS = 2_000

/**
 * Shows the follower that a message is being typed: 客服输入状态. WeChat shows it for 15 s, and until a message arrives. WeChat
 * refuses it when no message was exchanged in the last 30 s (45080), while it is shown already (45081) and where no message
 * could be sent (45015). Every refusal and every failure means only that it is not shown. Sources:
 * https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing.html (command and codes) and
 * https://developers.weixin.qq.com/miniprogram/en/dev/framework/open-ability/customer-message/typing.html (conditions).
 * @returns whether WeChat shows it
 */
export async function showTyping(
  { tokens, log }: Pick<ActivityDeps, 'tokens' | 'log'>,
  { appId, client }: Pick<SendAccount, 'appId' | 'client'>,
  openId: string,
): Promise<boolean> {
  const request = async () => {
    const token = await tokens.getToken(appId)
    if (!token.ok) return false
    const answer = await client.typing(token.accessToken, openId)
    return answer.kind === 'answered' && answer.errcode === 0
  }
  const late = new AbortController()
  try {
    return await Promise.race([request(), sleep(ANSWER_MS, false, { signal: late.signal })])
  } catch (err) {
    log.debug({ err, appId }, 'typing not shown')
    return false
  } finally {
    late.abort()
  }
}

import type { ReceivingAccount } from '../callback/callback-deps.ts'
import type { Log } from '../shared/log.ts'
import type { Account } from '../store/accounts/account.ts'
import type { WechatClient } from '../wechat/api/client.ts'
import type { Inbound } from '../wechat/callback/events.ts'
import type { PassiveReply } from '../wechat/callback/passive-reply.ts'
import type { PlatformService } from './platform-service.ts'
import { answerReleaseTest, isReleaseTestAccount } from './release-test.ts'

/** Finds accounts for the callback when a platform serves some of them, and answers WeChat's release test. */
export function createCallbackAccounts(deps: {
  platform: PlatformService
  configCache: { isCached(appId: string): boolean; findAccount(appId: string): Promise<Account | null> }
  clientOf(account: { apiBase: string | null }): WechatClient
  log: Log
}) {
  const { platform, log } = deps
  return {
    isCached: (appId: string) => isReleaseTestAccount(appId) || deps.configCache.isCached(appId),
    async findAccount(appId: string): Promise<ReceivingAccount | null> {
      if (isReleaseTestAccount(appId)) {
        return platform.asCallbackAccount({
          appId,
          name: appId,
          timezone: 'Asia/Shanghai',
          variables: {},
          humanAgents: false,
          apiBase: platform.config.apiBase ?? null,
        })
      }
      const found = await deps.configCache.findAccount(appId)
      return found?.kind === 'authorised' ? platform.asCallbackAccount(found) : found
    },
    releaseTestReply(appId: string, inbound: Inbound): { reply: PassiveReply | null } | null {
      if (!isReleaseTestAccount(appId)) return null
      const answer = answerReleaseTest(inbound)
      if (answer && 'reply' in answer) return answer
      if (answer) {
        const { authCode, text } = answer.sendFor
        sendTestMessage(inbound.openId, authCode, text).catch((err) =>
          log.error({ err }, 'release test message could not be sent'),
        )
      }
      return { reply: null }
    },
  }

  async function sendTestMessage(touser: string, authCode: string, content: string): Promise<void> {
    const token = await platform.accessTokenForCode(authCode)
    const body = { touser, msgtype: 'text', text: { content } }
    const answer = await deps.clientOf({ apiBase: platform.config.apiBase ?? null }).customSend(token, body)
    log.info(
      { answer: answer.kind, errcode: 'errcode' in answer ? answer.errcode : null },
      'release test message sent',
    )
  }
}

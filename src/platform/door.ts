import type { IntakeAccount } from '../intake/callback.ts'
import type { Log } from '../log.ts'
import type { Account } from '../store/accounts.ts'
import type { WechatClient } from '../wechat/client.ts'
import type { Inbound } from '../wechat/events.ts'
import type { PassiveReply } from '../wechat/reply.ts'
import type { Platform } from './component.ts'
import { answerTester, isTestAccount } from './release-test.ts'

/** How the callback sees accounts where a platform serves some of them, and WeChat's tester of platforms. */
export function createPlatformDoor(deps: {
  platform: Platform
  directory: { knows(appId: string): boolean; account(appId: string): Promise<Account | null> }
  clientOf(account: { apiBase: string | null }): WechatClient
  log: Log
}) {
  const { platform, log } = deps
  return {
    knows: (appId: string) => isTestAccount(appId) || deps.directory.knows(appId),
    async account(appId: string): Promise<IntakeAccount | null> {
      if (isTestAccount(appId)) {
        return platform.serve({
          appId,
          name: appId,
          timezone: 'Asia/Shanghai',
          variables: {},
          humanAgents: false,
          apiBase: platform.config.apiBase ?? null,
        })
      }
      const found = await deps.directory.account(appId)
      return found?.kind === 'authorised' ? platform.serve(found) : found
    },
    tester(appId: string, inbound: Inbound): { reply: PassiveReply | null } | null {
      if (!isTestAccount(appId)) return null
      const answer = answerTester(inbound)
      if (answer && 'reply' in answer) return answer
      if (answer) {
        const { authCode, text } = answer.sendFor
        send(inbound.openId, authCode, text).catch((err) => log.error({ err }, 'release test: not sent'))
      }
      return { reply: null }
    },
  }

  async function send(touser: string, authCode: string, content: string): Promise<void> {
    const token = await platform.tokenOfCode(authCode)
    const body = { touser, msgtype: 'text', text: { content } }
    const answer = await deps.clientOf({ apiBase: platform.config.apiBase ?? null }).customSend(token, body)
    log.info({ answer: answer.kind, errcode: 'errcode' in answer ? answer.errcode : null }, 'release test')
  }
}

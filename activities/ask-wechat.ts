import type { WechatAnswer } from '../src/wechat/client.ts'
import { classOf } from '../src/wechat/errcodes.ts'
import type { ActivityDeps, SendAccount } from './ports.ts'

/** WeChat's answer to a call that may be asked again. */
export type Asked<T> =
  | { ok: true; data: T }
  /** `again`: another try may help. */
  | { ok: false; again: boolean; reason: string; errcode: number | null }

/** What passes, or what sends of this account meet as well and deal with: it is waited for. */
const PASSES = ['retry', 'token', 'quota-minute', 'account-paused', 'needs-authorisation']

/**
 * One idempotent call; an access token that WeChat refuses is fetched once more. It stops no account: one that may not
 * ask about users can still send.
 */
export async function askWechat<T>(
  { tokens }: Pick<ActivityDeps, 'tokens'>,
  { appId, client }: SendAccount,
  call: (client: SendAccount['client'], accessToken: string) => Promise<WechatAnswer<T>>,
): Promise<Asked<T>> {
  let token = await tokens.getToken(appId)
  for (let refusals = 0; ; refusals++) {
    if (!token.ok) return no(true, `no access token: ${token.reason}`, token.errcode)
    const answer = await call(client, token.accessToken)
    if (answer.kind !== 'answered') return no(true, answer.reason, null)
    const { errcode } = answer
    if (errcode === 0 && answer.data !== null) return { ok: true, data: answer.data }
    const kind = classOf(errcode)
    if (kind !== 'token' || refusals > 0) return no(PASSES.includes(kind), answer.errmsg, errcode)
    token = await tokens.afterRefusal(appId, token.accessToken, 'normal')
  }
}

function no(again: boolean, reason: string, errcode: number | null): Extract<Asked<never>, { ok: false }> {
  return { ok: false, again, reason, errcode }
}

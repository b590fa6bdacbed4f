import type { PassiveReply } from '../../wechat/callback/passive-reply.ts'
import type { AuthenticCallback } from '../authenticate.ts'
import type { CallbackContext, ReceivingAccount } from '../callback-deps.ts'

/** Forwards the event to the account's second URL. @returns its passive reply; null without a reply or a second URL */
export async function forwardCallback(
  { forward: forwarder }: Pick<CallbackContext, 'forward'>,
  { appId, forward }: ReceivingAccount,
  { inbound, plain, format }: AuthenticCallback,
): Promise<PassiveReply | null> {
  if (!forward || !forwarder) return null
  const { openId, toUserName } = inbound
  return forwarder(forward, { appId, openId, toUserName, plain: plain.toString('utf8'), format })
}

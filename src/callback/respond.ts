import type { Context } from 'hono'
import { type PassiveReply, renderReply, withoutEmptyParts } from '../wechat/callback/passive-reply.ts'
import type { AuthenticCallback } from './authenticate.ts'
import type { ReceivingAccount } from './callback-deps.ts'

/**
 * Answers with the passive reply in the format of the request, encrypted exactly when the request was. Answers with
 * `acknowledgement` when there is no reply, or the reply is empty.
 * @param call.now epoch ms
 */
export function respond(
  c: Context,
  call: {
    account: ReceivingAccount
    callback: AuthenticCallback
    reply: PassiveReply | null
    acknowledgement: 'success' | ''
    now: number
  },
): Response {
  const { account, callback, now } = call
  const reply = call.reply && withoutEmptyParts(call.reply)
  if (!reply) return c.text(call.acknowledgement)
  const { inbound, format, aesKey: encodingAesKey, token } = callback
  const timestamp = Math.floor(now / 1000)
  const encrypt =
    encodingAesKey === null
      ? {}
      : {
          encrypt: {
            account: { ...account, token, encodingAesKey },
            nonce: c.req.query('nonce') ?? '',
            timestamp,
          },
        }
  const body = renderReply({
    reply,
    to: inbound.openId,
    from: inbound.toUserName,
    createTime: timestamp,
    format,
    ...encrypt,
  })
  return c.body(body, 200, {
    'content-type': format === 'xml' ? 'application/xml; charset=utf-8' : 'application/json; charset=utf-8',
  })
}

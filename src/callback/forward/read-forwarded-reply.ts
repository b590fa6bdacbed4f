import { decodeAesKey, decrypt, signatureMatches } from '../../wechat/callback/crypto.ts'
import type { Forward } from '../../wechat/callback/outbound-envelope.ts'
import { type PassiveReply, parseReply } from '../../wechat/callback/passive-reply.ts'
import { parseBody } from '../../wechat/callback/xml-json.ts'

/**
 * Reads the answer of a second URL by WeChat's rules for answers.
 * @param nonce the nonce of the request
 * @throws Error when WeChat would refuse the answer
 */
export function readForwardedReply(
  to: Forward,
  event: { appId: string; openId: string; toUserName: string },
  text: string,
  nonce: string,
): PassiveReply {
  let { record } = parseBody(Buffer.from(text))
  const { Encrypt: ciphertext, MsgSignature, TimeStamp, Nonce } = record
  if (to.mode !== 'plain' && typeof ciphertext === 'string') {
    const signature = typeof MsgSignature === 'string' ? MsgSignature : undefined
    // Some systems answer with their own nonce.
    const answerNonce = typeof Nonce === 'string' ? Nonce : nonce
    if (!signatureMatches(signature, to.token, String(TimeStamp), answerNonce, ciphertext))
      throw new Error('the signature of its answer is wrong')
    const decrypted = decrypt(ciphertext, decodeAesKey(to.encodingAesKey ?? ''))
    if (decrypted.trailingId !== event.appId) throw new Error('its answer is encrypted for another appId')
    record = parseBody(decrypted.message).record
  } else if (to.mode === 'security') throw new Error('its answer is not encrypted')
  const isForFollower = record.ToUserName === event.openId && record.FromUserName === event.toUserName
  const reply = isForFollower ? parseReply(record) : null
  if (!reply) throw new Error('its answer is not a passive reply to this follower')
  return reply
}

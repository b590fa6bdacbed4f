import { randomInt } from 'node:crypto'
import { decodeAesKey, encrypt, signatureOf } from './crypto.ts'
import type { BodyFormat } from './xml-json.ts'

/**
 * A second URL that receives an account's events. WeChat has one URL for each account only, and another system may have used
 * it before.
 */
export interface Forward {
  url: string
  token: string
  encodingAesKey: string | null
  mode: 'plain' | 'compatible' | 'security'
  /** True when its passive reply is sent to the follower, unless a campaign has one. */
  useReply: boolean
}

/** `appId`: the id at the end of a ciphertext. */
type OutboundTarget = Omit<Forward, 'url' | 'useReply'> & { appId: string }

/**
 * Wraps an event in the envelope in which WeChat delivers it, signed with the target's token.
 * @param event `plain`: the event's text as received, so that 64-bit ids stay exact; `timestamp`: seconds
 */
export function wrapEvent(
  target: OutboundTarget,
  event: { plain: string; format: BodyFormat; openId: string; toUserName: string; timestamp: number },
): { query: URLSearchParams; body: string; nonce: string } {
  const { plain, format } = event
  const nonce = String(randomInt(2 ** 31))
  const timestamp = String(event.timestamp)
  const query = new URLSearchParams({
    signature: signatureOf(target.token, timestamp, nonce),
    timestamp,
    nonce,
    openid: event.openId,
  })
  if (target.mode === 'plain') return { query, body: plain, nonce }
  const encrypted = encrypt(plain, target.appId, decodeAesKey(target.encodingAesKey ?? ''))
  query.set('encrypt_type', 'aes')
  query.set('msg_signature', signatureOf(target.token, timestamp, nonce, encrypted))
  if (target.mode === 'compatible') return { query, body: withEncrypt(plain, format, encrypted), nonce }
  const body =
    format === 'json'
      ? JSON.stringify({ ToUserName: event.toUserName, Encrypt: encrypted })
      : `<xml><ToUserName><![CDATA[${event.toUserName}]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`
  return { query, body, nonce }
}

/** Adds the ciphertext to the plain fields, as in compatible mode. */
function withEncrypt(plain: string, format: BodyFormat, encrypted: string): string {
  if (format === 'json') return plain.replace('{', `{"Encrypt":${JSON.stringify(encrypted)},`)
  const end = plain.lastIndexOf('</xml>')
  return `${plain.slice(0, end)}<Encrypt><![CDATA[${encrypted}]]></Encrypt>${plain.slice(end)}`
}

import * as wecom from '@wecom/crypto'
import { XMLParser } from 'fast-xml-parser'
import { isRecord } from '../is-record.ts'
import type { PushTarget } from './envelope.ts'

/** A passive reply (被动回复用户消息) that WeChat shows. */
export interface PassiveReply {
  msgType: string
  fields: Record<string, unknown>
}

/** WeChat's verdict on an answer: a reply, no reply (`success`, empty), or a rejection with the reason. */
export type ReplyVerdict = { reply: PassiveReply | null } | { refused: string }

type Fields = Record<string, unknown>

const TEXT_BYTES_MAX = 2048
/** Seconds. Servers that send milliseconds are accepted too. */
const TIME = /^\d{1,13}$/
const parser = new XMLParser({ parseTagValue: false, ignoreAttributes: true })
const isFilled = (x: unknown): boolean => typeof x === 'string' && x !== ''
/** The text of a field. JSON may have numbers where XML has digits. */
const textOf = (x: unknown): string => (typeof x === 'string' || typeof x === 'number' ? String(x) : '')

/**
 * Reads the body of a 200 answer as WeChat does. WeChat accepts an empty body, `success` and a complete reply. For anything
 * else, the phone shows that the service has a fault. WeChat alerts even for `"success"` in quotes, for a reply whose sender
 * and receiver were not swapped, and for the type `event`.
 * Sources: 被动回复用户消息, https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html;
 * alerts 得到的回应不合法: https://developers.weixin.qq.com/community/develop/doc/0000e430718bf00a0bdcb173e5bc00 (quotes),
 * …/doc/00064a227743b84ddd7aa6e1f56000 (not swapped), …/doc/0002cc32a602f8b17fe949e6851c00 (`event`)
 * @param to the openid of the callback's follower
 */
export function readReply(target: PushTarget, text: string, to: string): ReplyVerdict {
  if (text === '' || text === 'success') return { reply: null }
  const outer = parseAny(text)
  if (!outer) return { refused: 'the answer is neither XML nor JSON, nor success, nor empty' }
  const isSealed = target.mode !== 'plain' && outer.Encrypt !== undefined
  if (!isSealed && target.mode === 'security')
    return { refused: 'the account is in security mode (安全模式), but the reply is not encrypted' }
  const opened = isSealed
    ? openReply(target, outer)
    : { fields: outer, isJson: text.trimStart().startsWith('{') }
  if ('refused' in opened || 'reply' in opened) return opened
  if (opened.isJson && target.format !== 'json')
    return { refused: 'the account receives XML, but the reply is JSON (异常数据，比如JSON数据)' }
  const problem = checkAddress(opened.fields, target, to) ?? checkContent(opened.fields, target)
  if (problem) return { refused: problem }
  const { MsgType, ToUserName: _to, FromUserName: _from, CreateTime: _at, ...fields } = opened.fields
  return { reply: { msgType: String(MsgType), fields } }
}

/**
 * Decrypts a reply. `MsgSignature` covers the reply's own `TimeStamp` and `Nonce`. Both may be those of the request or the
 * server's own: "时间戳，可以自己生成，也可以用URL参数的timestamp", and likewise for the nonce, in WeChat's sample code
 * (`WXBizMsgCrypt.EncryptMsg`). The order of the fields does not matter, nor does CDATA. That a reply without one of them is
 * rejected is inferred: its signature would cover nothing.
 * Source: https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md and its cryptoDemo.zip
 */
function openReply(
  target: PushTarget,
  outer: Fields,
): { fields: Fields; isJson: boolean } | { reply: null } | { refused: string } {
  const [ciphertext, signature, timestamp, nonce] = ['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'].map(
    (name) => textOf(outer[name]),
  ) as [string, string, string, string]
  const missing = Object.entries({
    Encrypt: ciphertext,
    MsgSignature: signature,
    TimeStamp: timestamp,
    Nonce: nonce,
  })
    .filter(([, value]) => value === '')
    .map(([name]) => name)
  if (missing.length > 0) return { refused: `the encrypted reply has no ${missing.join(', ')}` }
  if (!TIME.test(timestamp)) return { refused: 'the TimeStamp of the encrypted reply is not a number' }
  if (wecom.getSignature(target.token, timestamp, nonce, ciphertext) !== signature)
    return { refused: 'MsgSignature does not match the token and the reply’s TimeStamp, Nonce and Encrypt' }
  try {
    const { id, message } = wecom.decrypt(target.encodingAesKey ?? '', ciphertext)
    if (id !== (target.encryptionId ?? target.appId)) return { refused: `the reply is encrypted for ${id}` }
    // Inferred: silenceper/wechat encrypts nothing where there is no reply, and its users see no fault in security mode. In
    // plain mode the same answer was a fault. Source: its officialaccount/server/server.go (`Send`) and issue 586
    if (message === '' || message === 'success') return { reply: null }
    const fields = parseAny(message)
    if (!fields) return { refused: 'the decrypted reply is neither XML nor JSON' }
    return { fields, isJson: message.trimStart().startsWith('{') }
  } catch {
    return { refused: 'the reply cannot be decrypted with the account’s EncodingAESKey' }
  }
}

/** Sender and receiver must be swapped. All fields are required. */
function checkAddress(fields: Fields, target: PushTarget, to: string): string | null {
  if (fields.ToUserName !== to)
    return `ToUserName must be the follower’s openid, but is ${textOf(fields.ToUserName)}`
  if (fields.FromUserName !== target.originalId)
    return `FromUserName must be the account’s ${target.originalId}, but is ${textOf(fields.FromUserName)}`
  if (!TIME.test(textOf(fields.CreateTime))) return 'CreateTime must be a whole number'
  return null
}

/** The required fields of each type (是否必须: 是). An empty Content is a fault, not silence: WeChat's page warns of it. */
function checkContent(fields: Fields, target: PushTarget): string | null {
  const kind = textOf(fields.MsgType)
  switch (kind) {
    case 'text': {
      if (!isFilled(fields.Content))
        return 'a text needs Content; to send no reply, answer success or an empty body'
      const bytes = Buffer.byteLength(String(fields.Content))
      return bytes > TEXT_BYTES_MAX
        ? `Content has ${bytes} bytes; at most ${TEXT_BYTES_MAX} are allowed`
        : null
    }
    case 'image':
      return checkMedium(fields.Image, 'Image', 'image', target)
    case 'voice':
      return checkMedium(fields.Voice, 'Voice', 'voice', target)
    case 'video':
      return checkMedium(fields.Video, 'Video', 'video', target)
    case 'music':
      return checkMedium(fields.Music, 'Music', 'thumb', target)
    case 'news':
      return checkNews(fields)
    case 'transfer_customer_service':
      return null
    default:
      return kind === '' ? 'the reply has no MsgType' : `WeChat accepts no reply of the type ${kind}`
  }
}

/** The id must be of the account's material. That an unknown id is a fault is inferred. */
function checkMedium(
  part: unknown,
  name: string,
  type: 'image' | 'voice' | 'video' | 'thumb',
  target: PushTarget,
): string | null {
  const field = type === 'thumb' ? 'ThumbMediaId' : 'MediaId'
  const id = isRecord(part) ? part[field] : undefined
  if (typeof id !== 'string' || id === '') return `${name} needs ${field}`
  if (target.hasMedia && !target.hasMedia(id, type)) return `the account has no ${type} ${id}`
  return null
}

/** `ArticleCount` and at least one article, each with a title. WeChat drops surplus articles. */
function checkNews(fields: Fields): string | null {
  const { Articles: given } = fields
  const listed = isRecord(given) ? given.item : given
  const articles = listed === undefined || listed === '' ? [] : [listed].flat()
  if (articles.length === 0) return 'news needs Articles'
  if (!/^[1-9]\d*$/.test(textOf(fields.ArticleCount))) return 'news needs ArticleCount'
  return articles.every((a) => isRecord(a) && isFilled(a.Title)) ? null : 'each article needs a Title'
}

function parseAny(text: string): Fields | null {
  try {
    const value: unknown = text.trimStart().startsWith('{') ? JSON.parse(text) : parser.parse(text).xml
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

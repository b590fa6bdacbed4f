import { isBlank } from '../../shared/text.ts'
import { decodeAesKey, encrypt, signatureOf } from './crypto.ts'
import type { CallbackAccount } from './envelope.ts'
import type { FieldRecord, FieldValue } from './field-record.ts'
import type { BodyFormat } from './xml-json.ts'

/** A passive reply in the answer to a callback (被动回复用户消息). It uses no quota. */
export type PassiveReply =
  | { kind: 'text'; content: string }
  | { kind: 'image' | 'voice'; mediaId: string }
  | { kind: 'video'; mediaId: string; title: string; description: string }
  | {
      kind: 'music'
      title: string
      description: string
      musicUrl: string
      hqMusicUrl: string
      thumbMediaId: string
    }
  | { kind: 'news'; articles: { title: string; description: string; picUrl: string; url: string }[] }
  /** Transfers the follower to human agents; to the agent `kfAccount` if it is set and that agent is online. */
  | { kind: 'transfer_customer_service'; kfAccount?: string }

type Tree = string | number | Tree[] | { [name: string]: Tree }

/**
 * Renders a passive reply as WeChat needs it, in the format of the request, and encrypted exactly when the request was. The
 * request's sender is the receiver. `createTime` and `timestamp` are seconds.
 */
export function renderReply(call: {
  reply: PassiveReply
  to: string
  from: string
  createTime: number
  format: BodyFormat
  encrypt?: { account: CallbackAccount; nonce: string; timestamp: number; random?: Buffer }
}): string {
  const { reply, to, from, createTime, format } = call
  const inner = serialise(
    { ToUserName: to, FromUserName: from, CreateTime: createTime, MsgType: reply.kind, ...fieldsOf(reply) },
    format,
  )
  if (!call.encrypt) return inner
  const { account, nonce, timestamp, random } = call.encrypt
  const key = decodeAesKey(account.encodingAesKey ?? '')
  const encrypted = encrypt(inner, account.trailingId ?? account.appId, key, ...(random ? [random] : []))
  const MsgSignature = signatureOf(account.token, String(timestamp), nonce, encrypted)
  return serialise({ Encrypt: encrypted, MsgSignature, TimeStamp: timestamp, Nonce: nonce }, format)
}

/** Reads a passive reply that another system made; null when WeChat would not accept it. */
export function parseReply(record: FieldRecord): PassiveReply | null {
  const text = (value: FieldValue | undefined) => (typeof value === 'string' ? value : '')
  const part = (value: FieldValue | undefined): FieldRecord =>
    typeof value === 'object' && !Array.isArray(value) ? value : {}
  const medium = part(
    { image: record.Image, voice: record.Voice, video: record.Video }[text(record.MsgType)] ?? '',
  )
  const mediaId = text(medium.MediaId)
  switch (record.MsgType) {
    case 'text':
      return text(record.Content) ? { kind: 'text', content: text(record.Content) } : null
    case 'image':
    case 'voice':
      return mediaId ? { kind: record.MsgType, mediaId } : null
    case 'video': {
      const { Title: title, Description: description } = medium
      return mediaId ? { kind: 'video', mediaId, title: text(title), description: text(description) } : null
    }
    case 'music': {
      const music = part(record.Music)
      return {
        kind: 'music',
        title: text(music.Title),
        description: text(music.Description),
        // WeChat's page has MusicUrl in its example and MusicURL in its table.
        musicUrl: text(music.MusicUrl) || text(music.MusicURL),
        hqMusicUrl: text(music.HQMusicUrl),
        thumbMediaId: text(music.ThumbMediaId),
      }
    }
    case 'news': {
      // XML repeats <item>, and JSON has a list.
      const { Articles: given = [] } = record
      const articles = [Array.isArray(given) ? given : (part(given).item ?? [])].flat().map(part)
      return articles.length === 0
        ? null
        : {
            kind: 'news',
            articles: articles.map((a) => ({
              title: text(a.Title),
              description: text(a.Description),
              picUrl: text(a.PicUrl),
              url: text(a.Url),
            })),
          }
    }
    case 'transfer_customer_service': {
      const kfAccount = text(part(record.TransInfo).KfAccount)
      return { kind: 'transfer_customer_service', ...(kfAccount ? { kfAccount } : {}) }
    }
    default:
      return null
  }
}

/**
 * Returns the reply without articles that cannot be opened. Returns null when a field that WeChat requires (被动回复用户消息) is
 * empty: WeChat would then show the follower an error of the account's service.
 */
export function withoutEmptyParts(reply: PassiveReply): PassiveReply | null {
  switch (reply.kind) {
    case 'text':
      return isBlank(reply.content) ? null : reply
    case 'image':
    case 'voice':
    case 'video':
      return reply.mediaId ? reply : null
    case 'music':
      return reply.thumbMediaId ? reply : null
    case 'news': {
      const articles = reply.articles.filter((a) => !isBlank(a.title) && a.url.trim() !== '')
      return articles.length > 0 ? { ...reply, articles } : null
    }
    default:
      return reply
  }
}

function fieldsOf(reply: PassiveReply): { [name: string]: Tree } {
  switch (reply.kind) {
    case 'text':
      return { Content: reply.content }
    case 'image':
      return { Image: { MediaId: reply.mediaId } }
    case 'voice':
      return { Voice: { MediaId: reply.mediaId } }
    case 'video':
      return { Video: { MediaId: reply.mediaId, Title: reply.title, Description: reply.description } }
    case 'music':
      return {
        Music: {
          Title: reply.title,
          Description: reply.description,
          MusicUrl: reply.musicUrl,
          HQMusicUrl: reply.hqMusicUrl,
          ThumbMediaId: reply.thumbMediaId,
        },
      }
    case 'news':
      return {
        ArticleCount: reply.articles.length,
        Articles: {
          item: reply.articles.map((a) => ({
            Title: a.title,
            Description: a.description,
            PicUrl: a.picUrl,
            Url: a.url,
          })),
        },
      }
    case 'transfer_customer_service':
      return reply.kfAccount ? { TransInfo: { KfAccount: reply.kfAccount } } : {}
    default:
      return reply satisfies never
  }
}

function serialise(tree: { [name: string]: Tree }, format: BodyFormat): string {
  return format === 'json' ? JSON.stringify(tree) : `<xml>${toXml(tree)}</xml>`
}

function toXml(tree: Tree, name?: string): string {
  if (Array.isArray(tree)) return tree.map((t) => toXml(t, name)).join('')
  const inner =
    typeof tree === 'number'
      ? String(tree)
      : typeof tree === 'string'
        ? cdata(tree)
        : Object.entries(tree)
            .map(([n, t]) => toXml(t, n))
            .join('')
  return name ? `<${name}>${inner}</${name}>` : inner
}

/** Characters that XML cannot contain: https://www.w3.org/TR/xml/#charsets. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find.
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** Wraps a text in CDATA. A `]]>` in it is split over two sections. */
function cdata(text: string): string {
  return `<![CDATA[${text.replace(NOT_IN_XML, '').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

import type { BubbleContent } from '../../ui/bubble-content.ts'
import { isRecord } from '../is-record.ts'
import type { SimAccountState, SimMessage } from '../state/model.ts'
import type { DrawnMessage } from './view-types.ts'

type Fields = Record<string, unknown>

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''
const fieldsOf = (value: unknown): Fields => (isRecord(value) ? { ...value } : {})

/** `custom/send`, passive replies and followers' messages name their fields differently. */
export function drawnMessage(account: SimAccountState, message: SimMessage): DrawnMessage {
  const { at, from, via, kind, content } = message
  const drawn = { at, from, via, kind, ...(typeof content.as === 'string' ? { as: content.as } : {}) }
  if (from === 'system') return { ...drawn, line: lineOf(content) }
  if (kind === 'transfer_customer_service')
    return { ...drawn, line: { zh: '已转接人工客服', en: 'Handed over to a human agent' } }
  return { ...drawn, bubble: bubbleOf(account, kind, content) }
}

function lineOf(content: Fields): { zh: string; en: string } {
  const zh = textOf(content.text)
  return { zh, en: textOf(content.en) || zh }
}

function bubbleOf(account: SimAccountState, kind: string, c: Fields): BubbleContent {
  // Passive replies have their fields in a part that is named like the kind: Image, Video …
  const part = fieldsOf(c[kind.charAt(0).toUpperCase() + kind.slice(1)])
  const picture = (id: unknown) => pictureOf(account, textOf(id))
  const titled = {
    title: textOf(c.title ?? part.Title),
    description: textOf(c.description ?? part.Description),
  }
  const thumb = picture(c.thumb_media_id ?? part.ThumbMediaId)
  switch (kind) {
    case 'image':
      return { kind, picture: picture(c.media_id ?? part.MediaId ?? c.mediaId) }
    case 'voice':
      return { kind, seconds: null }
    case 'video':
    case 'shortvideo':
      return { kind: 'video', ...titled, picture: thumb }
    case 'music':
      return { kind, ...titled, picture: thumb }
    case 'news':
      return newsOf(c)
    case 'msgmenu':
      return menuOf(c)
    case 'miniprogrampage':
      return { kind: 'miniprogram', title: titled.title, appId: textOf(c.appid), picture: thumb }
    case 'mpnews':
      return { kind: 'article', id: textOf(c.media_id) }
    case 'mpnewsarticle':
      return { kind: 'article', id: textOf(c.article_id) }
    case 'wxcard':
      return { kind: 'card', id: textOf(c.card_id) }
    case 'location':
      return { kind, label: textOf(c.label) }
    case 'link':
      return { kind, ...titled, url: textOf(c.url) }
    case 'file':
      return { kind, title: titled.title }
    case 'text':
      return { kind, text: textOf(c.content ?? c.Content ?? c.text) }
    default:
      return { kind: 'text', text: kind }
  }
}

function newsOf(c: Fields): BubbleContent {
  const passive = fieldsOf(c.Articles).item ?? c.Articles
  const article = fieldsOf([c.articles ?? passive].flat()[0])
  return {
    kind: 'news',
    title: textOf(article.title ?? article.Title),
    description: textOf(article.description ?? article.Description),
    // The picture is on another host, from which the pages load nothing.
    picture: null,
    url: textOf(article.url ?? article.Url),
  }
}

function menuOf(c: Fields): BubbleContent {
  const items = (Array.isArray(c.list) ? c.list : [])
    .map(fieldsOf)
    .map(({ id, content }) => ({ id: textOf(id), text: textOf(content) }))
  return { kind: 'menu', head: textOf(c.head_content), items, tail: textOf(c.tail_content) }
}

/** Browsers draw these. Another content type, or a medium whose file is gone, has no picture. */
const PICTURES = /^image\/(png|jpeg|gif|webp|bmp)$/

/** Where the pages get a picture that the account has uploaded; null: the simulator has no file of this id. */
function pictureOf(account: SimAccountState, id: string): string | null {
  const medium = account.media.get(id)
  if (!medium?.content || !PICTURES.test(medium.contentType ?? '')) return null
  return `/_sim/media/${encodeURIComponent(id)}`
}

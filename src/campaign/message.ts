import type { PassiveReply } from '../wechat/callback/passive-reply.ts'
import type { Message, Reply } from './message-model.ts'
import { kindOf } from './message-model.ts'
import { renderTemplate, type TemplateVariables, usesFollowerAttributes } from './template/template.ts'

/** An uploaded medium that a message needs at WeChat. */
export interface MediaRef {
  /** `sha256…` */
  id: string
  type: 'image' | 'voice' | 'video' | 'thumb'
}

/** WeChat's limit of a text message, bytes of UTF-8. Measured by other projects; the official page names none. */
export const TEXT_MAX_BYTES = 2_048

/** The body of a `custom/send` request, without `touser`. */
export type CustomSendBody = { msgtype: string } & Record<string, unknown>

/** The uploaded media that a message needs, without WeChat's own `mediaId`s. */
export function mediaRefs(message: Message | Reply): MediaRef[] {
  const m: Message = message
  const refs: MediaRef[] = []
  if (m.image?.file) refs.push({ id: m.image.file, type: 'image' })
  if (m.voice?.file) refs.push({ id: m.voice.file, type: 'voice' })
  if (m.video?.file) refs.push({ id: m.video.file, type: 'video' })
  for (const thumb of [m.video?.thumb, m.music?.thumb, m.miniprogram?.thumb]) {
    if (thumb && isUpload(thumb)) refs.push({ id: thumb, type: 'thumb' })
  }
  return refs
}

/** What a message needs before it can be rendered: media at WeChat, attributes of the follower. */
export function needsOf(message: Message): { media: boolean; attributes: boolean } {
  return {
    media: mediaRefs(message).length > 0,
    attributes: textsOf(message).some(([, text]) => usesFollowerAttributes(text)),
  }
}

/** Every text of a message, with its path below the message. */
export function textsOf(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, path ? `${path}.${key}` : key))
}

/** True for the id of an upload, which begins with the name of its hash. Any other id is a media_id of WeChat. */
export function isUpload(id: string): boolean {
  return id.startsWith('sha256')
}

/**
 * Renders a message as the body of `custom/send` (api_sendcustommessage).
 * @param mediaIdFor returns WeChat's media_id of an uploaded medium; throws when the medium is not at WeChat
 */
export function renderMessage(
  message: Message,
  variables: TemplateVariables,
  mediaIdFor: (ref: MediaRef) => string,
): CustomSendBody {
  const render = (template: string) => renderTemplate(template, variables)
  const body = bodyOf(message, render, mediaIdFor)
  return message.as ? { ...body, customservice: { kf_account: message.as } } : body
}

function bodyOf(
  m: Message,
  render: (t: string) => string,
  mediaIdFor: (ref: MediaRef) => string,
): CustomSendBody {
  const thumb = (id: string) => (isUpload(id) ? mediaIdFor({ id, type: 'thumb' }) : id)
  if (m.text !== undefined) return { msgtype: 'text', text: { content: render(m.text) } }
  if (m.image) return { msgtype: 'image', image: { media_id: mediaIdOf(m.image, 'image', mediaIdFor) } }
  if (m.voice) return { msgtype: 'voice', voice: { media_id: mediaIdOf(m.voice, 'voice', mediaIdFor) } }
  if (m.video) {
    return {
      msgtype: 'video',
      video: {
        media_id: mediaIdOf(m.video, 'video', mediaIdFor),
        thumb_media_id: thumb(m.video.thumb),
        title: render(m.video.title ?? ''),
        description: render(m.video.description ?? ''),
      },
    }
  }
  if (m.music) {
    const { title, description, url, hqUrl } = m.music
    return {
      msgtype: 'music',
      music: {
        title: render(title),
        description: render(description),
        musicurl: render(url),
        hqmusicurl: render(hqUrl ?? url),
        thumb_media_id: thumb(m.music.thumb),
      },
    }
  }
  if (m.news) {
    const { title, description, url, picurl } = m.news
    const article = {
      title: render(title),
      description: render(description),
      url: render(url),
      picurl: render(picurl),
    }
    return { msgtype: 'news', news: { articles: [article] } }
  }
  if (m.menu) {
    return {
      msgtype: 'msgmenu',
      msgmenu: {
        head_content: render(m.menu.head),
        list: m.menu.items.map((i) => ({ id: i.id, content: render(i.text) })),
        tail_content: render(m.menu.tail ?? ''),
      },
    }
  }
  if (m.miniprogram) {
    const { title, appId, path } = m.miniprogram
    return {
      msgtype: 'miniprogrampage',
      miniprogrampage: {
        title: render(title),
        appid: appId,
        pagepath: render(path),
        thumb_media_id: thumb(m.miniprogram.thumb),
      },
    }
  }
  if (m.article) return { msgtype: 'mpnewsarticle', mpnewsarticle: { article_id: m.article.id } }
  if (m.card) return { msgtype: 'wxcard', wxcard: { card_id: m.card.id } }
  throw new Error(`a message of kind ${kindOf(m)} cannot be sent`)
}

/** Renders the passive reply of a campaign. Parameters as in `renderMessage`. */
export function renderPassiveReply(
  reply: Reply,
  variables: TemplateVariables,
  mediaIdFor: (ref: MediaRef) => string,
): PassiveReply {
  const render = (template: string) => renderTemplate(template, variables)
  const thumb = (id: string) => (isUpload(id) ? mediaIdFor({ id, type: 'thumb' }) : id)
  if (reply.image) return { kind: 'image', mediaId: mediaIdOf(reply.image, 'image', mediaIdFor) }
  if (reply.voice) return { kind: 'voice', mediaId: mediaIdOf(reply.voice, 'voice', mediaIdFor) }
  if (reply.video) {
    const { title = '', description = '' } = reply.video
    return {
      kind: 'video',
      mediaId: mediaIdOf(reply.video, 'video', mediaIdFor),
      title: render(title),
      description: render(description),
    }
  }
  if (reply.music) {
    const { title, description, url, hqUrl } = reply.music
    return {
      kind: 'music',
      title: render(title),
      description: render(description),
      musicUrl: render(url),
      hqMusicUrl: render(hqUrl ?? url),
      thumbMediaId: thumb(reply.music.thumb),
    }
  }
  if (reply.news) {
    const { title, description, url, picurl } = reply.news
    const article = {
      title: render(title),
      description: render(description),
      picUrl: render(picurl),
      url: render(url),
    }
    return { kind: 'news', articles: [article] }
  }
  return { kind: 'text', content: render(reply.text ?? '') }
}

function mediaIdOf(
  medium: { file?: string | undefined; mediaId?: string | undefined },
  type: MediaRef['type'],
  mediaIdFor: (ref: MediaRef) => string,
): string {
  if (medium.mediaId) return medium.mediaId
  if (medium.file) return mediaIdFor({ id: medium.file, type })
  // The check of the campaign refuses such a message.
  throw new Error('the message has neither a file nor a mediaId')
}

import type { Message, Reply } from '../../campaign/message-model.ts'
import type { BubbleContent } from '../../ui/bubble-content.ts'
import type { MediaNames } from '../editor-data.ts'

interface Sources {
  /** Replaces the variables of a text. Default: the text as the campaign file has it. */
  render?: (template: string) => string
  /** The address of an uploaded medium (`sha256…`) or a media_id of WeChat; null: it cannot be shown. */
  pictureOf?: (id: string) => string | null
  /** Uploads by their ids. */
  media?: MediaNames
}

/** What the bubble of a campaign's message shows. A message with no kind yet, as in a draft, is an empty text. */
export function contentOfMessage(
  message: Partial<Message> | Reply,
  { render = (text) => text, pictureOf = () => null, media = {} }: Sources = {},
): BubbleContent {
  const m: Partial<Message> = message
  const picture = (id: string | undefined) => (id === undefined ? null : pictureOf(id))
  const named = (id: string | undefined) => {
    const filename = id === undefined ? undefined : media[id]?.filename
    return filename === undefined ? {} : { name: filename }
  }
  const titled = (of: { title?: string | undefined; description?: string | undefined }) => ({
    title: render(of.title ?? ''),
    description: render(of.description ?? ''),
  })
  if (m.image)
    return { kind: 'image', picture: picture(m.image.file ?? m.image.mediaId), ...named(m.image.file) }
  if (m.voice) return { kind: 'voice', seconds: null, ...named(m.voice.file) }
  if (m.video) {
    const { title, description } = titled(m.video)
    const shown = title === '' ? (named(m.video.file).name ?? '') : title
    return { kind: 'video', title: shown, description, picture: picture(m.video.thumb) }
  }
  if (m.music) return { kind: 'music', ...titled(m.music), picture: picture(m.music.thumb) }
  // Its picture is on another host, from which the pages load nothing.
  if (m.news) return { kind: 'news', ...titled(m.news), picture: null }
  if (m.menu) {
    const items = m.menu.items.map(({ id, text }) => ({ id, text: render(text) }))
    return { kind: 'menu', head: render(m.menu.head), items, tail: render(m.menu.tail ?? '') }
  }
  if (m.miniprogram) {
    const { title, appId, thumb } = m.miniprogram
    return { kind: 'miniprogram', title: render(title), appId, picture: picture(thumb) }
  }
  if (m.article) return { kind: 'article', id: m.article.id }
  if (m.card) return { kind: 'card', id: m.card.id }
  return { kind: 'text', text: render(m.text ?? '') }
}

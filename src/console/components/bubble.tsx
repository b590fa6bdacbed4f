import type { Child } from 'hono/jsx'
import type { BubbleTexts } from '../texts/bubble-texts.ts'
import type { BubbleContent } from './bubble-content.ts'

/*
 * No hook and no function of a server is used here, so that the same file can be compiled for the browser. The words are given
 * as `texts`: `useText(BUBBLE_TEXTS)` on the server.
 */

interface BubbleProps {
  content: BubbleContent
  texts: BubbleTexts
  /** `account`: on the left; `follower`: on the right, as on the follower's phone. */
  from?: 'account' | 'follower'
  /** `planned`: a dashed outline; `dim`: an earlier message; `hot`: the one that is edited; `failed`: it did not go. */
  look?: 'sent' | 'planned' | 'dim' | 'hot' | 'failed'
  /** The first character of the account's name. */
  initial?: string
  /** Below the bubble: its time, step, state. */
  meta?: Child
  id?: string
}

/** One message of a chat, as WeChat draws it. For an `<ol class="chat">`. */
export const Bubble = (props: BubbleProps) => {
  const { content, texts, from = 'account', look = 'sent', initial, meta, id } = props
  const isOut = from === 'follower'
  return (
    <li id={id} class={`message ${isOut ? 'out' : 'in'} ${look}`}>
      <span
        class="avatar"
        role="img"
        aria-label={isOut ? texts.follower : texts.account}
        translate={isOut ? undefined : 'no'}
      >
        {isOut ? texts.me : (initial ?? texts.account).slice(0, 1)}
      </span>
      <div class="message-body">
        <div class={`bubble ${content.kind}`} translate="no">
          <Content content={content} texts={texts} />
        </div>
        {meta === undefined ? null : <div class="message-meta">{meta}</div>}
      </div>
    </li>
  )
}

/** A line in the middle of a chat: a day, an event. */
export const ChatLine = ({
  kind = 'event',
  children,
}: {
  kind?: 'day' | 'event' | 'now'
  children?: Child
}) => (
  <li class={`chat-line ${kind}`}>
    <span>{children}</span>
  </li>
)

const Content = ({ content, texts }: { content: BubbleContent; texts: BubbleTexts }) => {
  switch (content.kind) {
    case 'text':
      return <Text text={content.text} />
    case 'image':
      return <Picture src={content.picture} label={texts.image} />
    case 'voice':
      return (
        <>
          <Drawing path="M11 5 6 9H3v6h3l5 4zM15 9a4 4 0 0 1 0 6M18 6a8 8 0 0 1 0 12" />
          <span>{content.seconds === null ? texts.voice : texts.seconds(content.seconds)}</span>
        </>
      )
    case 'video':
    case 'music':
    case 'news':
      return <Titled content={content} texts={texts} />
    case 'menu':
      return <Menu head={content.head} items={content.items} tail={content.tail} />
    case 'miniprogram':
      return (
        <>
          <small>{content.appId}</small>
          <b>{content.title}</b>
          <Picture src={content.picture} label={texts.image} />
          <small class="kind">{texts.miniprogram}</small>
        </>
      )
    case 'article':
    case 'card':
      return (
        <>
          <b>{texts[content.kind]}</b>
          <small>{content.id}</small>
        </>
      )
    default:
      return content satisfies never
  }
}

const Titled = (props: {
  content: Extract<BubbleContent, { kind: 'video' | 'music' | 'news' }>
  texts: BubbleTexts
}) => {
  const { kind, title, description, picture } = props.content
  return (
    <>
      <b>{title}</b>
      <div class="described">
        <p>{description}</p>
        <Picture src={picture} label={props.texts.image} />
      </div>
      {kind === 'news' ? null : <small class="kind">{props.texts[kind]}</small>}
    </>
  )
}

const Menu = (props: { head: string; items: readonly { id: string; text: string }[]; tail: string }) => (
  <>
    <p>
      <Text text={props.head} />
    </p>
    <ul>
      {props.items.map(({ id, text }) => (
        <li key={id}>{text}</li>
      ))}
    </ul>
    {props.tail ? (
      <p class="tail">
        <Text text={props.tail} />
      </p>
    ) : null}
  </>
)

const Picture = ({ src, label }: { src: string | null; label: string }) =>
  src === null ? (
    <span class="picture none" role="img" aria-label={label}>
      <Drawing path="M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 6M15 9h.01" />
    </span>
  ) : (
    <img class="picture" src={src} alt={label} loading="lazy" />
  )

const Drawing = ({ path }: { path: string }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={path} fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
  </svg>
)

/** A link of a text message: WeChat shows its words in blue. */
const LINK = /<a\s[^>]*?href\s*=\s*(["'])(.*?)\1[^>]*>(.*?)<\/a>/gis

/** A text message with its links, which lead nowhere here. */
const Text = ({ text }: { text: string }) => {
  const parts: Child[] = []
  let at = 0
  for (const link of text.matchAll(LINK)) {
    const [whole, , href = '', words = ''] = link
    parts.push(text.slice(at, link.index))
    parts.push(
      <span class="link" title={href}>
        {words}
      </span>,
    )
    at = link.index + whole.length
  }
  parts.push(text.slice(at))
  return <>{parts}</>
}

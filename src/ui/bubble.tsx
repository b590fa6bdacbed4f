import type { Child } from 'hono/jsx'
import type { BubbleContent } from './bubble-content.ts'
import type { BubbleTexts } from './bubble-texts.ts'

/*
 * No hook and no function of a server is used here, so that the same file can be compiled for the browser. The words are given
 * as `texts`: `useText(BUBBLE_TEXTS)` on the server.
 */

/** What can be tapped in a bubble. Absent: nothing, and links lead nowhere. */
interface BubbleActions {
  /** An item of a menu message, or a link of a text that answers like one. */
  tapItem(id: string, text: string): void
}

interface BubbleProps {
  content: BubbleContent
  texts: BubbleTexts
  /** `account`: on the left; `follower`: on the right, as on the follower's phone. */
  from?: 'account' | 'follower'
  /** `planned`: a dashed outline. */
  look?: 'sent' | 'planned'
  /** The first character of the account's name. */
  initial?: string
  /** Below the bubble: its time, step, state. */
  meta?: Child
  id?: string
  actions?: BubbleActions
  /** The attribute that keeps browsers from translating what people wrote. Preact sets a property, which is a boolean. */
  untranslated?: object
}

/** One message of a chat, as WeChat draws it. For an `<ol class="chat">`. */
export const Bubble = (props: BubbleProps) => {
  const { content, texts, from = 'account', look = 'sent', initial, meta, id, actions } = props
  const { untranslated = { translate: 'no' } } = props
  const isOut = from === 'follower'
  return (
    <li id={id} class={`message ${isOut ? 'out' : 'in'} ${look}`}>
      <span
        class="avatar"
        role="img"
        aria-label={isOut ? texts.follower : texts.account}
        {...(isOut ? {} : untranslated)}
      >
        {isOut ? texts.me : (initial ?? texts.account).slice(0, 1)}
      </span>
      <div class="message-body">
        <div class={`bubble ${content.kind}`} {...untranslated}>
          <Content content={content} texts={texts} actions={actions} />
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

interface ContentProps {
  content: BubbleContent
  texts: BubbleTexts
  actions: BubbleActions | undefined
}

const Content = ({ content, texts, actions }: ContentProps) => {
  switch (content.kind) {
    case 'text':
      return <Text text={content.text} actions={actions} />
    case 'image':
      return (
        <>
          <Picture src={content.picture} label={texts.image} />
          {content.name === undefined ? null : <small class="kind">{content.name}</small>}
        </>
      )
    case 'voice':
      return (
        <>
          <Drawing path="M11 5 6 9H3v6h3l5 4zM15 9a4 4 0 0 1 0 6M18 6a8 8 0 0 1 0 12" />
          <span>
            {content.seconds === null ? (content.name ?? texts.voice) : texts.seconds(content.seconds)}
          </span>
        </>
      )
    case 'video':
    case 'music':
    case 'news':
    case 'link':
      return <Titled content={content} texts={texts} actions={actions} />
    case 'menu':
      return <Menu content={content} actions={actions} />
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
    case 'location':
    case 'file':
      return (
        <>
          <b>{content.kind === 'file' ? content.title : content.label}</b>
          <small class="kind">{texts[content.kind]}</small>
        </>
      )
    default:
      return content satisfies never
  }
}

const Titled = (props: {
  content: Extract<BubbleContent, { kind: 'video' | 'music' | 'news' | 'link' }>
  texts: BubbleTexts
  actions: BubbleActions | undefined
}) => {
  const { content, texts, actions } = props
  const url = 'url' in content ? content.url : undefined
  return (
    <>
      <b>
        {actions && url && isWebAddress(url) ? <WebLink url={url}>{content.title}</WebLink> : content.title}
      </b>
      <div class="described">
        <p>{content.description}</p>
        {content.kind === 'link' ? null : <Picture src={content.picture} label={texts.image} />}
      </div>
      {content.kind === 'news' ? null : <small class="kind">{texts[content.kind]}</small>}
    </>
  )
}

const Menu = (props: {
  content: Extract<BubbleContent, { kind: 'menu' }>
  actions: BubbleActions | undefined
}) => {
  const { content, actions } = props
  return (
    <>
      <p>
        <Text text={content.head} actions={actions} />
      </p>
      <ul>
        {content.items.map(({ id, text }) => (
          <li key={id}>
            {actions ? (
              <button type="button" class="link" onClick={() => actions.tapItem(id, text)}>
                {text}
              </button>
            ) : (
              text
            )}
          </li>
        ))}
      </ul>
      {content.tail ? (
        <p class="tail">
          <Text text={content.tail} actions={actions} />
        </p>
      ) : null}
    </>
  )
}

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
/** A link that answers like an item of a menu message. */
const MENU_LINK = /^weixin:\/\/bizmsgmenu\?(.*)$/i

const isWebAddress = (url: string) => /^https?:\/\//i.test(url)

const WebLink = ({ url, children }: { url: string; children?: Child }) => (
  <a class="link" href={url} target="_blank" rel="noopener noreferrer">
    {children}
  </a>
)

/** A text message with its links. */
const Text = ({ text, actions }: { text: string; actions: BubbleActions | undefined }) => (
  <>
    {partsOf(text).map((part, i) =>
      typeof part === 'string' ? part : <TextLink key={i} {...part} actions={actions} />,
    )}
  </>
)

function partsOf(text: string): (string | { href: string; words: string })[] {
  const parts: ReturnType<typeof partsOf> = []
  let at = 0
  for (const link of text.matchAll(LINK)) {
    const [whole, , href = '', words = ''] = link
    parts.push(text.slice(at, link.index), { href, words })
    at = link.index + whole.length
  }
  return [...parts, text.slice(at)]
}

const TextLink = (props: { href: string; words: string; actions: BubbleActions | undefined }) => {
  const { href, words, actions } = props
  const menu = MENU_LINK.exec(href)?.[1]
  if (actions && menu !== undefined) {
    const query = new URLSearchParams(menu)
    const tap = () => actions.tapItem(query.get('msgmenuid') ?? '', query.get('msgmenucontent') ?? words)
    return (
      <button type="button" class="link" onClick={tap}>
        {words}
      </button>
    )
  }
  if (actions && isWebAddress(href)) return <WebLink url={href}>{words}</WebLink>
  return (
    <span class="link" title={href}>
      {words}
    </span>
  )
}

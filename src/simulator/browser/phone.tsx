import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Bubble, ChatLine } from '../../ui/bubble.tsx'
import { clockText } from '../../ui/near-time.ts'
import type { DrawnMessage, FollowerView } from '../phone/view-types.ts'
import { Icon } from './icon.tsx'
import { MenuBar } from './menu-bar.tsx'
import { idIn } from './phone-ids.ts'
import type { PhoneState } from './phone-store.ts'
import { useStore } from './store-context.ts'
import { chatTime } from './times.ts'

interface PhoneProps {
  view: FollowerView
  phone: PhoneState
  index: number
}

/** WeChat's chat with an account, as it is on a phone. */
export const Phone = ({ view, phone, index }: PhoneProps) => {
  const { texts } = useStore()
  const now = Date.now() + phone.ahead
  const isTyping = view.typingUntil > now
  return (
    <div class="phone">
      <div class="phone-status" aria-hidden="true">
        <span id={idIn(index, 'clock')}>{clockText(now)}</span>
        <span>
          <Icon name="wifi" />
          <Icon name="battery-full" />
        </span>
      </div>
      <div class="phone-bar">
        <Icon name="chevron-left" />
        <b translate={false} id={isTyping ? idIn(index, 'typing-now') : undefined}>
          {isTyping ? texts.typing : view.account.name}
        </b>
        <Icon name="ellipsis" />
      </div>
      {view.agent === null ? null : (
        <p class="agent-banner" role="status">
          <Icon name="headset" />
          {texts.agentServes(view.agent)}
        </p>
      )}
      <Chat view={view} phone={phone} index={index} />
      {view.following ? (
        <ChatInput view={view} phone={phone} index={index} />
      ) : (
        <div class="follow-bar">
          <FollowButton phone={phone} />
        </div>
      )}
    </div>
  )
}

const FollowButton = ({ phone }: { phone: PhoneState }) => {
  const store = useStore()
  return (
    <button type="button" onClick={() => void store.act(phone, { do: 'follow' })}>
      {store.texts.followAccount}
    </button>
  )
}

/** Messages that are farther apart have a time between them. */
const TIME_LINE_AFTER_MS = 300_000

const Chat = ({ view, phone, index }: PhoneProps) => {
  const store = useStore()
  const chat = useRef<HTMLOListElement>(null)
  const isAtEnd = useRef(true)
  const count = view.drawn.length
  // A reader who has scrolled up stays there.
  useLayoutEffect(() => {
    const list = chat.current
    if (list && isAtEnd.current) list.scrollTop = list.scrollHeight
  })
  useEffect(() => {
    isAtEnd.current = true
  }, [count])
  const onScroll = () => {
    const list = chat.current
    if (list) isAtEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 40
  }
  return (
    <ol
      class="chat"
      id={idIn(index, 'chat')}
      ref={chat}
      onScroll={onScroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reached with the keyboard.
      tabIndex={0}
      aria-label={store.texts.chat}
    >
      {count === 0 && !view.following ? <ChatLine>{store.texts.introduction}</ChatLine> : null}
      {view.drawn.flatMap((message, i) =>
        messageItems(store, { message, before: view.drawn[i - 1], phone, i }),
      )}
    </ol>
  )
}

interface Drawn {
  message: DrawnMessage
  before: DrawnMessage | undefined
  phone: PhoneState
  i: number
}

function messageItems(store: ReturnType<typeof useStore>, { message, before, phone, i }: Drawn) {
  const { texts, data, bubbleTexts } = store
  const now = Date.now()
  const { at, from, via, as, line, bubble } = message
  const items = []
  if (line === undefined && (!before || at - before.at > TIME_LINE_AFTER_MS))
    items.push(<ChatLine key={`t${i}`}>{chatTime(at, now, data.language)}</ChatLine>)
  if (line)
    items.push(
      <ChatLine key={i}>
        {chatTime(at, now, data.language, true)} {line[data.language]}
      </ChatLine>,
    )
  if (bubble)
    items.push(
      <Bubble
        key={i}
        content={bubble}
        texts={bubbleTexts}
        from={from === 'follower' ? 'follower' : 'account'}
        initial={phone.view?.account.name ?? ''}
        meta={via === 'passive' ? texts.passive : as ? texts.as(as) : undefined}
        actions={{ tapItem: (id, text) => void store.act(phone, { do: 'msgmenu', id, text }) }}
        untranslated={{ translate: false }}
      />,
    )
  return items
}

const PLUS = [
  ['image', 'image'],
  ['shortvideo', 'video'],
  ['video', 'play'],
  ['location', 'map-pin'],
  ['link', 'link'],
  ['file', 'file'],
] as const

/** The menu of the account, the keyboard's row, and what the plus opens. */
const ChatInput = ({ view, phone, index }: PhoneProps) => {
  const store = useStore()
  const { texts } = store
  const [text, setText] = useState('')
  const [isOpen, setIsOpen] = useState(false)
  const hasMenu = view.account.menu.length > 0
  const [showsMenu, setShowsMenu] = useState(true)
  const act = (name: string) => {
    setIsOpen(false)
    void store.act(phone, { do: name })
  }
  const send = (event: Event) => {
    event.preventDefault()
    if (text.trim() === '') return
    setText('')
    void store.act(phone, { do: 'type', text })
  }
  return (
    <div class="phone-input">
      {hasMenu && showsMenu ? (
        <MenuBar view={view} phone={phone} index={index} onKeyboard={() => setShowsMenu(false)} />
      ) : null}
      <form class="typing-row" onSubmit={send}>
        {hasMenu && !showsMenu ? (
          <button
            type="button"
            class="icon-button"
            aria-label={texts.menuBar}
            title={texts.menuBar}
            onClick={() => setShowsMenu(true)}
          >
            <Icon name="layout-grid" />
          </button>
        ) : null}
        <button
          type="button"
          class="icon-button"
          data-do="voice"
          aria-label={texts.do.voice}
          title={texts.do.voice}
          onClick={() => act('voice')}
        >
          <Icon name="mic" />
        </button>
        <input
          id={idIn(index, 'text')}
          autocomplete="off"
          aria-label={texts.write}
          placeholder={texts.write}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button
          type="button"
          class="icon-button"
          aria-expanded={isOpen}
          aria-label={texts.more}
          title={texts.more}
          onClick={() => setIsOpen(!isOpen)}
        >
          <Icon name="plus" />
        </button>
        {text === '' ? null : (
          <button type="submit" class="send" id={idIn(index, 'send')}>
            {texts.send}
          </button>
        )}
      </form>
      {isOpen ? (
        <div class="plus-panel">
          {PLUS.map(([name, icon]) => (
            <button key={name} type="button" data-do={name} onClick={() => act(name)}>
              <Icon name={icon} />
              {texts.do[name]}
            </button>
          ))}
        </div>
      ) : null}
    </div>
  )
}

import { useEffect, useRef } from 'preact/hooks'
import { listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { withTokens } from '../../../campaign/editing/text-tokens.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { kindOfMessage, messagesIn, stepWords } from '../../steps/step-words.ts'
import { useStore, useTexts } from './context.ts'
import { Icon } from './icon.tsx'
import { MediumPreview } from './medium-preview.tsx'
import { stepPlay, unpaidText } from './payment.tsx'
import { type EditorStore, keyOf } from './store.ts'
import { dayAndTime } from './wording.ts'

interface Line {
  atMs: number
  key: string
  side: 'us' | 'follower'
  message: unknown
  isPaid: boolean
}

/** The chat of the simulated follower. The messages of the chosen card are outlined. */
export const Phone = () => {
  const store = useStore()
  const texts = useTexts()
  const { played } = store
  const lines = chatOf(store)
  const chosenAt = lines.findIndex(({ key }) => key === store.chosen)
  const chat = useRef<HTMLElement>(null)
  useEffect(() => showChosen(chat.current), [store.chosen, lines.length])
  return (
    <aside class="phone-side" aria-label={texts.phone}>
      <h2>{texts.phone}</h2>
      <div class="phone">
        <p class="phone-title" translate={false}>
          {played?.accountName ?? store.data.accounts[0]?.name ?? textOf(store.fields.name)}
        </p>
        <section class="phone-chat" ref={chat} tabindex={0} aria-label={texts.phone}>
          {lines.length === 0 ? <p class="quiet">{texts.emptyPhone}</p> : null}
          {lines.map((line, i) => (
            <div key={i}>
              {played && i > 0 && line.atMs - (lines[i - 1]?.atMs ?? 0) > 300_000 ? (
                <p class="chat-time">{dayAndTime(texts, played, line.atMs)}</p>
              ) : null}
              <Bubble line={line} isChosen={line.key === store.chosen} isEarlier={i < chosenAt} />
            </div>
          ))}
        </section>
      </div>
      <p class="quiet">{skippedText(store) ?? texts.phoneHint}</p>
    </aside>
  )
}

/** Scrolls the chat, and not the page, to the messages of the chosen card. */
function showChosen(chat: HTMLElement | null): void {
  const bubble = chat?.querySelector('.said-bubble.chosen')
  if (!chat || !bubble) return
  const [outer, inner] = [chat.getBoundingClientRect(), bubble.getBoundingClientRect()]
  chat.scrollTop += inner.top - outer.top - Math.max(0, (outer.height - inner.height) / 2)
}

/** Why the chosen step is not in the chat; null: it is, or it is no step. */
function skippedText(store: EditorStore): string | null {
  const card = store.cards.find(({ kind, path }) => kind === 'step' && keyOf(path) === store.chosen)
  if (!card) return null
  const play = stepPlay(store, textOf(card.fields.id))
  if (play?.state !== 'skipped') return null
  return store.texts.phoneSkips(
    stepWords(card.fields, store.data.language, 0, store.media),
    unpaidText(store, play),
  )
}

function chatOf(store: ReturnType<typeof useStore>): Line[] {
  const { played, fields, texts, cards } = store
  const lines: Line[] = []
  if (fields.reply !== undefined)
    lines.push({ atMs: 0, key: 'entry', side: 'us', message: fields.reply, isPaid: true })
  for (const { atMs, does, value } of played?.events ?? []) {
    if (does !== 'message' && does !== 'click') continue
    const said = does === 'message' ? value : texts.eventRow.click(value)
    lines.push({ atMs, key: '', side: 'follower', message: { text: said }, isPaid: true })
  }
  for (const card of cards) {
    if (card.kind !== 'step') continue
    const play = stepPlay(store, textOf(card.fields.id))
    if (played && (!play || play.state === 'skipped')) continue
    for (const message of messagesIn(card.fields))
      lines.push({
        atMs: play?.atMs ?? 0,
        key: keyOf(card.path),
        side: 'us',
        message,
        isPaid: !played || play?.paid !== null,
      })
  }
  return lines.sort((a, b) => a.atMs - b.atMs)
}

const Bubble = ({ line, isChosen, isEarlier }: { line: Line; isChosen: boolean; isEarlier: boolean }) => (
  <div
    class={`said-bubble from-${line.side} ${isChosen ? 'chosen' : ''} ${isEarlier ? 'earlier' : ''} ${line.isPaid ? '' : 'unpaid'}`}
  >
    <MessageBody message={line.message} />
  </div>
)

/** A message as WeChat draws it, in outline. */
const MessageBody = ({ message }: { message: unknown }) => {
  const store = useStore()
  const { texts } = store
  const fields = isRecord(message) ? message : {}
  const kind = kindOfMessage(fields)
  const body = fields[kind]
  const parts = isRecord(body) ? body : {}
  const text = (value: unknown) => withTokens(textOf(value), store.data.language)
  switch (kind) {
    case 'text':
      return <span class="said-text">{text(body)}</span>
    case 'news':
    case 'miniprogram':
    case 'music':
      return (
        <span class="link-card">
          <b>{text(parts.title) || texts.kinds[kind]}</b>
          <small>{text(parts.description)}</small>
          <Icon name={kind === 'news' ? 'newspaper' : kind === 'music' ? 'music' : 'layout-grid'} />
        </span>
      )
    case 'menu':
      return (
        <span class="said-text">
          {text(parts.head)}
          {listOf(parts.items).map((item, i) => (
            <span class="menu-line" key={i}>
              {isRecord(item) ? text(item.text) : ''}
            </span>
          ))}
          {text(parts.tail)}
        </span>
      )
    default:
      return store.mediumOf(parts.file) ? (
        <MediumPreview id={textOf(parts.file)} />
      ) : (
        <span class="medium-line">
          <Icon
            name={
              { image: 'image', voice: 'mic', video: 'video', article: 'file-text', card: 'ticket' }[kind]
            }
          />
          {texts.kinds[kind]}
        </span>
      )
  }
}

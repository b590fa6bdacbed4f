import { type Fields, textOf } from '../../../campaign/editing/campaign-items.ts'
import { withTokens } from '../../../campaign/editing/text-tokens.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import type { PlayedStep } from '../../../campaign/played-choice.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { excerptOf, kindOfMessage, messagesIn } from '../../steps/step-words.ts'
import { conditionText } from '../../texts/event-words.ts'
import { CardButton } from './card.tsx'
import { useStore, useTexts } from './context.ts'
import { Icon } from './icon.tsx'
import { MediumPreview } from './medium-preview.tsx'
import { Payment, stepPlay } from './payment.tsx'
import { Row } from './row.tsx'
import { type EditorStore, keyOf } from './store.ts'
import { momentText, timingText } from './wording.ts'

const ICONS: Readonly<Record<string, string>> = {
  text: 'type',
  image: 'image',
  voice: 'mic',
  video: 'video',
  music: 'music',
  news: 'newspaper',
  menu: 'list',
  miniprogram: 'layout-grid',
  article: 'file-text',
  card: 'ticket',
}
const ACTION_ICONS = [
  ['tag', 'tag'],
  ['untag', 'tag'],
  ['set', 'check'],
  ['webhook', 'webhook'],
  ['handover', 'users'],
  ['go', 'corner-down-right'],
] as const

/** The card of a step, and which grant pays it. */
export const StepCard = ({ fields, path }: { fields: Fields; path: Path }) => {
  const store = useStore()
  const texts = useTexts()
  const { language } = store.data
  const play = stepPlay(store, textOf(fields.id))
  const [first, ...more] = messagesIn(fields)
  const kind = isRecord(first) ? kindOfMessage(first) : null
  const isUnpaid = play !== undefined && play.paid === null && kind !== null
  const lane = play?.paid ? (play.paid.scene === 'message' ? 'message' : 'short') : 'none'
  return (
    <Row
      of={keyOf(path)}
      place={keyOf(path)}
      at={<StepTime play={play} />}
      {...(play && kind !== null ? { dot: lane } : {})}
      dim={play === undefined && store.played !== null}
    >
      <CardButton
        chosen={keyOf(path)}
        icon={kind ? (ICONS[kind] ?? 'type') : 'check'}
        title={titleOf(fields, texts)}
        id={textOf(fields.id)}
        note={[timingText(store, fields), conditionText(texts, fields.when)].filter(Boolean).join(' · ')}
        tone={isUnpaid ? 'unpaid' : ''}
      >
        {first === undefined ? null : (
          <span class="said">
            <CardPicture message={first} />
            {withTokens(excerptOf(first, store.media), language) || texts.kinds[kind ?? 'text']}
            {more.length > 0 ? <small class="pill">+{more.length}</small> : null}
          </span>
        )}
        <span class="facts-line">
          <Payment id={textOf(fields.id)} play={play} sends={kind !== null} />
          {ACTION_ICONS.filter(([name]) => fields[name] !== undefined).map(([name, icon]) => (
            <span class="pill">
              <Icon name={icon} />
              {actionText(fields[name])}
            </span>
          ))}
        </span>
      </CardButton>
    </Row>
  )
}

/** A small picture of what a card sends. */
const CardPicture = ({ message }: { message: unknown }) => {
  const { image } = isRecord(message) ? message : {}
  return isRecord(image) ? <MediumPreview id={textOf(image.file)} hasName={false} /> : null
}

/** The kind of its message, or the first thing that it does. */
function titleOf(fields: Fields, { kinds, removeTags }: EditorStore['texts']): string {
  const [first] = messagesIn(fields)
  if (first !== undefined) return kinds[isRecord(first) ? kindOfMessage(first) : 'text']
  const [name] = ACTION_ICONS.find(([action]) => fields[action] !== undefined) ?? ['tag']
  return name === 'untag' ? removeTags : kinds[name]
}

/** When a step goes, or since when it is held. */
const StepTime = ({ play }: { play: PlayedStep | undefined }) => {
  const { texts, played } = useStore()
  if (!play || !played) return null
  const atMs = play.paid === null && play.heldMs !== null ? play.heldMs : play.atMs
  const waited = play.paid !== null && play.heldMs !== null
  return (
    <>
      {momentText(texts, played, atMs)}
      {play.quiet === null ? null : <small>{play.quiet === 'after' ? texts.deferred : texts.advanced}</small>}
      {waited ? <small>{texts.heldSince(momentText(texts, played, play.heldMs ?? 0))}</small> : null}
    </>
  )
}

function actionText(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(' / ')
  return isRecord(value)
    ? Object.entries(value)
        .map(([name, fact]) => `${name}=${String(fact)}`)
        .join(' / ')
    : textOf(value)
}

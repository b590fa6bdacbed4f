import type { Child } from 'hono/jsx'
import type { ShownStep } from '../../api/views/follower-view.ts'
import { dayInBeijing, timeInBeijing } from '../../shared/beijing-time.ts'
import { Bubble, ChatLine } from '../../ui/bubble.tsx'
import type { BubbleContent } from '../../ui/bubble-content.ts'
import { BUBBLE_TEXTS, GRANT_TEXTS } from '../../ui/bubble-texts.ts'
import { type GrantScene, PaidBy } from '../../ui/grant-meter.tsx'
import { sceneOf } from '../../wechat/rules/rules.ts'
import { Code, StatePill } from '../components/basics.tsx'
import { dayName } from '../components/near-time.tsx'
import type { ConversationItem, Payment } from '../conversation.ts'
import type { OneFollower } from '../read-follower.ts'
import { OUTCOMES, REASONS, STEP_STATES, useLabel } from '../texts/labels.ts'
import { ONE_FOLLOWER_TEXTS } from '../texts/one-follower-texts.ts'
import { useText, useView } from '../view.ts'

/** The chat as the follower saw it, and as it will be if the follower does nothing more. */
export const ConversationCard = ({ follower }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const { conversation, now, run } = follower
  const isOpen = run.status !== 'ended'
  const { past, future, waiting } = conversation
  const timed = future.filter(({ type }) => type !== 'end')
  const end = future.filter(({ type }) => type === 'end')
  const nowLine = (
    <ChatLine kind="now">
      <time datetime={new Date(now).toISOString()}>{texts.now(timeInBeijing(now).slice(11, 16))}</time>
    </ChatLine>
  )
  return (
    <section class="card story">
      <h2>{texts.story}</h2>
      <ol class="chat" aria-label={texts.story}>
        <Items items={past} follower={follower} />
        {isOpen ? nowLine : null}
        <Items items={timed} follower={follower} from={now} />
        {waiting.map((item) => (
          <Item item={item} follower={follower} />
        ))}
        <Items items={end} follower={follower} from={timed.at(-1)?.at ?? now} />
      </ol>
    </section>
  )
}

/** Items in their order, with a line at the beginning of each day. */
const Items = (props: { items: readonly ConversationItem[]; follower: OneFollower; from?: number }) => {
  const { language } = useView()
  const { items, follower, from } = props
  let day = from === undefined ? '' : dayInBeijing(from)
  const year = dayInBeijing(follower.now).slice(0, 4)
  return (
    <>
      {items.map((item) => {
        const isNew = dayInBeijing(item.at) !== day
        day = dayInBeijing(item.at)
        return (
          <>
            {isNew ? <ChatLine kind="day">{dayName(item.at, language, year)}</ChatLine> : null}
            <Item item={item} follower={follower} />
          </>
        )
      })}
    </>
  )
}

const Item = ({ item, follower }: { item: ConversationItem; follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const outcome = useLabel(OUTCOMES)
  switch (item.type) {
    case 'event':
      return <Event item={item} follower={follower} />
    case 'reply':
      return (
        <AccountBubble follower={follower} content={item.content}>
          <At at={item.at} />
          <span>{texts.passive}</span>
        </AccountBubble>
      )
    case 'message':
      return <Message item={item} follower={follower} />
    case 'planned':
      return <Planned item={item} follower={follower} />
    case 'step':
      return (
        <ChatLine>
          <At at={item.at} /> <StepLine step={item.step} />
        </ChatLine>
      )
    default:
      return (
        <ChatLine>
          <At at={item.at} />{' '}
          {follower.run.outcome ? texts.ended(outcome(follower.run.outcome)) : texts.windowCloses}
        </ChatLine>
      )
  }
}

const At = ({ at }: { at: number }) => (
  <time datetime={new Date(at).toISOString()} title={timeInBeijing(at)}>
    {timeInBeijing(at).slice(11)}
  </time>
)

const AccountBubble = (props: {
  follower: OneFollower
  content: BubbleContent
  look?: 'sent' | 'planned'
  children?: Child
}) => {
  const texts = useText(BUBBLE_TEXTS)
  const { follower, content, look = 'sent', children } = props
  return (
    <Bubble texts={texts} content={content} look={look} initial={follower.account.name} meta={children} />
  )
}

const Message = (props: { item: Extract<ConversationItem, { type: 'message' }>; follower: OneFollower }) => {
  const { step, content, paidBy, at } = props.item
  const state = useLabel(STEP_STATES)
  if (!content) return null
  return (
    <AccountBubble follower={props.follower} content={content}>
      <At at={at} />
      <Code>{step.id}</Code>
      <StatePill state={step.state} label={state(step.state)} />
      {paidBy ? <Paid by={paidBy} /> : null}
    </AccountBubble>
  )
}

const Planned = (props: { item: Extract<ConversationItem, { type: 'planned' }>; follower: OneFollower }) => {
  const { step, content, paidBy, at } = props.item
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const state = useLabel(STEP_STATES)
  const reason = useLabel(REASONS)
  const meta = (
    <>
      {step.dueAt === null ? null : <At at={at} />}
      <Code>{step.id}</Code>
      <StatePill state={step.state} label={state(step.state)} />
      {step.reason ? <span>{reason(kindOf(step.reason))}</span> : null}
      {step.quietSince === undefined ? null : <span>{texts.quiet}</span>}
      {step.dueAt === null ? <span>{texts.waits}</span> : null}
      {paidBy ? <Paid by={paidBy} /> : null}
      {content && !paidBy && step.dueAt !== null ? <span>{texts.noGrantThen}</span> : null}
    </>
  )
  if (!content)
    return (
      <ChatLine>
        <span class="message-meta">{meta}</span>
      </ChatLine>
    )
  return (
    <AccountBubble follower={props.follower} content={content} look="planned">
      {meta}
    </AccountBubble>
  )
}

/** The kind of a reason, without its details. */
export const kindOf = (reason: string): string => reason.split(':', 1)[0] ?? ''

const Paid = ({ by }: { by: Payment }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const names = useText(GRANT_TEXTS)
  const scene = by.scene as GrantScene
  return <PaidBy scene={scene}>{texts.paid(names[scene], by.nth, by.quota)}</PaidBy>
}

const StepLine = ({ step }: { step: ShownStep }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const reason = useLabel(REASONS)
  if (step.state === 'skipped') return texts.skipped(step.id, step.reason ? reason(kindOf(step.reason)) : '–')
  return step.state === 'unknown' ? texts.unknownStep(step.id) : texts.doneStep(step.id)
}

/** What the follower did: a bubble for what was written, a line for the rest. */
const Event = (props: { item: Extract<ConversationItem, { type: 'event' }>; follower: OneFollower }) => {
  const { event, at } = props.item
  const { follower } = props
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const bubbles = useText(BUBBLE_TEXTS)
  const names = useText(GRANT_TEXTS)
  const scene = event.scene as GrantScene | null
  const opened = follower.conversation.grants.find((g) => g.grantedAt === at && g.scene === scene)
  const opens = opened && scene ? texts.opens(names[scene], opened.quota) : null
  if (sceneOf({ kind: event.kind }) === 'message') {
    const content: BubbleContent =
      event.kind === 'image'
        ? { kind: 'image', picture: null }
        : { kind: 'text', text: event.text ?? texts.wrote }
    const meta = (
      <>
        <At at={at} />
        {event.text === null && !follower.keepsTexts ? <span>{texts.notKept}</span> : null}
        {opens ? <span>{opens}</span> : null}
      </>
    )
    return <Bubble texts={bubbles} content={content} from="follower" meta={meta} />
  }
  return (
    <ChatLine>
      <At at={at} /> {texts.events[event.kind] ?? texts.otherEvent}{' '}
      {event.qrScene ? <Code>{event.qrScene}</Code> : null}
      {event.eventKey && !event.qrScene ? <Code>{event.eventKey}</Code> : null}
      {opens ? ` ${opens}` : null}
    </ChatLine>
  )
}

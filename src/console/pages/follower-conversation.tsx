import type { Child } from 'hono/jsx'
import type { ShownStep } from '../../api/views/follower-view.ts'
import { dayInBeijing, timeInBeijing } from '../../shared/beijing-time.ts'
import { Bubble, ChatLine } from '../../ui/bubble.tsx'
import type { BubbleContent } from '../../ui/bubble-content.ts'
import { BUBBLE_TEXTS, GRANT_TEXTS } from '../../ui/bubble-texts.ts'
import { type GrantScene, PaidBy } from '../../ui/grant-meter.tsx'
import { clockText, dayName } from '../../ui/near-time.ts'
import { sceneOf } from '../../wechat/rules/rules.ts'
import { Code, StatePill } from '../components/basics.tsx'
import { useReason } from '../components/reason-bars.tsx'
import { HOLE, Sentence } from '../components/sentence.tsx'
import { StepName, useStepNames } from '../components/step-name.tsx'
import type { ConversationItem, Payment } from '../conversation.ts'
import type { OneFollower } from '../read-follower.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { STEP_STATES, useLabel } from '../texts/labels.ts'
import { ONE_FOLLOWER_TEXTS } from '../texts/one-follower-texts.ts'
import { OUTCOMES } from '../texts/reason-labels.ts'
import { useText, useView } from '../view.ts'

/** The chat as the follower saw it, and as it will be if the follower does nothing more. */
export const ConversationCard = ({ follower }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const { language, links } = useView()
  const { conversation, now, run, isAhead } = follower
  const isOpen = run.status !== 'ended'
  const { past, future, waiting } = conversation
  const timed = future.filter(({ type }) => type !== 'end')
  const end = future.filter(({ type }) => type === 'end')
  const time = clockText(now)
  const last = past.at(-1)
  const isNewDay = last === undefined || dayInBeijing(last.at) !== dayInBeijing(now)
  const nowLine = (
    <>
      {isNewDay ? (
        <ChatLine kind="day">{dayName(now, language, dayInBeijing(now).slice(0, 4))}</ChatLine>
      ) : null}
      <ChatLine kind="now">
        <time datetime={new Date(now).toISOString()}>
          {isAhead && links.simulatorUrl !== null ? texts.nowAhead(time) : texts.now(time)}
        </time>
      </ChatLine>
    </>
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
          <At at={item.at} /> <StepLine step={item.step} follower={follower} />
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
    {clockText(at, true)}
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
      <StepNumber step={step} follower={props.follower} />
      <StatePill state={step.state} label={state(step.state)} />
      {paidBy ? <Paid by={paidBy} /> : null}
    </AccountBubble>
  )
}

const Planned = (props: { item: Extract<ConversationItem, { type: 'planned' }>; follower: OneFollower }) => {
  const { step, content, paidBy, skipsIfLate, at } = props.item
  const isUndecided = props.follower.run.forks?.some(({ state }) => state !== 'taken' && state !== 'closed')
  const { follower } = props
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const state = useLabel(STEP_STATES)
  const reason = useReason()
  const names = useStepNames(...follower.models)
  const meta = (
    <>
      {step.dueAt === null ? null : <At at={at} />}
      {content ? (
        <StepNumber step={step} follower={follower} />
      ) : (
        <StepName id={step.id} names={names} numbered />
      )}
      <StatePill state={step.state} label={state(step.state)} />
      {step.reason ? <span>{reason(step.reason)}</span> : null}
      {step.quietSince === undefined ? null : <span>{texts.quiet}</span>}
      {step.dueAt === null ? <span>{isUndecided ? texts.waitsForBranch : texts.waits}</span> : null}
      {paidBy ? <Paid by={paidBy} /> : null}
      {content && !paidBy && step.dueAt !== null ? (
        <span>{skipsIfLate ? texts.skippedThen : texts.heldThen}</span>
      ) : null}
    </>
  )
  if (!content)
    return (
      <ChatLine>
        <span class="message-meta">{meta}</span>
      </ChatLine>
    )
  return (
    <AccountBubble follower={follower} content={content} look="planned">
      {meta}
    </AccountBubble>
  )
}

const Paid = ({ by }: { by: Payment }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const names = useText(GRANT_TEXTS)
  const scene = by.scene as GrantScene
  return <PaidBy scene={scene}>{texts.paid(names[scene], by.nth, by.quota)}</PaidBy>
}

/** Below a bubble, which has the words itself. */
const StepNumber = ({ step, follower }: { step: ShownStep; follower: OneFollower }) => {
  const texts = useText(EDITOR_TEXTS)
  const name = useStepNames(...follower.models).of(step.id)
  return name ? <span title={step.id}>{texts.stepTitle(name.number)}</span> : <Code>{step.id}</Code>
}

const StepLine = ({ step, follower }: { step: ShownStep; follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const reason = useReason()
  const name = <StepName id={step.id} names={useStepNames(...follower.models)} />
  if (step.state === 'skipped')
    return <Sentence text={texts.skipped(HOLE, step.reason ? reason(step.reason) : '–')} of={name} />
  return (
    <Sentence text={step.state === 'unknown' ? texts.unknownStep(HOLE) : texts.doneStep(HOLE)} of={name} />
  )
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

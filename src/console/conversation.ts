import type { ShownStep } from '../api/views/follower-view.ts'
import { messageOfStep, stepsOf } from '../campaign/items.ts'
import type { Campaign } from '../campaign/model.ts'
import { renderTemplate } from '../campaign/template/template.ts'
import { templateVariables } from '../campaign/template/variables.ts'
import type { Account } from '../store/accounts/account.ts'
import type { FollowerEventView } from '../store/inbox/follower-events.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import type { BubbleContent } from '../ui/bubble-content.ts'
import { addGrant, type Grant, type Ledger, selectGrant, useGrant } from '../wechat/rules/ledger.ts'
import { allowanceOf, type RulesProfileName } from '../wechat/rules/rules.ts'
import { contentOfMessage } from './components/bubble-content.ts'
import type { MediaNames } from './editor-data.ts'

/** The grant that pays a message, and which of its messages it is. */
export type Payment = Pick<Grant, 'scene' | 'quota'> & { nth: number }

/** What a conversation shows, in the order of its time. */
export type ConversationItem = { at: number } & (
  | { type: 'event'; event: FollowerEventView }
  | { type: 'reply'; content: BubbleContent }
  /** A message that was sent, or may have been. Null: it is not known which grant paid. */
  | { type: 'message'; step: ShownStep; content: BubbleContent | null; paidBy: Payment | null }
  /** A step that sends nothing, or was skipped. */
  | { type: 'step'; step: ShownStep }
  /** A message to come. Null: no grant will pay as things stand. */
  | {
      type: 'planned'
      step: ShownStep
      content: BubbleContent | null
      paidBy: Payment | null
      /** Without a grant it is skipped, and not held. */
      skipsIfLate: boolean
    }
  | { type: 'end' }
)

interface Sources {
  run: RunRow
  /** As they are shown: updated from the deliveries. */
  steps: readonly ShownStep[]
  /** The grants now; empty when the run has ended. */
  ledger: Ledger
  events: readonly FollowerEventView[]
  /** The campaign with the texts that this run uses; null: it cannot be read. */
  campaign: Pick<Campaign, 'steps'> | null
  account: Pick<Account, 'appId' | 'name' | 'timezone' | 'variables' | 'keepTexts' | 'rules'>
  closesAt: number
  now: number
  /** Uploads by their ids. */
  media: MediaNames
}

export interface Conversation {
  past: ConversationItem[]
  future: ConversationItem[]
  /** Steps whose time is not known yet: they wait for the follower. */
  waiting: Extract<ConversationItem, { type: 'planned' }>[]
  /** The grants of the past, oldest first, as far as the events tell. */
  grants: Grant[]
}

/** The conversation of a run, as it was and as it will be if the follower does nothing more. */
export function conversationOf(sources: Sources): Conversation {
  const { run, steps, events, closesAt, now } = sources
  const contentOf = contentReader(sources)
  const { payments, grants } = replayPayments(sources)
  const past: ConversationItem[] = events.flatMap((event) => {
    const replied = event.reply ? contentOfReply(event.reply) : null
    const shown: ConversationItem[] = [{ type: 'event', at: event.at, event }]
    return replied ? [...shown, { type: 'reply' as const, at: event.at, content: replied }] : shown
  })
  for (const step of steps) {
    const at = step.sentAt ?? step.dueAt
    if (isOpenStep(step) || at === null) continue
    const content = step.state === 'skipped' ? null : contentOf(step.id)
    const paidBy = payments.get(step.id) ?? null
    if (content) past.push({ type: 'message', at, step, content, paidBy })
    else if (at <= now) past.push({ type: 'step', at, step })
  }
  if (run.endedAt !== null) past.push({ type: 'end', at: run.endedAt })
  const planned = planSteps(sources, contentOf)
  const timed = planned.filter(({ step }) => step.dueAt !== null)
  const future: ConversationItem[] = run.endedAt === null ? [...timed, { type: 'end', at: closesAt }] : []
  return {
    past: inOrder(past),
    future: inOrder(future),
    waiting: planned.filter(({ step }) => step.dueAt === null),
    grants,
  }
}

const isOpenStep = ({ state }: ShownStep) => state === 'pending' || state === 'held' || state === 'sending'

/** Items of the same time keep their order: a reply follows its event. */
const inOrder = <T extends ConversationItem>(items: T[]): T[] => items.sort((a, b) => a.at - b.at)

/** The bubble of a step's message by its id; null for a step that sends nothing, and one whose text is gone. */
function contentReader({ run, campaign, account, now, media }: Sources) {
  // What the follower wrote is shown only where the account keeps texts.
  const { reply, answer: _answer, ...state } = run.state
  const kept = account.keepTexts === null ? null : (reply?.text ?? null)
  const shown = { ...state, entry: run.entry, reply: reply && { at: reply.at, text: kept } }
  const variables = templateVariables(shown, account, now)
  const render = (template: string) => {
    try {
      return renderTemplate(template, variables)
    } catch {
      return template
    }
  }
  return (stepId: string): BubbleContent | null => {
    const message = campaign ? messageOfStep(campaign, stepId) : undefined
    return message ? contentOfMessage(message, { render, media }) : null
  }
}

/**
 * Which grant has paid each message: the interactions and the messages in their order, by the rules of the account. It is not
 * recorded with the message.
 */
function replayPayments({ steps, events, account }: Sources) {
  const payments = new Map<string, Payment>()
  const grants: Grant[] = []
  const sent = steps.flatMap((step) => (step.sentAt === null ? [] : [{ at: step.sentAt, step }]))
  const inTime = [...events.map((event) => ({ at: event.at, event })), ...sent].sort((a, b) => a.at - b.at)
  let ledger: Ledger = []
  for (const item of inTime) {
    if ('event' in item) {
      const { scene, kind } = item.event
      if (kind === 'unsubscribe') ledger = []
      if (!scene) continue
      const before = ledger
      ledger = addGrant(ledger, scene, item.at, allowanceOf(account.rules as RulesProfileName, scene))
      if (ledger !== before) grants.push(...ledger.filter((grant) => !before.includes(grant)))
      continue
    }
    const grant = selectGrant(ledger, item.at)
    if (!grant) continue
    payments.set(item.step.id, { scene: grant.scene, quota: grant.quota, nth: grant.used + 1 })
    ledger = useGrant(ledger, grant)
    const at = grants.findIndex((g) => g.scene === grant.scene && g.grantedAt === grant.grantedAt)
    if (at >= 0) grants[at] = { ...grant, used: grant.used + 1 }
  }
  return { payments, grants }
}

/** The open steps in the order of their times, each with the grant that will pay it if nothing else happens. */
function planSteps(
  { steps, ledger, campaign, now }: Sources,
  contentOf: (stepId: string) => BubbleContent | null,
): Extract<ConversationItem, { type: 'planned' }>[] {
  let left = ledger
  const open = steps.filter(isOpenStep)
  const skipping = new Set(
    (campaign ? stepsOf(campaign) : []).flatMap(({ step }) => (step.ifLate === 'skip' ? [step.id] : [])),
  )
  const inTime = [...open].sort((a, b) => (a.dueAt ?? Infinity) - (b.dueAt ?? Infinity))
  return inTime.map((step) => {
    const at = Math.max(step.dueAt ?? now, now)
    const content = contentOf(step.id)
    const grant = content && step.dueAt !== null ? selectGrant(left, at) : undefined
    if (grant) left = useGrant(left, grant)
    const paidBy = grant ? { scene: grant.scene, quota: grant.quota, nth: grant.used + 1 } : null
    return { type: 'planned', at, step, content, paidBy, skipsIfLate: skipping.has(step.id) }
  })
}

/** What the bubble of a stored passive reply shows; null for one without a bubble, such as the transfer to an agent. */
function contentOfReply(reply: Record<string, unknown> & { kind: string }): BubbleContent | null {
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const titled = { title: text(reply.title), description: text(reply.description), picture: null }
  switch (reply.kind) {
    case 'text':
      return { kind: 'text', text: text(reply.content) }
    case 'image':
      return { kind: 'image', picture: null }
    case 'voice':
      return { kind: 'voice', seconds: null }
    case 'video':
    case 'music':
      return { kind: reply.kind, ...titled }
    case 'news': {
      const [first] = (reply.articles as { title?: unknown; description?: unknown }[] | undefined) ?? []
      return { kind: 'news', title: text(first?.title), description: text(first?.description), picture: null }
    }
    default:
      return null
  }
}

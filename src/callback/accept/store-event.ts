import { createHash } from 'node:crypto'
import { localDay } from '../../campaign/zone-offsets.ts'
import type { FollowerEvent } from '../../run/follower-event.ts'
import { correctedTime } from '../../run/plan.ts'
import { maskId } from '../../shared/ids.ts'
import type { Accepted } from '../../store/inbox/inbox-rows.ts'
import type { Span } from '../../tracing/tracing.ts'
import { dedupeKey, type Inbound } from '../../wechat/callback/events.ts'
import type { PassiveReply } from '../../wechat/callback/passive-reply.ts'
import type { AuthenticCallback } from '../authenticate.ts'
import type { CallbackContext, CallbackRequest, EventMatch, ReceivingAccount } from '../callback-deps.ts'
import { secondsSince, withinDeadline } from '../deadline.ts'
import { toFollowerEvent } from '../follower-event.ts'
import { notStored } from '../rejections.ts'
import type { ArrivingEvent } from './reply-eligibility.ts'

/**
 * Stores the event with the run that it starts and its passive reply. An event without a meaning for runs is only counted.
 * @returns the passive reply, for a duplicate the one of the first delivery; null when there is none
 * @throws RejectedCallbackError when the event was not stored in time
 */
export async function storeEvent(
  context: CallbackContext,
  request: CallbackRequest,
  account: ReceivingAccount,
  callback: AuthenticCallback,
): Promise<PassiveReply | null> {
  const { inbound } = callback
  const event = toFollowerEvent(inbound)
  if (!event) {
    acknowledge(context, request, callback)
    return null
  }
  const { appId } = account
  const match = context.match(account, event, inbound.createTime * 1000, inbound.openId)
  const key = inboxKey(dedupeKey(appId, inbound))
  const attributes = {
    key,
    appId,
    follower: maskId(inbound.openId),
    kind: inbound.kind,
    campaign: match.start?.campaign,
  }
  const { startedAt } = request
  // The trace begins after authentication. An unauthenticated client can neither create traces nor choose their ids.
  return context.tracing.span(
    { name: 'callback', kind: 'server', parent: null, startedAt, attributes },
    async (span) => {
      const row = toRow(context, { account, inbound, event, match, key, span })
      try {
        const accepted = await withinDeadline(
          startedAt,
          storeAndWake(context, row),
          'the store did not respond',
        )
        const result = accepted.fresh ? 'accepted' : 'duplicate'
        context.log.info(attributes, accepted.fresh ? 'callback accepted' : 'duplicate callback')
        span.setAttributes({ result })
        context.count(result, secondsSince(startedAt), event.scene)
        return storedReply(accepted.reply)
      } catch (err) {
        span.fail('not-stored')
        throw notStored(err, appId, row)
      }
    },
  )
}

function acknowledge(
  { log, count }: CallbackContext,
  { appId, startedAt }: CallbackRequest,
  { inbound, recovered }: AuthenticCallback,
): void {
  // A recovered message without an id is damaged: WeChat sends none without it.
  const result = inbound.kind !== 'unknown' ? 'ignored' : recovered ? 'unreadable' : 'unknown'
  if (inbound.kind === 'unknown') log.info({ appId, msgType: inbound.msgType }, 'callback of unknown kind')
  count(result, secondsSince(startedAt))
}

function toRow(
  { now, skewMonitor }: CallbackContext,
  arrived: {
    account: ReceivingAccount
    inbound: Inbound
    event: FollowerEvent
    match: EventMatch
    key: string
    span: Span
  },
): ArrivingEvent {
  const { account, inbound, event, match, key, span } = arrived
  const aheadMs = skewMonitor?.aheadMs(account.apiBase ?? null) ?? 0
  const createTime = inbound.createTime * 1000
  const mayAnswer = match.answered !== undefined || match.otherwise?.answered !== undefined
  return {
    appId: account.appId,
    openId: inbound.openId,
    dedupeKey: key,
    kind: event.kind,
    createTime,
    receivedAt: now(),
    event: {
      ...event,
      start: match.start,
      ...(aheadMs ? { aheadMs } : {}),
      ...(span.traceparent ? { trace: span.traceparent } : {}),
    },
    reply: match.reply,
    ...(match.answered === undefined ? {} : { answered: match.answered }),
    ...(mayAnswer
      ? { answeredDay: localDay(account.timezone, correctedTime({ at: createTime, aheadMs })) }
      : {}),
    ...(match.otherwise ? { otherwise: match.otherwise } : {}),
    ...(match.entry ? { entry: match.entry } : {}),
  }
}

/** Wakes the dispatcher also after the deadline: the event is stored then, and WeChat's next delivery is a duplicate. */
async function storeAndWake(
  { accept, wakeDispatcher }: Pick<CallbackContext, 'accept' | 'wakeDispatcher'>,
  row: ArrivingEvent,
): Promise<Accepted> {
  const accepted = await accept(row)
  if (accepted.fresh) wakeDispatcher()
  return accepted
}

/** The stored reply of an event. The column is untyped, and only this program writes it. */
function storedReply(reply: unknown): PassiveReply | null {
  return (reply ?? null) as PassiveReply | null
}

/**
 * The dedupe key of the inbox. It is hashed because the plain key contains the follower's id. The key of an entry becomes the key
 * of its run, which histories and lists show.
 */
export function inboxKey(plain: string): string {
  return createHash('sha256').update(plain).digest('base64url').slice(0, 32)
}

import type { HonoRequest } from 'hono'
import type { FollowerEvent } from '../run/follower-event.ts'
import type { Log } from '../shared/log.ts'
import type { CallbackResult } from '../shared/metrics.ts'
import type { Accepted, NewInboxRow } from '../store/inbox/inbox-rows.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { CallbackAccount, ReceivedMode } from '../wechat/callback/envelope.ts'
import type { Inbound } from '../wechat/callback/events.ts'
import type { Forward } from '../wechat/callback/outbound-envelope.ts'
import type { PassiveReply } from '../wechat/callback/reply.ts'
import type { ArrivingEvent } from './accept/reply-eligibility.ts'
import type { AdmissionControl } from './admission/admission-control.ts'
import type { Forwarder } from './forward/forward-event.ts'
import type { SkewMonitor } from './skew-monitor.ts'

/** One request from WeChat, as each step of the callback reads it. */
export interface CallbackRequest {
  appId: string
  query: Record<string, string>
  http: HonoRequest
  /** When it came, by `performance.now()`. */
  startedAt: number
}

/** An account, as far as its callback needs it. */
export interface ReceivingAccount extends CallbackAccount {
  name: string
  timezone: string
  variables: Readonly<Record<string, string>>
  humanAgents: boolean
  /** Its own platform's API, where it has one: that one's clock counts. */
  apiBase?: string | null
  /** A second URL that gets a copy of each event. */
  forward?: Forward | null
}

/** What an event begins and what is answered at once, matched from memory. */
export interface EventMatch {
  start: NonNullable<NewInboxRow['event']['start']> | null
  /** Of what it starts; the reply is given only where a run begins. */
  entry?: ArrivingEvent['entry']
  reply: PassiveReply | null
}

/** What the callback needs of the rest of the program. */
export interface CallbackDeps {
  /** Whether `findAccount` answers from memory. Absent: it always does. */
  isCached?(appId: string): boolean
  /** From memory, or from the store when memory does not know it. */
  findAccount(appId: string): Promise<ReceivingAccount | null>
  /** @param createdAt WeChat's `CreateTime`, epoch ms */
  match(account: ReceivingAccount, event: FollowerEvent, createdAt: number): EventMatch
  /** Stores the event durably, with the reply that it gets. */
  accept(row: ArrivingEvent): Promise<Accepted>
  /** Called after each insert of a new row. */
  wakeDispatcher(): void
  /** Answers WeChat's release test of third-party platforms in place of campaigns; null for everybody else. */
  releaseTestReply?(appId: string, inbound: Inbound): { reply: PassiveReply | null } | null
  forward?: Forwarder
  /** Measures this process's clock against WeChat's. */
  skewMonitor?: Pick<SkewMonitor, 'record' | 'aheadMs'>
  /** WeChat has reached this account's callback. */
  onReceived(appId: string): void
  /** A push was refused because it is of another mode than the account; null: one was of the account's. */
  onModeChecked?(appId: string, received: ReceivedMode | null): void
  now(): number
  /** How old the query's `timestamp` may be, ms; 0: any age. */
  maxAgeMs: number
  log: Log
  count(result: CallbackResult, seconds: number): void
  /** How many callbacks may be under way; absent: the product's default. */
  admission?: AdmissionControl
  /** A callback was answered 500 at once, because too many were under way. */
  onShed?(): void
  tracing?: Tracing
}

/** The same with nothing left out, as the steps of the callback get it. */
export type CallbackContext = CallbackDeps &
  Required<Pick<CallbackDeps, 'isCached' | 'admission' | 'tracing'>>

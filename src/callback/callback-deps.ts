import type { HonoRequest } from 'hono'
import type { OptOut } from '../campaign/opt-out.ts'
import type { FollowerEvent } from '../run/follower-event.ts'
import type { Log } from '../shared/log.ts'
import type { CallbackResult } from '../shared/metrics.ts'
import type { Accepted, NewInboxRow } from '../store/inbox/inbox-rows.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { CallbackAccount, ReceivedMode } from '../wechat/callback/envelope.ts'
import type { Inbound } from '../wechat/callback/events.ts'
import type { Forward } from '../wechat/callback/outbound-envelope.ts'
import type { PassiveReply } from '../wechat/callback/passive-reply.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import type { ArrivingEvent } from './accept/reply-eligibility.ts'
import type { AdmissionControl } from './admission/admission-control.ts'
import type { Forwarder } from './forward/forward-event.ts'
import type { SkewMonitor } from './skew-monitor.ts'

/** One request, as the steps of the callback read it. */
export interface CallbackRequest {
  appId: string
  query: Record<string, string>
  http: HonoRequest
  /** Time of arrival by `performance.now()`. */
  startedAt: number
}

/** An account, with the fields that its callback needs. */
export interface ReceivingAccount extends CallbackAccount {
  name: string
  timezone: string
  /** For campaigns that name none; null: none. */
  quietHours?: { from: string; to: string } | null
  variables: Readonly<Record<string, string>>
  humanAgents: boolean
  /** The words by which its followers end all messages; null: those of each campaign only. */
  optOut?: OptOut | null
  /** The API of the account's own platform, whose clock counts for it; null: WeChat. */
  apiBase?: string | null
  /** A second URL that receives each event; null: none. */
  forward?: Forward | null
}

/** The campaign that an event enters and its passive reply, matched from memory. */
export interface EventMatch {
  start: NonNullable<NewInboxRow['event']['start']> | null
  /** The run to start, for deciding whether the reply is due; absent without a reply. */
  entry?: ArrivingEvent['entry']
  reply: PassiveReply | null
  /** What the event is answered when its entry starts no run, or when the text opts out; absent: as `reply` says. */
  otherwise?: ArrivingEvent['otherwise']
  /** The row of `answers` that `reply` is from; absent: none. */
  answered?: string
}

/** The dependencies of the callback app. */
export interface CallbackDeps {
  /** Whether `findAccount` answers from memory; absent: it always does. */
  isCached?(appId: string): boolean
  /** Finds an account in memory, or else in the store. */
  findAccount(appId: string): Promise<ReceivingAccount | null>
  /** @param createdAt WeChat's `CreateTime`, epoch ms */
  match(account: ReceivingAccount, event: FollowerEvent, createdAt: number, openId: string): EventMatch
  /** Stores the event durably with its reply. */
  accept(row: ArrivingEvent): Promise<Accepted>
  /** Called after each insert of a new row. */
  wakeDispatcher(): void
  /** The answer to WeChat's release test of third-party platforms, which no campaign handles; null for other accounts. */
  releaseTestReply?(appId: string, inbound: Inbound): { reply: PassiveReply | null } | null
  forward?: Forwarder
  /** Measures this process's clock against WeChat's. */
  skewMonitor?: Pick<SkewMonitor, 'record' | 'aheadMs'>
  /** Called when WeChat has reached the account's callback. */
  onReceived(appId: string): void
  /** Called after the mode of a push was checked. `received`: the wrong mode of a refused push; null for the right mode. */
  onModeChecked?(appId: string, received: ReceivedMode | null): void
  /** Called when a request to the callback of a known account was refused: its signature or its encryption is wrong. */
  onRefused?(appId: string): void
  now(): number
  /** Largest age of the query's `timestamp`, ms; 0: any age. */
  maxAgeMs: number
  log: Log
  /** @param scene of an accepted event; absent or null: it is no interaction */
  count(result: CallbackResult, seconds: number, scene?: Scene | null): void
  /** Bounds the callbacks in progress; absent: with the default limits. */
  admission?: AdmissionControl
  /** Called when a callback was answered 500 because too many were in progress. */
  onShed?(): void
  tracing?: Tracing
}

/** The dependencies with their defaults, for the steps of the callback. */
export type CallbackContext = CallbackDeps &
  Required<Pick<CallbackDeps, 'isCached' | 'admission' | 'tracing'>>

import type { Message, MessageKind } from '../src/campaign/model.ts'
import type { Log } from '../src/shared/log.ts'
import type { Db } from '../src/store/db.ts'
import type { WechatClient } from '../src/wechat/api/client.ts'
import type { TokenProvider } from '../src/wechat/api/tokens.ts'
import type { AccountStop } from '../src/wechat/rules/errcodes.ts'
import type { Rate } from './throttle/rate-limiter.ts'
import type { SendThrottle } from './throttle/send-throttle.ts'

/** What a send must know of its account. */
export interface SendAccount {
  appId: string
  name: string
  timezone: string
  /** Its own variables, for templates. */
  variables: Readonly<Record<string, string>>
  /** Kinds of messages that WeChat has refused it as such. */
  refusedKinds: readonly string[]
  onUnknown: 'retry' | 'assume-sent'
  /** False while the account is stopped. */
  active: boolean
  stateReason: string | null
  /** The rate of sends that WeChat named lately; null: not known. */
  rate: Rate | null
  client: WechatClient
}

/** What the activities take from the rest of the program. */
export interface ActivityDeps {
  db: Db
  log: Log
  /** Real time, epoch ms. */
  now: () => number
  tokens: TokenProvider
  throttle: SendThrottle
  accounts: {
    find(appId: string): Promise<SendAccount | null>
    /** Stops the account for the reason that WeChat gave; a day's quota that is used up until the next day. */
    stop(appId: string, state: AccountStop, errcode: number): Promise<void>
    /** Asks WeChat how much of the account's quota is left, and at which rate it may send; not more than once a minute. */
    fetchSendQuota(appId: string, client: WechatClient, accessToken: string): Promise<void>
    /** A follower that WeChat does not know (40003); true when three different ones in a row now block the account. */
    recordInvalidRecipient(appId: string, openId: string): Promise<boolean>
    recordValidRecipient(appId: string): Promise<void>
    /** WeChat takes this kind of message from no send of the account (45050, 48008). */
    recordRefusedKind(appId: string, kind: MessageKind): Promise<void>
    /** A message of this kind was taken after all. */
    recordAcceptedKind(appId: string, kind: MessageKind): Promise<void>
  }
  /** The message of a step, as the run's version has it, or a newer one published for running bodies. */
  messageOf(campaign: string, version: number, stepId: string): Promise<Message | null>
  metrics: {
    sent(result: string, errcode: number | null): void
    /** One request, by what its answer means. */
    attempt(kind: string, errcode: number | null): void
    /** WeChat refuses what our ledger allowed. */
    mismatch(errcode: 45015 | 45047): void
    held(reason: string): void
    lateness(ms: number, wasHeld: boolean): void
    skipped(reason: string): void
    ended(outcome: string): void
    /** The store took a run's snapshot only in part, or not at all. */
    snapshotReduced(kept: string): void
  }
}

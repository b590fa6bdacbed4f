import type { Message, MessageKind } from '../src/campaign/message-model.ts'
import type { Cohort } from '../src/run/cohort.ts'
import type { RunStart } from '../src/run/plan.ts'
import type { Log } from '../src/shared/log.ts'
import type { Db } from '../src/store/db.ts'
import type { WechatClient } from '../src/wechat/api/client.ts'
import type { TokenProvider } from '../src/wechat/api/tokens.ts'
import type { AccountStop, ERRCODE } from '../src/wechat/rules/errcodes.ts'
import type { Rate } from './throttle/rate-limiter.ts'
import type { SendThrottle } from './throttle/send-throttle.ts'

/** The account that a send needs. */
export interface SendAccount {
  appId: string
  name: string
  timezone: string
  /** The account's variables for templates. */
  variables: Readonly<Record<string, string>>
  /** Message kinds that WeChat does not accept from this account at all. */
  refusedKinds: readonly string[]
  onUnknown: 'retry' | 'assume-sent'
  /** False while the account is stopped. */
  active: boolean
  stateReason: string | null
  /** The rate of sends that WeChat allows; null when it is not known. */
  rate: Rate | null
  client: WechatClient
}

/** The ports through which the activities use the rest of the program. */
export interface ActivityDeps {
  db: Db
  log: Log
  /** Real time, epoch ms. */
  now: () => number
  tokens: TokenProvider
  throttle: SendThrottle
  accounts: {
    find(appId: string): Promise<SendAccount | null>
    /** The account as this process read it at most a second ago. */
    findRecent(appId: string): Promise<SendAccount | null>
    /** Stops the account for the errcode that WeChat gave. An exhausted daily quota stops it until the next day. */
    stop(appId: string, state: AccountStop, errcode: number): Promise<void>
    /** Fetches the account's remaining quota and its rate of sends from WeChat, at most once a minute. */
    fetchSendQuota(appId: string, client: WechatClient, accessToken: string): Promise<void>
    /** Counts a follower that WeChat does not know (40003). True at the third different one in a row. */
    recordInvalidRecipient(appId: string, openId: string): Promise<boolean>
    recordValidRecipient(appId: string): Promise<void>
    /** Records that WeChat does not accept this kind of message from the account (45050, 48008). */
    recordRefusedKind(appId: string, kind: MessageKind): Promise<void>
    /** Records that WeChat accepts this kind of message again. */
    recordAcceptedKind(appId: string, kind: MessageKind): Promise<void>
  }
  /** What statistics group a run by; null when its campaign version cannot be read. */
  cohortOf(appId: string, start: Pick<RunStart, 'plan' | 'entry'>): Promise<Cohort | null>
  /** A step's message in the run's version, or in a newer version published with `bodies=running`. Null when it is gone. */
  messageOf(campaign: string, version: number, stepId: string): Promise<Message | null>
  /** The same, as this process read it at most a second ago. */
  recentMessageOf(campaign: string, version: number, stepId: string): Promise<Message | null>
  /** The URL of short links, without a trailing slash; undefined: messages have none. */
  publicUrl?: string | undefined
  /** Called after a step has stored events of its follower. */
  onEvents?: () => void
  metrics: {
    sent(result: string, errcode: number | null): void
    /** Counts one request by the class of its answer. */
    attempt(kind: string, errcode: number | null): void
    /** Counts a send that the ledger allowed and WeChat refused. */
    mismatch(errcode: typeof ERRCODE.windowOver | typeof ERRCODE.quotaUsed): void
    held(reason: string): void
    lateness(ms: number, wasHeld: boolean): void
    skipped(reason: string): void
    ended(outcome: string): void
    /** Counts a run's snapshot that the store accepted only in part, or not at all. */
    snapshotReduced(stored: string): void
  }
}

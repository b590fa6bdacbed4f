import { randomBytes } from 'node:crypto'
import { Faults } from './api/faults.ts'
import { checkMedia } from './api/send-rules.ts'
import { NOTICE_SENDER } from './callbacks/actions/notice-actions.ts'
import { applyAction, resolveScan } from './callbacks/apply-action.ts'
import type { Fields, PushTarget } from './callbacks/envelope.ts'
import { type FollowerAction, systemLine } from './callbacks/follower-actions.ts'
import {
  type Post,
  type PushCounts,
  Pusher,
  type PushOptions,
  type PushResult,
  type PushSettings,
} from './callbacks/push.ts'
import { FollowerClock, type TestClock } from './follower-clock.ts'
import { targetThroughComponent } from './platform/component-push.ts'
import { type Happening, recordHappening } from './state/happenings.ts'
import type { SimAccountState, SimFollower } from './state/model.ts'
import { type FollowerKey, SimulatorState } from './state/simulator-state.ts'

export type { TestClock } from './follower-clock.ts'

export interface SimulatedWechatOptions {
  /** Real time, epoch ms; `Date.now` by default. */
  now?: () => number
  answerTimeoutMs?: number
  /** See `PushSettings`. */
  markFail?: PushSettings['markFail']
  resendAfterMs?: number
  post?: Post
  statePath?: string
  testClock?: TestClock
}

/** Options of one action: those of its push, and fields of its callback (`createTime` in s). */
export type ActionOptions = PushOptions & { createTime?: number; msgId?: string }

/**
 * The phone's text when the account's server gave no answer, or an answer that WeChat cannot use. WeChat's page says
 * 该公众号暂时无法提供服务，请稍后再试; phones have shown the text below since 2018 at the latest (WxJava issues 837 and 3312,
 * EasyWeChat 2188 and 2742).
 */
export const FAULT_TEXT = '该公众号提供的服务出现故障，请稍后再试'
const FAULT_TEXT_EN = 'The service of this account has a fault. Try again later.'

/** The simulated platform: followers act, callbacks are pushed, clocks move. */
export class SimulatedWechat extends SimulatorState {
  /** URL of the simulator; '' until it listens. */
  origin = ''
  readonly faults = new Faults()
  readonly answerTimeoutMs: number
  readonly #pusher: Pusher
  readonly #clock: FollowerClock
  #duplicatesLeft = 0

  constructor(options: SimulatedWechatOptions = {}) {
    super(options)
    this.answerTimeoutMs = options.answerTimeoutMs ?? 5_000
    this.#pusher = new Pusher(
      {
        answerTimeoutMs: this.answerTimeoutMs,
        resends: 3,
        markFail: options.markFail ?? { failures: 40, pauseMs: 60_000 },
        ...(options.post ? { post: options.post } : {}),
        ...(options.resendAfterMs ? { resendAfterMs: options.resendAfterMs } : {}),
      },
      this.now,
    )
    this.#clock = new FollowerClock(this, options.testClock)
  }

  /** One action of a follower: WeChat's state changes, the callback is pushed, and the phone shows its passive reply. */
  async act(key: FollowerKey, requested: FollowerAction, options: ActionOptions = {}): Promise<PushResult> {
    const account = this.account(key.appId)
    const follower = this.follower(key)
    const action = resolveScan(account, follower, requested)
    const clock = this.clockOf(follower)
    const createTime = options.createTime ?? Math.floor(clock / 1000)
    const startedAt = performance.now()
    applyAction(account, follower, action, { clock, createTime })
    this.changed(key.appId, key.openId)
    const fields: Fields = {
      ToUserName: account.originalId,
      FromUserName: key.openId,
      CreateTime: createTime,
      ...action.fields,
    }
    if (action.isMessage) fields.MsgId = options.msgId ?? newMsgId()
    const result = await this.#pusher.push(this.targetOf(account), fields, {
      times: this.#takeDuplicate() ? 2 : 1,
      ...options,
    })
    recordHappening(follower, pushHappening(action, result, { at: clock, startedAt }))
    this.#showAnswer(follower, action, result)
    this.changed(key.appId, key.openId)
    if (result.ok) await this.#clock.sync(key)
    return result
  }

  /** Pushes one of WeChat's own notices to an account. No follower acts. */
  notify(appId: string, fields: Fields): Promise<PushResult> {
    const account = this.account(appId)
    const head = {
      ToUserName: account.originalId,
      FromUserName: NOTICE_SENDER,
      CreateTime: Math.floor(this.now() / 1000),
    }
    return this.#pusher.push(this.targetOf(account), { ...head, ...fields })
  }

  /** Where an account's callbacks are pushed: its own server, or the platform that it has authorised. */
  targetOf(account: SimAccountState): PushTarget {
    return {
      ...targetThroughComponent(account, this.components.values()),
      hasMedia: (id, type) => checkMedia(account, id, type, this.now()) === 0,
    }
  }

  /** Who receives an account's callbacks: its own server, a platform by its appId, or nobody. */
  servedBy(account: SimAccountState): { by: 'own-server' | 'nobody' } | { by: 'platform'; appId: string } {
    for (const component of this.components.values())
      if (component.authorisations.has(account.appId))
        return { by: 'platform', appId: component.options.appId }
    return { by: account.callbackUrl === null ? 'nobody' : 'own-server' }
  }

  pushCounts(appId: string): Readonly<PushCounts> {
    return this.#pusher.counts(appId)
  }

  /** The next `count` callbacks are delivered twice. */
  duplicateCallbacks(count: number): void {
    this.#duplicatesLeft = count
  }

  /** Moves the clocks of a follower and its run forward by `ms`. */
  fastForward(key: FollowerKey, ms: number): Promise<void> {
    return this.#clock.advance(key, ms)
  }

  /** Whether the clocks of runs can be moved. */
  get hasTestClock(): boolean {
    return this.#clock.hasTestClock
  }

  /** Moves both clocks to the run's next step. Returns false when there is none. */
  fastForwardToNext(key: FollowerKey): Promise<boolean> {
    return this.#clock.advanceToNext(key)
  }

  /** When the follower's run acts next by itself, on the follower's clock, epoch ms; null: never, or no test clock. */
  nextAt(key: FollowerKey): Promise<number | null> {
    return this.#clock.nextAt(key)
  }

  #takeDuplicate(): boolean {
    if (this.#duplicatesLeft === 0) return false
    this.#duplicatesLeft -= 1
    return true
  }

  #showAnswer(follower: SimFollower, action: FollowerAction, result: PushResult): void {
    const at = this.clockOf(follower)
    if (result.passiveReply) {
      const { msgType: kind, fields: content } = result.passiveReply
      follower.messages.push({ at, from: 'account', via: 'passive', kind, content })
    } else if (!result.ok && (action.isMessage || action.scene))
      follower.messages.push({ at, via: null, ...systemLine(FAULT_TEXT, FAULT_TEXT_EN) })
  }
}

/** @param when `at`: the follower's clock, epoch ms; `startedAt`: `performance.now()` */
function pushHappening(
  { fields }: FollowerAction,
  result: PushResult,
  { at, startedAt }: { at: number; startedAt: number },
): Happening {
  const { ok, attempts: deliveries, status, passiveReply, refused } = result
  const answer = ok
    ? deliveries === 0
      ? 'no-server'
      : passiveReply
        ? 'reply'
        : 'success'
    : refused !== undefined
      ? 'refused'
      : deliveries === 0
        ? 'lost'
        : 'failed'
  const reason = refused ?? (answer === 'failed' && status === null ? result.body : undefined)
  return {
    kind: 'push',
    at,
    what: String(fields.MsgType === 'event' ? fields.Event : fields.MsgType),
    answer,
    ...(passiveReply ? { reply: passiveReply.msgType } : {}),
    ...(reason === undefined ? {} : { reason }),
    status,
    deliveries,
    tookMs: Math.round(performance.now() - startedAt),
  }
}

function newMsgId(): string {
  // WeChat's ids are 64-bit numbers above 2^53.
  return (0x2000_0000_0000_0000n + randomBytes(7).reduce((n, b) => (n << 8n) | BigInt(b), 0n)).toString()
}

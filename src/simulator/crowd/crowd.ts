import type { FollowerAction } from '../callbacks/follower-actions.ts'
import type { PushResult } from '../callbacks/push.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SendLogEntry } from '../state/model.ts'
import type { FollowerKey } from '../state/simulator-state.ts'
import { CrowdJudge } from './crowd-judge.ts'
import { arrivalOf, chooseBehaviour, type PlannedAction, planOf } from './crowd-plan.ts'
import { CrowdSeries } from './crowd-series.ts'
import type { Behaviour, CrowdSettings } from './crowd-settings.ts'
import type { CrowdState, StartedCrowdView } from './crowd-view.ts'
import { forwardPhones } from './forward-phones.ts'
import { TimeHistogram } from './time-histogram.ts'

const MINUTE_MS = 60_000
/** Actions are carried out in steps of this length. */
const TICK_MS = 100
/** Pushes without an answer so far. Above this, arrivals and actions wait: a server that hangs must not use up the memory. */
const MOST_IN_FLIGHT = 400
/** What a phone of a crowd keeps. */
const MOST_MESSAGES = 30

interface CrowdOptions {
  /** In the OpenIDs of the followers. */
  id: string
  random?: () => number
  /** Called once, when the crowd has ended. */
  onEnd?(): void
}

/** Simulated followers who arrive over some time and behave as chosen, and what WeChat sees of how they are served. */
export class Crowd {
  readonly id: string
  readonly #wechat: SimulatedWechat
  readonly #appId: string
  readonly #settings: CrowdSettings
  readonly #random: () => number
  readonly #onEnd: () => void
  readonly #startedAt: number
  readonly #series: CrowdSeries
  readonly #judge = new CrowdJudge()
  readonly #delays = new TimeHistogram()
  readonly #answers = new TimeHistogram()
  /** When each follower arrived, got the first message, and did what no message has answered yet; 0: not so far. Epoch ms. */
  readonly #arrivedAt: Float64Array
  readonly #servedAt: Float64Array
  readonly #unansweredSince: Float64Array
  /** Actions by the tick in which they are due. */
  readonly #due = new Map<number, { index: number; planned: PlannedAction }[]>()
  readonly #examples: Partial<Record<Behaviour, string>> = {}
  readonly #counts = {
    accepted: 0,
    actions: 0,
    unfollowed: 0,
    messages: 0,
    passive: 0,
    served: 0,
    leftUnserved: 0,
    forwarded: 0,
  }
  readonly #forwarding = new AbortController()
  #state: Exclude<CrowdState, 'none'> = 'arriving'
  #endedAt: number | null = null
  #arrived = 0
  /** Followers whose first minute is over. */
  #judged = 0
  #unserved = 0
  #inFlight = 0
  #nextTick: number
  #version = 1
  #timer: NodeJS.Timeout | undefined

  constructor(wechat: SimulatedWechat, appId: string, settings: CrowdSettings, options: CrowdOptions) {
    this.id = options.id
    this.#wechat = wechat
    this.#appId = appId
    this.#settings = settings
    this.#random = options.random ?? Math.random
    this.#onEnd = options.onEnd ?? (() => {})
    this.#startedAt = wechat.now()
    this.#nextTick = tickOf(this.#startedAt)
    this.#series = new CrowdSeries(this.#startedAt)
    this.#arrivedAt = new Float64Array(settings.followers)
    this.#servedAt = new Float64Array(settings.followers)
    this.#unansweredSince = new Float64Array(settings.followers)
  }

  get isRunning(): boolean {
    return this.#state !== 'finished' && this.#state !== 'stopped'
  }

  /** Changes with each change of the view. */
  get version(): number {
    return this.#version
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS)
    this.#timer.unref()
  }

  /** No more arrivals and actions. Messages that still come are counted. */
  stop(): void {
    if (this.isRunning) this.#end('stopped')
  }

  /** Carries out what is due by now. */
  tick(): void {
    if (!this.isRunning) return
    const now = this.#wechat.now()
    this.#arrive(now)
    this.#act(now)
    this.#judgeMinutes(now)
    this.#series.mark({ waiting: this.#waiting, served: this.#counts.served }, now)
    this.#version += 1
    const { followers } = this.#settings
    if (this.#arrived === followers && this.#state === 'arriving') this.#state = 'settling'
    if (this.#state !== 'settling') return
    if (this.#judged === followers && this.#due.size === 0 && this.#inFlight === 0) this.#settled()
  }

  /** Judges a send of the account to a follower of this crowd; others are ignored. */
  sent({ openId }: FollowerKey, send: SendLogEntry): void {
    const index = this.#indexOf(openId)
    if (index === null) return
    const follower = this.#wechat.peek({ appId: this.#appId, openId })
    this.#judge.judge(send, follower.following)
    if (send.delivered) this.#received(index, this.#wechat.now())
    if (follower.messages.length > MOST_MESSAGES)
      follower.messages.splice(0, follower.messages.length - MOST_MESSAGES)
    this.#version += 1
  }

  view(): StartedCrowdView {
    const { leftUnserved: _, ...counts } = this.#counts
    return {
      state: this.#state,
      version: this.#version,
      id: this.id,
      settings: this.#settings,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      now: this.#wechat.now(),
      arrived: this.#arrived,
      ...counts,
      waiting: this.#waiting,
      answerP99: this.#answers.quantile(0.99),
      delayP50: this.#delays.quantile(0.5),
      delayP99: this.#delays.quantile(0.99),
      charts: this.#series.charts(),
      findings: this.#judge.findings(),
      examples: { ...this.#examples },
    }
  }

  get #waiting(): number {
    return this.#arrived - this.#counts.served - this.#unserved - this.#counts.leftUnserved
  }

  /** Everybody has arrived and acted. */
  #settled(): void {
    if (!this.#settings.fastClock) {
      this.#end('finished')
      return
    }
    this.#state = 'forwarding'
    // What arrives from now on answers nothing that a follower has done.
    this.#unansweredSince.fill(0)
    const still = Array.from(this.#arrivedAt, (_, index) => this.#keyOf(index)).filter(
      (key) => this.#wechat.peek(key).following,
    )
    const onDone = () => {
      this.#counts.forwarded += 1
    }
    void forwardPhones(this.#wechat, still, { signal: this.#forwarding.signal, onDone }).then(() => {
      if (this.isRunning) this.#end('finished')
    })
  }

  #end(state: 'finished' | 'stopped'): void {
    clearInterval(this.#timer)
    this.#forwarding.abort()
    this.#state = state
    this.#endedAt = this.#wechat.now()
    this.#due.clear()
    this.#version += 1
    this.#onEnd()
  }

  #arrive(now: number): void {
    const { followers, seconds, mix, reply } = this.#settings
    const due = Math.min(followers, Math.floor(((now - this.#startedAt) / (seconds * 1000)) * followers) + 1)
    const account = this.#wechat.account(this.#appId)
    while (this.#arrived < due && this.#inFlight < MOST_IN_FLIGHT) {
      const index = this.#arrived++
      const behaviour = chooseBehaviour(mix, this.#random)
      const key = this.#keyOf(index)
      this.#examples[behaviour] ??= key.openId
      this.#wechat.follower(key).crowd = this.id
      this.#arrivedAt[index] = now
      this.#push(index, arrivalOf(behaviour, account, now, this.#random), now)
      for (const planned of planOf(behaviour, reply, this.#random)) this.#plan(index, planned, now)
    }
  }

  #plan(index: number, planned: PlannedAction, now: number): void {
    const tick = tickOf(now + planned.afterMs)
    const others = this.#due.get(tick)
    if (others) others.push({ index, planned })
    else this.#due.set(tick, [{ index, planned }])
  }

  #act(now: number): void {
    const account = this.#wechat.account(this.#appId)
    for (
      const last = tickOf(now);
      this.#nextTick <= last && this.#inFlight < MOST_IN_FLIGHT;
      this.#nextTick++
    ) {
      const due = this.#due.get(this.#nextTick) ?? []
      this.#due.delete(this.#nextTick)
      for (const { index, planned } of due) {
        const follower = this.#wechat.follower(this.#keyOf(index))
        const action = follower.following ? planned.action(account, follower, now) : null
        if (!action) continue
        this.#counts.actions += 1
        if (action.following === false) this.#left(index)
        this.#push(index, action, now)
      }
    }
  }

  /** Nobody who has left is served. */
  #left(index: number): void {
    this.#counts.unfollowed += 1
    if (this.#servedAt[index] === 0) this.#counts.leftUnserved += 1
    this.#servedAt[index] ||= -1
    this.#unansweredSince[index] = 0
  }

  #push(index: number, action: FollowerAction, now: number): void {
    const key = this.#keyOf(index)
    this.#judge.acted(key.openId)
    if (action.scene) this.#unansweredSince[index] = now
    this.#inFlight += 1
    void this.#wechat
      .act(key, action)
      .then((result) => this.#pushed(index, result, now))
      // A run whose clock cannot be moved is no matter of a crowd.
      .catch(() => {})
      .finally(() => {
        this.#inFlight -= 1
      })
  }

  #pushed(index: number, { ok, attempts, passiveReply }: PushResult, pushedAt: number): void {
    const now = this.#wechat.now()
    // An account without a server accepts nothing.
    if (!ok || attempts === 0) {
      this.#judge.find('lost', this.#keyOf(index).openId)
      return
    }
    this.#counts.accepted += 1
    this.#answers.add(now - pushedAt)
    this.#series.count('accepted', now)
    if (!passiveReply) return
    this.#counts.passive += 1
    this.#received(index, now)
  }

  #received(index: number, now: number): void {
    this.#counts.messages += 1
    this.#series.count('messages', now)
    const since = this.#unansweredSince[index] ?? 0
    if (since > 0) {
      this.#delays.add(now - since)
      this.#series.delay(now - since, now)
      this.#unansweredSince[index] = 0
    }
    if (this.#servedAt[index] !== 0) return
    this.#servedAt[index] = now
    if (now - (this.#arrivedAt[index] ?? 0) <= MINUTE_MS) this.#counts.served += 1
  }

  /** Followers arrive in the order of their numbers, so their minutes end in this order. */
  #judgeMinutes(now: number): void {
    while (this.#judged < this.#arrived && now - (this.#arrivedAt[this.#judged] ?? 0) > MINUTE_MS) {
      const index = this.#judged++
      const servedAt = this.#servedAt[index] ?? 0
      if (servedAt === -1 || (servedAt > 0 && servedAt - (this.#arrivedAt[index] ?? 0) <= MINUTE_MS)) continue
      this.#unserved += 1
      this.#judge.find('unserved', this.#keyOf(index).openId)
    }
  }

  #keyOf(index: number): FollowerKey {
    return { appId: this.#appId, openId: `${prefixOf(this.id)}${String(index).padStart(5, '0')}` }
  }

  #indexOf(openId: string): number | null {
    const prefix = prefixOf(this.id)
    return openId.startsWith(prefix) ? Number(openId.slice(prefix.length)) : null
  }
}

const prefixOf = (id: string) => `oCrowd_${id}_`
const tickOf = (at: number) => Math.ceil(at / TICK_MS)

import { randomBytes } from 'node:crypto'
import { createFaults, type FaultBox } from './api/faults.ts'
import { checkMedia } from './api/send-rules.ts'
import { followerActions } from './callbacks/follower-actions.ts'
import {
  createPusher,
  type Fields,
  type Post,
  type PushOptions,
  type PushResult,
  type PushSettings,
  type PushTarget,
} from './callbacks/push.ts'
import { targetThroughComponent } from './platform/component-push.ts'
import { type ComponentOptions, ComponentState } from './platform/component-state.ts'
import {
  type AccountOptions,
  grantTo,
  newAccount,
  newAgent,
  newFollower,
  type SimAccountState,
  type SimCode,
  type SimFollower,
  type SimScene,
} from './state/model.ts'
import { codeOf } from './state/qrcodes.ts'
import { openStateFile } from './state/state-file.ts'
import { SimTokens } from './state/tokens.ts'

/** What moves a follower's run on in the engine; the simulator itself knows no engine. */
export interface TestClock {
  /** Moves the run's clock on by `ms`; every step on the way is sent. */
  advance(key: FollowerKey, ms: number): Promise<void>
  /** When the run next does something (follower's clock, epoch ms): at or before now while a send is under way. */
  nextAt(key: FollowerKey): Promise<number | null>
  /** Brings a run that has just begun up to the follower's clock. */
  syncTo(key: FollowerKey, clock: number): Promise<void>
}

export interface FollowerKey {
  appId: string
  openId: string
}

export interface SimulatedWechatOptions {
  now?: () => number
  answerTimeoutMs?: number
  /** See `PushSettings`. */
  markFail?: PushSettings['markFail']
  resendAfterMs?: number
  post?: Post
  statePath?: string
  testClock?: TestClock
}

export type Listener = (key: FollowerKey) => void

/** What the follower can do, and the push options of a test. */
export type ActionOptions = PushOptions & { createTime?: number; msgId?: string }

/**
 * What the phone says when the account's server gave no answer, or one that WeChat cannot use. WeChat's page words it
 * 该公众号暂时无法提供服务，请稍后再试; phones have shown this since 2018 at the latest (WxJava issues 837 and 3312, EasyWeChat
 * 2188 and 2742).
 */
export const FAULT_TEXT = '该公众号提供的服务出现故障，请稍后再试'
const SAVE_AFTER_MS = 100
const IDLE_TIMEOUT_MS = 10_000

/** The simulated platform: followers act, callbacks go out, clocks move. */
export function createSimulatedWechat(options: SimulatedWechatOptions) {
  const now = options.now ?? Date.now
  const accounts = new Map<string, SimAccountState>()
  const tokens = new Map<string, SimTokens>()
  const components = new Map<string, ComponentState>()
  const faults: FaultBox = createFaults()
  const listeners = new Set<Listener>()
  const answerTimeoutMs = options.answerTimeoutMs ?? 5_000
  let duplicateNext = 0
  const pusher = createPusher(
    {
      answerTimeoutMs,
      resends: 3,
      markFail: options.markFail ?? { failures: 40, pauseMs: 60_000 },
      ...(options.post ? { post: options.post } : {}),
      ...(options.resendAfterMs ? { resendAfterMs: options.resendAfterMs } : {}),
    },
    now,
  )
  let saving: NodeJS.Timeout | undefined
  const file = openStateFile(options.statePath)

  const clockOf = (follower: SimFollower) => now() + follower.offsetMs

  function changed(appId: string, openId: string): void {
    for (const listener of listeners) listener({ appId, openId })
    saveSoon()
  }

  function accountChanged(appId: string): void {
    for (const openId of account(appId).followers.keys()) changed(appId, openId)
    saveSoon()
  }

  function saveSoon(): void {
    if (!options.statePath || saving) return
    saving = setTimeout(save, SAVE_AFTER_MS)
    saving.unref()
  }

  function save(): void {
    clearTimeout(saving)
    saving = undefined
    file.write(accounts, components, now())
  }

  /** `made`: by page or control API, so that its settings outlive this process. */
  function addAccount(account: AccountOptions, made = false): SimAccountState {
    const known = accounts.get(account.appId)
    if (known) {
      const { agents, ...rest } = account
      return Object.assign(known, rest, agents ? { agents: agents.map(newAgent) } : {})
    }
    const added = { ...newAccount(account), isPersisted: made }
    const before = file.saved.accounts[account.appId]
    for (const f of before?.followers ?? []) added.followers.set(f.openId, { ...newFollower(f.openId), ...f })
    added.codes = keptCodes(before?.codes)
    added.tags = before?.tags ?? added.tags
    added.agents = before?.agents ?? added.agents
    added.apiMenu = before?.apiMenu ?? null
    Object.assign(added.records, before?.records)
    accounts.set(account.appId, added)
    tokens.set(account.appId, new SimTokens())
    return added
  }

  /** A platform that was there before comes with its authorisations, tokens and codes. */
  function addComponent(component: ComponentOptions, made = false): ComponentState {
    const known = components.get(component.appId)?.saved(now())
    const added = new ComponentState({ ...component }, known ?? file.saved.components[component.appId])
    added.isPersisted = made
    components.set(component.appId, added)
    return added
  }

  function account(appId: string): SimAccountState {
    const found = accounts.get(appId)
    if (!found) throw new Error(`the simulator has no account ${appId}`)
    return found
  }

  /** Where an account's callbacks go: to its own server, or through the platform that it has authorised. */
  const targetOf = (owner: SimAccountState): PushTarget => ({
    ...targetThroughComponent(owner, components.values()),
    hasMedia: (id, type) => checkMedia(owner, id, type, now()) === 0,
  })

  /** Who gets an account's callbacks: its own server, a platform by its appId, or nobody. */
  function servedBy(
    owner: SimAccountState,
  ): { by: 'own-server' | 'nobody' } | { by: 'platform'; appId: string } {
    for (const component of components.values())
      if (component.authorisations.has(owner.appId)) return { by: 'platform', appId: component.options.appId }
    return { by: owner.callbackUrl === null ? 'nobody' : 'own-server' }
  }

  function follower(key: FollowerKey): SimFollower {
    const { followers } = account(key.appId)
    const found = followers.get(key.openId) ?? newFollower(key.openId)
    followers.set(key.openId, found)
    return found
  }

  /** As `follower`, for who only looks: nobody is made by it. */
  function peek(key: FollowerKey): SimFollower {
    return account(key.appId).followers.get(key.openId) ?? newFollower(key.openId)
  }

  /** One thing that a follower does: WeChat's side of it, then the callback, then its passive reply on the phone. */
  async function act(
    key: FollowerKey,
    requested: FollowerAction,
    options_: ActionOptions = {},
  ): Promise<PushResult> {
    const owner = account(key.appId)
    const one = follower(key)
    const action = resolveScan(owner, one, requested)
    const clock = clockOf(one)
    const createTime = options_.createTime ?? Math.floor(clock / 1000)
    if (action.following !== undefined) one.following = action.following
    if (action.following === false) one.grants = []
    if (action.following) recordFollow(owner, one, action, createTime)
    if (action.agent !== undefined)
      one.agent = action.agent === null ? null : { account: action.agent, since: clock }
    if (action.scene) grantTo(one, owner.profile, action.scene, createTime * 1000)
    if (action.shows) one.messages.push({ at: clock, via: null, ...action.shows })
    changed(key.appId, key.openId)
    const fields: Fields = {
      ToUserName: owner.originalId,
      FromUserName: key.openId,
      CreateTime: createTime,
      ...action.fields,
    }
    if (action.isMessage) fields.MsgId = options_.msgId ?? newMsgId()
    recordForAgent(owner, one, action, createTime)
    const times = duplicateNext > 0 ? 2 : 1
    duplicateNext = Math.max(0, duplicateNext - 1)
    const result = await pusher.push(targetOf(owner), fields, { times, ...options_ })
    if (result.passiveReply) {
      const { msgType: kind, fields: content } = result.passiveReply
      one.messages.push({ at: clockOf(one), from: 'account', via: 'passive', kind, content })
    } else if (!result.ok && (action.isMessage || action.scene)) {
      const text = FAULT_TEXT
      one.messages.push({ at: clockOf(one), from: 'system', via: null, kind: 'text', content: { text } })
    }
    changed(key.appId, key.openId)
    if (one.offsetMs > 0 && result.ok) await options.testClock?.syncTo(key, clockOf(one))
    return result
  }

  /** What WeChat itself tells an account, as 公众号群发助手: no follower does anything. */
  function notify(appId: string, fields: Fields): Promise<PushResult> {
    const owner = account(appId)
    const head = {
      ToUserName: owner.originalId,
      FromUserName: 'mphelper',
      CreateTime: Math.floor(now() / 1000),
    }
    return pusher.push(targetOf(owner), { ...head, ...fields })
  }

  /**
   * Moves a follower's clock and its run on together, piece by piece: each piece ends where the run does something next,
   * and waits until that is done, so that every send is judged at its own time.
   */
  async function fastForward(key: FollowerKey, ms: number): Promise<void> {
    const one = follower(key)
    const machine = options.testClock
    for (let left = ms; left > 0; ) {
      const next = await machine?.nextAt(key)
      const until = next == null ? left : Math.max(1, next - clockOf(one))
      const piece = Math.min(left, until)
      one.offsetMs += piece
      left -= piece
      changed(key.appId, key.openId)
      await machine?.advance(key, piece)
      await untilIdle(key)
    }
    changed(key.appId, key.openId)
  }

  /** Waits until nothing of this follower is due or under way; a send that is retried for long is not waited for. */
  async function untilIdle(key: FollowerKey): Promise<void> {
    const machine = options.testClock
    const deadline = performance.now() + IDLE_TIMEOUT_MS
    while (machine && performance.now() < deadline) {
      const next = await machine.nextAt(key)
      if (next === null || next > clockOf(follower(key))) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** To the moment of the run's next step; false when there is none. */
  async function fastForwardToNext(key: FollowerKey): Promise<boolean> {
    const next = await options.testClock?.nextAt(key)
    if (next == null) return false
    await fastForward(key, Math.max(1, next - clockOf(follower(key))) + 50)
    return true
  }

  for (const { options: made } of Object.values(file.saved.accounts)) if (made) addAccount(made, true)
  for (const { options: made } of Object.values(file.saved.components)) if (made) addComponent(made, true)

  return {
    accounts,
    tokens,
    components,
    /** Where the simulator is reached; '' until it listens. */
    origin: '',
    answerWithinMs: answerTimeoutMs,
    targetOf,
    servedBy,
    faults,
    now,
    clockOf,
    changed,
    accountChanged,
    save,
    addAccount,
    addComponent,
    account,
    follower,
    look: peek,
    act,
    notify,
    fastForward,
    fastForwardToNext,
    pushCounts: pusher.counts,
    duplicateCallbacks(times: number) {
      duplicateNext = times
    },
    listen(listener: Listener): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export type SimulatedWechat = ReturnType<typeof createSimulatedWechat>

/** What one act means to WeChat and shows on the phone. */
export interface FollowerAction {
  fields: Fields
  isMessage?: boolean
  scene?: SimScene
  following?: boolean
  /** The scene of the code that is scanned; the callback carries its `Ticket`. */
  qrScene?: string
  /** The human agent who has the session from now on; null: nobody. */
  agent?: string | null
  shows?: { from: 'follower' | 'system'; kind: string; content: Record<string, unknown> }
}

/**
 * The account's code belongs to what is scanned: its `Ticket` is in the callback. Who does not follow yet and scans
 * follows first: `subscribe` with `qrscene_…`.
 * Source: https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.md
 */
function resolveScan(owner: SimAccountState, one: SimFollower, action: FollowerAction): FollowerAction {
  if (action.qrScene === undefined) return action
  const resolved = action.scene === 'scan' && !one.following ? followerActions.follow(action.qrScene) : action
  return { ...resolved, fields: { ...resolved.fields, Ticket: codeOf(owner, action.qrScene).ticket } }
}

/** While an agent has the session, what the follower says is in the agent's records; other kinds than text by name. */
function recordForAgent(
  owner: SimAccountState,
  one: SimFollower,
  action: FollowerAction,
  time: number,
): void {
  if (!action.isMessage || !one.agent) return
  const { agentRecords } = owner.records
  const text = String(action.fields.Content ?? `[${action.fields.MsgType}]`)
  const worker = one.agent.account
  agentRecords.push({
    msgid: agentRecords.length + 1,
    openid: one.openId,
    opercode: 2003,
    text,
    time,
    worker,
  })
}

function recordFollow(
  owner: SimAccountState,
  one: SimFollower,
  action: FollowerAction,
  createTime: number,
): void {
  one.subscribedAt = createTime
  one.qrScene = action.qrScene ?? ''
  one.qrSceneIsNumber = action.qrScene !== undefined && codeOf(owner, action.qrScene).isNumber
}

/** State files of older versions have neither tickets nor kinds, and no addresses. */
function keptCodes(codes: readonly Partial<SimCode>[] = []): SimCode[] {
  return codes.map(({ scene = '', isNumber = false, ticket = `test_${scene}`, expiresAt = null, url }) => ({
    scene,
    isNumber,
    ticket,
    url: url ?? `http://weixin.qq.com/q/${encodeURIComponent(scene)}`,
    expiresAt,
  }))
}

function newMsgId(): string {
  // WeChat's are 64-bit numbers beyond 2^53.
  return (0x2000_0000_0000_0000n + randomBytes(7).reduce((n, b) => (n << 8n) | BigInt(b), 0n)).toString()
}

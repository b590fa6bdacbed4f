import { type AccountRecords, newRecords } from './records.ts'
import { defaultTags, type SimTag } from './tags.ts'

/** The simulated WeChat: its accounts, followers and what it allows. Its rules are written here a second time on purpose. */

export type Profile = 'wechat-2023' | 'classic-48h'
export type SimScene = 'subscribe' | 'menu' | 'scan' | 'message'

export interface SimGrant {
  scene: SimScene
  grantedAt: number
  expiresAt: number
  quota: number
  used: number
}

/** What the follower's phone shows. Times are the follower's clock, epoch ms. */
export interface SimMessage {
  at: number
  from: 'follower' | 'account' | 'system'
  /** How an account's message came: with the callback's answer, or by `custom/send`. */
  via: 'passive' | 'custom' | null
  kind: string
  content: Record<string, unknown>
}

/** One request to `custom/send`, as it was judged. The judge's record in every test. */
export interface SendLogEntry {
  /** Real time. */
  at: number
  /** The follower's clock. */
  virtualAt: number
  openId: string
  body: Record<string, unknown>
  /** null: a fault kept it from being done, and it got no answer of WeChat's. */
  errcode: number | null
  delivered: boolean
  /** A fault hid the answer: the caller cannot know. */
  unclear: boolean
}

export interface SimFollower {
  openId: string
  following: boolean
  /** Switched off 接收消息: sends are refused with 48002. */
  rejectsMessages: boolean
  grants: SimGrant[]
  /** How far this follower's clock is ahead of real time, ms; never goes back. */
  offsetMs: number
  messages: SimMessage[]
  typingUntil: number
  lastInteractionAt: number
  /** The last follow's CreateTime, s; 0 before the first. */
  subscribedAt: number
  /** Of the code that this follow came by; '' without one. */
  qrScene: string
  /** The code was made with a `scene_id`, not with a `scene_str`. */
  qrSceneIsNumber: boolean
  /** What the account calls this follower (备注名). */
  remark: string
  tagIds: number[]
  /** The human agent who has the session with this follower; `since`: epoch ms. */
  agent: { account: string; since: number } | null
}

/** A code that can be scanned (带参数二维码). */
export interface SimCode {
  /** The digits, where it was made with a `scene_id`. */
  scene: string
  isNumber: boolean
  /** As `qrcode/create` gave it; each scan carries it. */
  ticket: string
  /** What the picture of the code says. */
  url: string
  /** Real time, epoch ms; null: permanent. */
  expiresAt: number | null
}

/** A human agent of an account (客服账号). */
export interface SimAgent {
  /** Prefix@the account's 微信号. */
  kfAccount: string
  nick: string
  id: string
  headImgUrl?: string
  /** The worker's WeChat; absent: not bound, so no session can be given to this one (65402). */
  wx?: string
}

export interface AccountOptions {
  appId: string
  appSecret: string
  token: string
  encodingAesKey?: string | null
  mode: 'plain' | 'compatible' | 'security'
  format?: 'xml' | 'json'
  /** null: its owner has entered no server URL, so WeChat tells nobody. */
  callbackUrl: string | null
  name?: string
  profile?: Profile
  originalId?: string
  certified?: boolean
  ipWhitelisted?: boolean
  qrScenes?: string[]
  /** Names of human agents (客服账号), like `test@agent`. */
  agents?: string[]
  menu?: { key: string; label: string }[]
}

/** A button as WeChat's menu interface has it. */
export interface SimButton {
  name: string
  type?: string
  key?: string
  url?: string
  sub_button?: SimButton[]
}

/** A file at WeChat. `expiresAt`: real time, epoch ms. Without `content` only its id is known. */
export interface StoredMedium {
  type: string
  expiresAt: number
  content?: Uint8Array
  fileName?: string
  contentType?: string
}

export interface SimAccountState extends Required<Omit<AccountOptions, 'encodingAesKey' | 'agents'>> {
  encodingAesKey: string | null
  /** Who may be named in `customservice.kf_account`. */
  agents: SimAgent[]
  /** Made by its page or the control API, not by a program: its settings outlive the simulator. */
  isPersisted: boolean
  followers: Map<string, SimFollower>
  /** Temporary media by their ids. */
  media: Map<string, StoredMedium>
  /** Codes made through the API, newest last, and those of `qrScenes` once they were scanned. */
  codes: SimCode[]
  /** The menu that was made through the API; null: the one that the account came with. */
  apiMenu: SimButton[] | null
  tags: SimTag[]
  records: AccountRecords
  sends: SendLogEntry[]
  calls: Map<string, number>
  /** `custom/send` a day. */
  dailyQuota: number
  /** `custom/send` a minute. */
  minuteLimit: number
  /** Calls of each API today, by path; days are Beijing's. */
  usage: { day: number; counts: Map<string, number> }
  /** `clear_quota` this month. */
  quotaClears: { month: string; count: number }
  sentThisMinute: { minute: number; count: number }
}

const HOUR = 3_600_000
const TABLE: Record<Profile, Record<SimScene, [quota: number, lifetimeMs: number]>> = {
  'wechat-2023': {
    message: [5, 48 * HOUR],
    menu: [3, 60_000],
    subscribe: [3, 60_000],
    scan: [3, 60_000],
  },
  'classic-48h': {
    message: [20, 48 * HOUR],
    menu: [20, 48 * HOUR],
    subscribe: [20, 48 * HOUR],
    scan: [20, 48 * HOUR],
  },
}

/**
 * WeChat grants anew: the scene's quota starts again, nothing adds up. `at` is the callback's CreateTime, ms; what a test
 * dates back takes no newer grant away.
 */
export function grantTo(follower: SimFollower, profile: Profile, scene: SimScene, at: number): void {
  const [quota, lifetimeMs] = TABLE[profile][scene]
  follower.lastInteractionAt = Math.max(follower.lastInteractionAt, at)
  if (follower.grants.some((g) => g.scene === scene && g.grantedAt > at)) return
  follower.grants = follower.grants.filter((g) => g.scene !== scene)
  follower.grants.push({ scene, grantedAt: at, expiresAt: at + lifetimeMs, quota, used: 0 })
}

/** Takes one message off the grant that ends first: 0, or the code that WeChat answers. */
export function chargeSend(follower: SimFollower, now: number): 0 | 45015 | 45047 {
  const alive = follower.following ? follower.grants.filter((g) => g.expiresAt > now) : []
  if (alive.length === 0) return 45015
  const paying = alive.filter((g) => g.used < g.quota).sort((a, b) => a.expiresAt - b.expiresAt)[0]
  if (!paying) return 45047
  paying.used += 1
  return 0
}

export function newFollower(openId: string): SimFollower {
  return {
    openId,
    following: false,
    rejectsMessages: false,
    grants: [],
    offsetMs: 0,
    messages: [],
    typingUntil: 0,
    lastInteractionAt: 0,
    subscribedAt: 0,
    qrScene: '',
    qrSceneIsNumber: false,
    remark: '',
    tagIds: [],
    agent: null,
  }
}

/** Whom the phone's 人工客服 is. */
const DEFAULT_AGENTS = ['test@agent']
const FIRST_AGENT_ID = 2001

export function newAgent(kfAccount: string, index: number): SimAgent {
  const nick = kfAccount.split('@')[0] ?? ''
  return { kfAccount, nick, id: String(FIRST_AGENT_ID + index), wx: `wx_${nick}` }
}

export function newAccount(options: AccountOptions): SimAccountState {
  return {
    name: options.appId,
    profile: 'wechat-2023',
    originalId: `gh_${options.appId.slice(2, 14)}`,
    certified: true,
    ipWhitelisted: true,
    format: 'xml',
    qrScenes: [],
    menu: [],
    ...options,
    agents: (options.agents ?? DEFAULT_AGENTS).map(newAgent),
    encodingAesKey: options.encodingAesKey ?? null,
    isPersisted: false,
    followers: new Map(),
    media: new Map(),
    codes: [],
    apiMenu: null,
    tags: defaultTags(),
    records: newRecords(),
    sends: [],
    calls: new Map(),
    dailyQuota: 500_000,
    minuteLimit: 1_000_000,
    usage: { day: 0, counts: new Map() },
    quotaClears: { month: '', count: 0 },
    sentThisMinute: { minute: 0, count: 0 },
  }
}

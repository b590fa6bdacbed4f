import type { Profile, SimGrant } from './grants.ts'
import { type AccountRecords, newRecords, type SimButton, type StoredMedium } from './records.ts'

/** One message on the follower's phone. Times are the follower's clock, epoch ms. */
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

/** A follower tag (标签) of an account. */
export interface SimTag {
  id: number
  name: string
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

/** Every account has it from the start. */
const STAR_TAG: SimTag = { id: 2, name: '星标组' }
/** The human agent (人工客服) of an account that names none. */
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
    tags: [{ ...STAR_TAG }],
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

import type { Profile, SimGrant } from './grants.ts'
import type { Happening } from './happenings.ts'
import { type AccountRecords, newRecords, type SimButton, type StoredMedium } from './records.ts'

/** One message on the follower's phone. Times are the follower's clock, epoch ms. */
export interface SimMessage {
  at: number
  from: 'follower' | 'account' | 'system'
  /** How the account sent the message: as a passive reply or by `custom/send`. null: another sender. */
  via: 'passive' | 'custom' | null
  kind: string
  content: Record<string, unknown>
}

/** One request to `custom/send`, with its result. Tests read what the product sent from these entries. */
export interface SendLogEntry {
  /** Real time, epoch ms. */
  at: number
  /** The follower's clock, epoch ms. */
  virtualAt: number
  openId: string
  body: Record<string, unknown>
  /** WeChat's answer; null: a fault prevented the call, and WeChat did not answer. */
  errcode: number | null
  delivered: boolean
  /** A fault hid the answer, so the caller cannot know the result. */
  unclear: boolean
}

export interface SimFollower {
  openId: string
  following: boolean
  /** The follower has switched off 接收消息: sends are rejected with 48002. */
  rejectsMessages: boolean
  grants: SimGrant[]
  /** How far this follower's clock is ahead of real time, ms. It only grows. */
  offsetMs: number
  messages: SimMessage[]
  typingUntil: number
  lastInteractionAt: number
  /** CreateTime of the last follow, s; 0 before the first. */
  subscribedAt: number
  /** The scene of the QR code of the last follow; '' without one. */
  qrScene: string
  /** Whether the QR code was made with a `scene_id`, not a `scene_str`. */
  qrSceneIsNumber: boolean
  /** The account's name for this follower (备注名). */
  remark: string
  tagIds: number[]
  /** The human agent who has the session with this follower; `since`: epoch ms. */
  agent: { account: string; since: number } | null
  /** The newest callbacks and sends of this follower. */
  happenings: Happening[]
  /** The crowd that this follower belongs to; null: made by a page, a script or a test. */
  crowd: string | null
}

/** A QR code with a scene (带参数二维码). */
export interface SimCode {
  /** The scene; the digits of a `scene_id`. */
  scene: string
  isNumber: boolean
  /** The ticket from `qrcode/create`. The callback of each scan carries it. */
  ticket: string
  /** The URL that the QR code encodes. */
  url: string
  /** Real time, epoch ms; null: permanent. */
  expiresAt: number | null
}

/** A human agent of an account (客服账号). */
export interface SimAgent {
  /** A prefix, an @ and the account's 微信号. */
  kfAccount: string
  nick: string
  id: string
  headImgUrl?: string
  /** Whether the agent is signed in. Only then a session can be opened (65415). */
  online: boolean
  /** The agent's WeChat. Absent: none is bound, so the agent cannot get a session (65402). */
  wx?: string
}

export interface AccountOptions {
  appId: string
  appSecret: string
  token: string
  encodingAesKey?: string | null
  mode: 'plain' | 'compatible' | 'security'
  format?: 'xml' | 'json'
  /** null: the owner has set no server URL, so nothing is pushed. */
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
  /** The agents that `customservice.kf_account` may name. */
  agents: SimAgent[]
  /** Made by a page or the control API, not by a program. The state file keeps its settings. */
  isPersisted: boolean
  followers: Map<string, SimFollower>
  /** Media and images by their ids. */
  media: Map<string, StoredMedium>
  /** QR codes made by the API, newest last, and codes of other scenes from their first scan on. */
  codes: SimCode[]
  /** The menu made by the API; null: the menu of the account's settings. */
  apiMenu: SimButton[] | null
  tags: SimTag[]
  records: AccountRecords
  sends: SendLogEntry[]
  calls: Map<string, number>
  /** Limit of `custom/send` a day. */
  dailyQuota: number
  /** Limit of `custom/send` a minute. */
  minuteLimit: number
  /** Today's calls of each API, by path. A day begins at midnight in Beijing. */
  usage: { day: number; counts: Map<string, number> }
  /** Calls of `clear_quota` this month. */
  quotaClears: { month: string; count: number }
  sentThisMinute: { minute: number; count: number }
}

/** Somebody who does not follow and has never written. */
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
    happenings: [],
    crowd: null,
  }
}

/** The tag that every account has from the start. */
const STAR_TAG: SimTag = { id: 2, name: '星标组' }
/** The agents (人工客服) of an account whose settings name none. */
const DEFAULT_AGENTS = ['test@agent']
const FIRST_AGENT_ID = 2001

/** An agent who is signed in and has a WeChat. @param index among the account's agents */
export function newAgent(kfAccount: string, index: number): SimAgent {
  const nick = kfAccount.split('@')[0] ?? ''
  return { kfAccount, nick, id: String(FIRST_AGENT_ID + index), online: true, wx: `wx_${nick}` }
}

/** Signs a human agent in or out, and adds one whose account is unknown. */
export function setAgent({ agents }: SimAccountState, kfAccount: string, online: boolean): void {
  const known = agents.find((agent) => agent.kfAccount === kfAccount)
  if (known) known.online = online
  else agents.push({ ...newAgent(kfAccount, agents.length), online })
}

/**
 * A certified account with the limit of `custom/send` a day that WeChat gives new accounts, and a limit a minute that no
 * account reaches. Followers and QR codes of the state file are not restored here.
 */
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

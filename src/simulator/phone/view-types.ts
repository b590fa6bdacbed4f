import type { BubbleContent } from '../../ui/bubble-content.ts'
import type { SimGrant } from '../state/grants.ts'
import type { Happening } from '../state/happenings.ts'
import type { SendLogEntry, SimMessage } from '../state/model.ts'
import type { SimButton } from '../state/records.ts'

/*
 * What the control API answers and the pages' scripts read. Types only: the scripts are compiled for browsers.
 */

/** A message as a page draws it: a bubble, or a line in the middle of the chat. */
export interface DrawnMessage {
  /** The follower's clock, epoch ms. */
  at: number
  from: SimMessage['from']
  via: SimMessage['via']
  /** WeChat's type of the message. */
  kind: string
  /** The human agent in whose name it was sent. */
  as?: string
  bubble?: BubbleContent
  line?: { zh: string; en: string }
}

/** A follower as the phone page shows it. Times are the follower's clock, epoch ms. */
export interface FollowerView {
  account: {
    appId: string
    name: string
    profile: string
    menu: SimButton[]
    qrScenes: string[]
    /** Whether a server or a platform receives the account's callbacks. */
    served: boolean
  }
  openId: string
  following: boolean
  clock: number
  /** How far the follower's clock is ahead of real time, ms. */
  offsetMs: number
  grants: SimGrant[]
  /** The human agent who has the session; null: none. */
  agent: string | null
  typing: boolean
  typingUntil: number
  messages: SimMessage[]
  drawn: DrawnMessage[]
  sends: SendLogEntry[]
  happenings: Happening[]
  quota: { daily: number; used: number }
  faults: { times?: number }[]
  lostCallbacks: number
}

/** One action of the catalogue, with its fields as JSON Schema. */
export interface ListedAction {
  name: string
  zh: string
  en: string
  group: string
  fields: { properties?: Record<string, ActionField>; required?: readonly string[] }
}

export interface ActionField {
  title?: string
  type?: string
  enum?: readonly string[]
  default?: unknown
}

export interface PhoneKey {
  appId: string
  openId: string
}

/** What the page of the phones tells its script. */
export interface PhonesData {
  language: 'zh' | 'en'
  phones: PhoneKey[]
  accounts: { appId: string; name: string }[]
  /** Followers that the page's accounts already have, for the list of known ones. */
  followers: PhoneKey[]
  maxPhones: number
  consoleUrl: string | null
  authoriseUrl: string | null
}

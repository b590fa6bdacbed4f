/**
 * What WeChat allows after an interaction. WeChat changed these figures in 2014, 2017, 2021 and 2023. The table has two
 * profiles: the current one, and the one before June 2021.
 *
 * Source of `wechat-2023`: the service account guide 客服消息介绍
 * (https://developers.weixin.qq.com/doc/service/en/guide/product/kf/intro.html), in force since 2021-06-01 (lifetimes)
 * and 2023-06-12 (5 messages instead of 20). Its row for payments contradicts the API page and is omitted.
 */

/** The kinds of interaction after which WeChat allows messages. */
export type Scene = 'subscribe' | 'menu' | 'scan' | 'message' | 'pay'

/** How many messages one interaction allows, and for how long (ms) after the callback's `CreateTime`. */
export interface Allowance {
  quota: number
  lifetimeMs: number
}

export interface RulesProfile {
  name: RulesProfileName
  /** The first day on which WeChat applied the rules (ISO date). */
  since: string
  /** The last day, or null while they are in force. */
  until: string | null
  scenes: Readonly<Partial<Record<Scene, Allowance>>>
}

export type RulesProfileName = 'wechat-2023' | 'classic-48h'

const MINUTE = 60_000
/** The longest time for which WeChat allows messages after an interaction. A run's window is never longer. */
export const LONGEST_WINDOW_MS = 48 * 60 * MINUTE
const FOR_A_MINUTE: Allowance = { quota: 3, lifetimeMs: MINUTE }
const CLASSIC: Allowance = { quota: 20, lifetimeMs: LONGEST_WINDOW_MS }

export const RULES: Readonly<Record<RulesProfileName, RulesProfile>> = {
  'wechat-2023': {
    name: 'wechat-2023',
    since: '2023-06-12',
    until: null,
    scenes: {
      subscribe: FOR_A_MINUTE,
      menu: FOR_A_MINUTE,
      scan: FOR_A_MINUTE,
      message: { quota: 5, lifetimeMs: LONGEST_WINDOW_MS },
    },
  },
  'classic-48h': {
    name: 'classic-48h',
    since: '2017-01-01',
    until: '2021-05-31',
    scenes: { subscribe: CLASSIC, menu: CLASSIC, scan: CLASSIC, message: CLASSIC, pay: CLASSIC },
  },
}

/** The fields of a callback that decide its scene. `bizmsgmenuid` is set for a text that was tapped on a menu message. */
export interface SceneFields {
  kind: string
  bizmsgmenuid?: string | null
}

const SCENE_OF_KIND: Readonly<Record<string, Scene>> = {
  subscribe: 'subscribe',
  scan: 'scan',
  // WeChat allows messages after these three types of menu events only (same page).
  click: 'menu',
  scancode_push: 'menu',
  scancode_waitmsg: 'menu',
  text: 'message',
  image: 'message',
  voice: 'message',
  video: 'message',
  shortvideo: 'message',
  location: 'message',
  link: 'message',
  // Inferred: the page says "a user's message" without listing types. A 45015 or 45047 corrects a wrong grant.
  file: 'message',
  other_message: 'message',
}

/**
 * The scene of a callback; null when it allows no messages (VIEW, location reports, session events…). WeChat counts a text
 * with `bizmsgmenuid`, a tap on a menu message, as a menu click and not as a message.
 */
export function sceneOf(fields: SceneFields): Scene | null {
  if (fields.kind === 'text' && fields.bizmsgmenuid) return 'menu'
  return SCENE_OF_KIND[fields.kind] ?? null
}

/** What the profile allows after an interaction of this scene; null when it allows nothing. */
export function allowanceOf(profile: RulesProfileName, scene: Scene): Allowance | null {
  return RULES[profile].scenes[scene] ?? null
}

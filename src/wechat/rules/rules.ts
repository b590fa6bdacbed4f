/**
 * What WeChat allows after an interaction, as data. The platform changed these figures in 2014, 2017, 2021 and 2023,
 * so they are a dated table and never spread through code.
 *
 * Source of `wechat-2023`: the service account guide 客服消息介绍
 * (https://developers.weixin.qq.com/doc/service/en/guide/product/kf/intro.html), in force since 2021-06-01 (lifetimes)
 * and 2023-06-12 (5 messages instead of 20). Its payment row contradicts the API page and is left out.
 */

/** The kinds of interaction that WeChat grants messages for. */
export type Scene = 'subscribe' | 'menu' | 'scan' | 'message' | 'pay'

/** How many messages one interaction allows, and for how long, counted from the callback's `CreateTime`. */
export interface Allowance {
  quota: number
  lifetimeMs: number
}

export interface RulesProfile {
  name: RulesProfileName
  /** First day on which WeChat applied it (ISO date). */
  since: string
  /** Last day, or null while in force. */
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

/** What of a callback decides its scene: the kind of `Inbound`, and whether a text is a tapped menu message. */
export interface SceneFields {
  kind: string
  bizmsgmenuid?: string | null
}

const SCENE_OF_KIND: Readonly<Record<string, Scene>> = {
  subscribe: 'subscribe',
  scan: 'scan',
  // Of the menu types only these three open anything (same page, "only these three menu types").
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
  // Not on the page, which speaks of "a user's message" without types: inferred. WeChat's answer to a send corrects us.
  file: 'message',
  other_message: 'message',
}

/**
 * The scene that a callback counts as, or null when it opens nothing (VIEW, location reports, session events…).
 * A text with `bizmsgmenuid` is a tap on a menu message: WeChat counts it as a menu click, never as a message.
 */
export function sceneOf(fields: SceneFields): Scene | null {
  if (fields.kind === 'text' && fields.bizmsgmenuid) return 'menu'
  return SCENE_OF_KIND[fields.kind] ?? null
}

/** What the profile allows for a scene, or null when it allows nothing. */
export function allowanceOf(profile: RulesProfileName, scene: Scene): Allowance | null {
  return RULES[profile].scenes[scene] ?? null
}

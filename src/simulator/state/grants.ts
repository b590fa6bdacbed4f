export type Profile = 'wechat-2023' | 'classic-48h'
export type SimScene = 'subscribe' | 'menu' | 'scan' | 'message'

export interface SimGrant {
  scene: SimScene
  grantedAt: number
  expiresAt: number
  quota: number
  used: number
}

/** The part of a follower that grants belong to. `lastInteractionAt`: epoch ms. */
interface GrantHolder {
  following: boolean
  grants: SimGrant[]
  lastInteractionAt: number
}

const HOUR_MS = 3_600_000
/** The rules of WeChat, stated apart from the product's, so that a mistake there shows. */
const RULES: Record<Profile, Record<SimScene, [quota: number, lifetimeMs: number]>> = {
  'wechat-2023': {
    message: [5, 48 * HOUR_MS],
    menu: [3, 60_000],
    subscribe: [3, 60_000],
    scan: [3, 60_000],
  },
  'classic-48h': {
    message: [20, 48 * HOUR_MS],
    menu: [20, 48 * HOUR_MS],
    subscribe: [20, 48 * HOUR_MS],
    scan: [20, 48 * HOUR_MS],
  },
}

/**
 * WeChat grants anew: the scene's quota starts again, nothing adds up. `at` is the callback's CreateTime, ms; what a test
 * dates back takes no newer grant away.
 */
export function grantTo(follower: GrantHolder, profile: Profile, scene: SimScene, at: number): void {
  const [quota, lifetimeMs] = RULES[profile][scene]
  follower.lastInteractionAt = Math.max(follower.lastInteractionAt, at)
  if (follower.grants.some((g) => g.scene === scene && g.grantedAt > at)) return
  follower.grants = follower.grants.filter((g) => g.scene !== scene)
  follower.grants.push({ scene, grantedAt: at, expiresAt: at + lifetimeMs, quota, used: 0 })
}

/** Takes one message off the grant that ends first: 0, or the code that WeChat answers. */
export function chargeSend(follower: GrantHolder, now: number): 0 | 45015 | 45047 {
  const alive = follower.following ? follower.grants.filter((g) => g.expiresAt > now) : []
  if (alive.length === 0) return 45015
  const paying = alive.filter((g) => g.used < g.quota).sort((a, b) => a.expiresAt - b.expiresAt)[0]
  if (!paying) return 45047
  paying.used += 1
  return 0
}

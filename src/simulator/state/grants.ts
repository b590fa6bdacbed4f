export type Profile = 'wechat-2023' | 'classic-48h'
export type SimScene = 'subscribe' | 'menu' | 'scan' | 'message'

export interface SimGrant {
  scene: SimScene
  grantedAt: number
  expiresAt: number
  quota: number
  used: number
}

/** The fields of a follower that grants depend on. `lastInteractionAt`: epoch ms. */
interface GrantHolder {
  following: boolean
  grants: SimGrant[]
  lastInteractionAt: number
}

const HOUR_MS = 3_600_000
/** WeChat's rules, implemented independently of the product's, so that tests detect an error in the product's rules. */
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
 * Opens a grant: the scene's quota starts again and does not add up. `at` is the callback's CreateTime, epoch ms. An
 * interaction with an earlier CreateTime does not replace a newer grant.
 */
export function grantTo(follower: GrantHolder, profile: Profile, scene: SimScene, at: number): void {
  const [quota, lifetimeMs] = RULES[profile][scene]
  follower.lastInteractionAt = Math.max(follower.lastInteractionAt, at)
  if (follower.grants.some((g) => g.scene === scene && g.grantedAt > at)) return
  follower.grants = follower.grants.filter((g) => g.scene !== scene)
  follower.grants.push({ scene, grantedAt: at, expiresAt: at + lifetimeMs, quota, used: 0 })
}

/** Charges one message to the grant that expires first: 0, or WeChat's code. */
export function chargeSend(follower: GrantHolder, now: number): 0 | 45015 | 45047 {
  const alive = follower.following ? follower.grants.filter((g) => g.expiresAt > now) : []
  if (alive.length === 0) return 45015
  const paying = alive.filter((g) => g.used < g.quota).sort((a, b) => a.expiresAt - b.expiresAt)[0]
  if (!paying) return 45047
  paying.used += 1
  return 0
}

/** What a crowd may find to be wrong. The simulator knows only what WeChat knows. */
export const FINDINGS = [
  /** WeChat got no answer that it accepts, after every re-send, or had paused its pushes. */
  'lost',
  /** The first minute is over, the follower still follows, and no message has arrived. */
  'unserved',
  /** A send that no grant allowed: 45047, or 45015 to somebody who follows. */
  'over-grant',
  /** The same content again, with a known result, and no action of the follower in between. */
  'twice',
  /** A send to somebody who has unfollowed. One that was under way at that moment is not an error. */
  'after-unfollow',
  /** Another errcode. */
  'rejected',
] as const
export type Finding = (typeof FINDINGS)[number]

/** How often, with a few followers as examples. */
export type Findings = Record<Finding, { count: number; examples: string[] }>

import type { Scene } from '../wechat/rules/rules.ts'

/** A step on one way through a campaign, or a message of it. Times are ms after the entry. */
export interface PlayedStep {
  /** The second message of step `gift` is `gift.2`. */
  step: string
  atMs: number
  /** When it was held first, because no grant could pay; null: never. */
  heldMs: number | null
  state: string
  reason: string | null
  /** The grant that paid, and which of its messages this is; null: none did. */
  paid: { scene: Scene; nth: number; of: number; leftMs: number } | null
  /** Quiet hours moved it to their end, or to before they began. */
  quiet: 'after' | 'before' | null
}

/** What happens on one way through a campaign. Times are ms after the entry. */
export interface PlayedChoice {
  /** Epoch ms. */
  entryAt: number
  steps: PlayedStep[]
  /** The branch that each decided fork took, -1 for `else`, and when. */
  forks: { fork: string; took: number; atMs: number }[]
  /** What the follower does; `value`: the text, key or scene. */
  events: { atMs: number; does: string; value: string }[]
  grants: { scene: Scene; atMs: number; endsAtMs: number; of: number }[]
  endMs: number
  outcome: string
  /** Steps that the end cut off. */
  left: string[]
}

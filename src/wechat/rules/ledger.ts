import type { Allowance, Scene } from './rules.ts'

/**
 * The messages that WeChat allows because of one interaction. Times are `CreateTime` in epoch ms, corrected to this machine's
 * clock when the two clocks are known to differ.
 */
export interface Grant {
  scene: Scene
  grantedAt: number
  /** `CreateTime` by WeChat's clock, which orders grants. Absent when it equals `grantedAt`. */
  createTime?: number
  /** When the grant ends at WeChat, without the margin. */
  expiresAt: number
  quota: number
  used: number
}

/** A follower's grants, at most one for each scene. Never mutated. */
export type Ledger = readonly Grant[]

/** Identifies one grant. A newer interaction of the same scene makes another grant. */
export type GrantId = Pick<Grant, 'scene' | 'grantedAt' | 'createTime'>

const SHORT_GRANT_MS = 5 * 60_000
const SHORT_MARGIN_MS = 3_000
const LONG_MARGIN_MS = 60_000

/**
 * A send starts only when at least this time is left before the grant's margin. With less, its request could not be sent
 * before the margin.
 */
export const MIN_LEFT_MS = 500
/** A step that is due in the margin starts this long before it. */
export const MARGIN_LEAD_MS = 1_000
/** A step starts at most this long before it is due. */
export const MAX_EARLY_MS = LONG_MARGIN_MS + MARGIN_LEAD_MS

/** The last moment at which a request may start: 3 s before the end of a short grant, 60 s before that of a long one. */
export function usableUntil(grant: Grant): number {
  const short = grant.expiresAt - grant.grantedAt <= SHORT_GRANT_MS
  return grant.expiresAt - (short ? SHORT_MARGIN_MS : LONG_MARGIN_MS)
}

/** Compared by WeChat's clock: the correction of this machine's clock may change between two reports of one interaction. */
export function sameGrant(a: GrantId, b: GrantId): boolean {
  return a.scene === b.scene && createTimeOf(a) === createTimeOf(b)
}

/** Grants are ordered by WeChat's clock, because the correction of this machine's clock may change between two of them. */
function createTimeOf({ createTime, grantedAt }: GrantId): number {
  return createTime ?? grantedAt
}

/**
 * Adds the grant of an interaction. A newer interaction replaces the grant of its scene, because WeChat does not add quotas
 * up. An older or equal one has no effect.
 * @param at when it happened by this machine's clock, epoch ms
 * @param createTime when it happened by WeChat's clock, epoch ms
 */
export function addGrant(
  ledger: Ledger,
  scene: Scene,
  at: number,
  allowance: Allowance | null,
  createTime: number = at,
): Ledger {
  const current = ledger.find((g) => g.scene === scene)
  if (!allowance || (current && createTimeOf(current) >= createTime)) return ledger
  const grant = {
    scene,
    grantedAt: at,
    ...(createTime === at ? {} : { createTime }),
    expiresAt: at + allowance.lifetimeMs,
    quota: allowance.quota,
    used: 0,
  }
  return [...ledger.filter((g) => g.scene !== scene), grant]
}

/** Merges two ledgers of the same follower: the newer grant of each scene, with the higher use and the earlier end. */
export function mergeLedgers(a: Ledger, b: Ledger): Ledger {
  const merged = new Map<Scene, Grant>(a.map((g) => [g.scene, g]))
  for (const g of b) {
    const known = merged.get(g.scene)
    if (!known || createTimeOf(g) > createTimeOf(known)) merged.set(g.scene, g)
    else if (sameGrant(known, g))
      merged.set(g.scene, {
        ...g,
        used: Math.max(known.used, g.used),
        expiresAt: Math.min(known.expiresAt, g.expiresAt),
      })
  }
  return [...merged.values()]
}

const left = (grant: Grant): number => grant.quota - grant.used

/** The grant that pays for a send at `at`: among the grants that can pay, the one that expires first. */
export function selectGrant(ledger: Ledger, at: number): Grant | undefined {
  let first: Grant | undefined
  for (const grant of ledger) {
    const isUsable = left(grant) > 0 && at <= usableUntil(grant) - MIN_LEFT_MS
    if (isUsable && (!first || grant.expiresAt < first.expiresAt)) first = grant
  }
  return first
}

/**
 * When a step that is due at `dueAt` should start. If no grant can pay at that time, but one with quota left is in its margin
 * then, the step starts just before that margin.
 */
export function startTime(ledger: Ledger, dueAt: number): number {
  if (selectGrant(ledger, dueAt)) return dueAt
  const starts = ledger
    .filter((g) => left(g) > 0 && dueAt <= g.expiresAt)
    .map((g) => usableUntil(g) - MARGIN_LEAD_MS)
  return starts.length > 0 ? Math.min(dueAt, Math.max(...starts)) : dueAt
}

/** Counts `times` messages against one grant. An unclear attempt counts like a sent one. */
export function useGrant(ledger: Ledger, id: GrantId, times = 1): Ledger {
  return ledger.map((g) => (sameGrant(g, id) ? { ...g, used: g.used + times } : g))
}

/** 45047: the grant's quota is used up at WeChat, whatever the ledger has counted. */
export function exhaustGrant(ledger: Ledger, id: GrantId): Ledger {
  return ledger.map((g) => (sameGrant(g, id) ? { ...g, used: Math.max(g.used, g.quota) } : g))
}

/** 45015: the reply window is over at WeChat. Closes the given grants, which are those that existed before the request. */
export function closeGrants(ledger: Ledger, ids: readonly GrantId[], at: number): Ledger {
  return ledger.map((g) =>
    ids.some((id) => sameGrant(g, id)) ? { ...g, expiresAt: Math.min(g.expiresAt, at) } : g,
  )
}

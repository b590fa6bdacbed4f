import type { Allowance, Scene } from './rules.ts'

/**
 * What WeChat allows because of one interaction. Times are epoch ms of our clock: `CreateTime`, corrected where the two
 * clocks are known to differ.
 */
export interface Grant {
  scene: Scene
  grantedAt: number
  /** `CreateTime` as WeChat wrote it, which orders grants; absent where it is `grantedAt`. */
  createTime?: number
  /** WeChat's end, without our margin. */
  expiresAt: number
  quota: number
  used: number
}

/** A follower's grants: at most one for each scene. Never mutated. */
export type Ledger = readonly Grant[]

/** Names one grant: a scene's newer interaction makes another one. */
export type GrantId = Pick<Grant, 'scene' | 'grantedAt' | 'createTime'>

const SHORT_GRANT_MS = 5 * 60_000
const SHORT_MARGIN_MS = 3_000
const LONG_MARGIN_MS = 60_000

/**
 * The least time that must be left before a grant's margin for a send to start: a request that cannot leave before the
 * margin is not worth starting. Steps that fall into the margin start `MARGIN_LEAD_MS` before it.
 */
export const MIN_LEFT_MS = 500
export const MARGIN_LEAD_MS = 1_000

/** The last moment at which a request may begin: 3 s before the end of a short grant, 60 s before that of a long one. */
export function usableUntil(grant: Grant): number {
  const short = grant.expiresAt - grant.grantedAt <= SHORT_GRANT_MS
  return grant.expiresAt - (short ? SHORT_MARGIN_MS : LONG_MARGIN_MS)
}

export function sameGrant(a: GrantId, b: GrantId): boolean {
  return a.scene === b.scene && createTimeOf(a) === createTimeOf(b)
}

/** Grants are ordered by WeChat's clock: the correction of ours may change between two of them. */
function createTimeOf({ createTime, grantedAt }: GrantId): number {
  return createTime ?? grantedAt
}

/**
 * Adds the grant of an interaction at `at`. A newer interaction replaces its scene's grant (WeChat does not add quotas
 * up); an older or equal one replaces nothing.
 * @param at our clock, epoch ms
 * @param createTime WeChat's clock, epoch ms
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

/** Joins what two sources know of the same follower: the newer grant of each scene, and its higher count of uses. */
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

/** The grant that pays for a send starting at `at`: of those that still can, the one that expires first. */
export function selectGrant(ledger: Ledger, at: number): Grant | undefined {
  return ledger
    .filter((g) => left(g) > 0 && at <= usableUntil(g) - MIN_LEFT_MS)
    .sort((a, b) => a.expiresAt - b.expiresAt)[0]
}

/**
 * When a step that is due at `dueAt` should start: normally then; but if no grant can pay at that time and one with
 * quota left is within its margin then, at the margin's start.
 */
export function startTime(ledger: Ledger, dueAt: number): number {
  if (selectGrant(ledger, dueAt)) return dueAt
  const starts = ledger
    .filter((g) => left(g) > 0 && dueAt <= g.expiresAt)
    .map((g) => usableUntil(g) - MARGIN_LEAD_MS)
  return starts.length > 0 ? Math.min(dueAt, Math.max(...starts)) : dueAt
}

/** Counts `times` messages against one grant; an unclear attempt counts like a sent one. */
export function useGrant(ledger: Ledger, id: GrantId, times = 1): Ledger {
  if (times === 0) return ledger
  return ledger.map((g) => (sameGrant(g, id) ? { ...g, used: g.used + times } : g))
}

/** 45047: WeChat says that this grant's quota is used up; its word wins over our count. */
export function exhaustGrant(ledger: Ledger, id: GrantId): Ledger {
  return ledger.map((g) => (sameGrant(g, id) ? { ...g, used: Math.max(g.used, g.quota) } : g))
}

/** 45015: WeChat says that time is over; closes the named grants (those that existed when the request left). */
export function closeGrants(ledger: Ledger, ids: readonly GrantId[], at: number): Ledger {
  return ledger.map((g) =>
    ids.some((id) => sameGrant(g, id)) ? { ...g, expiresAt: Math.min(g.expiresAt, at) } : g,
  )
}

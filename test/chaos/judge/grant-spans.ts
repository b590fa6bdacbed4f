import type { AccountRules, FollowerAction } from './evidence.ts'

/** A step that is due in the margin of a grant starts this long before the margin, ms: its request must leave before it. */
export const MARGIN_LEAD_MS = 1_000

/** A second copy of WeChat's rules, independent of the product's: scene → quota, lifetime (ms) and margin before the end (ms). */
const MINUTE = 60_000
const TWO_DAYS = 48 * 3_600_000
const TABLE: Record<AccountRules['profile'], Record<'follow' | 'type' | 'click', [number, number]>> = {
  'wechat-2023': { follow: [3, MINUTE], type: [5, TWO_DAYS], click: [3, MINUTE] },
  'classic-48h': { follow: [20, TWO_DAYS], type: [20, TWO_DAYS], click: [20, TWO_DAYS] },
}

export interface GrantSpan {
  scene: 'follow' | 'type' | 'click'
  /** When the follower acted, epoch ms. The product can know of the grant from then on. */
  from: number
  /** The latest start of a request, epoch ms. */
  until: number
  expiresAt: number
  quota: number
}

/** The grants that these interactions opened, including those that a later interaction of the same scene replaced. */
export function grantsOf(profile: AccountRules['profile'], actions: readonly FollowerAction[]): GrantSpan[] {
  return actions.flatMap((action) => {
    if (action.kind === 'unfollow') return []
    const [quota, lifetimeMs] = TABLE[profile][action.kind]
    const expiresAt = action.createTime + lifetimeMs
    const marginMs = lifetimeMs <= 5 * MINUTE ? 3_000 : 60_000
    return [{ scene: action.kind, from: action.began, until: expiresAt - marginMs, expiresAt, quota }]
  })
}

/**
 * The total quota of the grants that may pay in `span`, and the start of the earliest one. Only the last grant of each scene
 * counts, since it replaced those before it.
 */
export function allowedIn(span: Span, grants: readonly GrantSpan[]): { since: number; quota: number } {
  const last = new Map<string, GrantSpan>()
  for (const grant of grants) {
    const before = last.get(grant.scene)
    if (overlaps(span, { from: grant.from, to: grant.until }) && !(before && before.from > grant.from))
      last.set(grant.scene, grant)
  }
  const open = [...last.values()]
  return {
    since: Math.min(...open.map((g) => g.from)),
    quota: open.reduce((sum, g) => sum + g.quota, 0),
  }
}

export interface Span {
  from: number
  to: number
}

/** The parts of `span` in which at least one of `grants` may pay, merged. */
export function payable(span: Span, grants: readonly GrantSpan[]): Span[] {
  return join(grants.map((g) => ({ from: Math.max(g.from, span.from), to: Math.min(g.until, span.to) })))
}

/** The parts of `spans` outside of `outages`. */
export function without(spans: readonly Span[], outages: readonly Span[]): Span[] {
  return outages.reduce<Span[]>(
    (left, out) =>
      left
        .flatMap((s) => [
          { from: s.from, to: Math.min(s.to, out.from) },
          { from: Math.max(s.from, out.to), to: s.to },
        ])
        .filter((s) => s.to > s.from),
    [...spans],
  )
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, s) => sum + s.to - s.from, 0)
}

export function overlaps(a: Span, b: Span): boolean {
  return a.from < b.to && b.from < a.to
}

function join(spans: readonly Span[]): Span[] {
  const joined: Span[] = []
  for (const span of spans.filter((s) => s.to > s.from).sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else joined.push({ ...span })
  }
  return joined
}

import type { AccountRules, Act, Evidence, RunFact, StepRule } from './journal.ts'
import { type GrantSpan, grantsOf } from './rules.ts'

/** One run as it ought to have gone, told from what the follower did and what the product accepted of it. */
export interface Told {
  run: RunFact
  rules: AccountRules
  reply: Act | null
  /** The first accepted unfollow after the entry. */
  unfollow: Act | null
  grants: GrantSpan[]
  closesAt: number
  /** When the window would have closed without the reply. */
  closesAtWithoutReply: number
  /** Nothing may go, and need go, after it. */
  deadline: number
  dueOf(step: StepRule): number | null
}

/** What the store says of an act: it is accepted when it was answered so, or when it is there all the same. */
export function acceptedActs(evidence: Evidence): Map<string, Act[]> {
  const stored = new Set(evidence.inbox.map((r) => `${r.appId} ${r.openId} ${r.kind} ${r.createTime}`))
  const byFollower = new Map<string, Act[]>()
  for (const act of evidence.acts) {
    if (!act.ok && !stored.has(storedAs(act))) continue
    const key = followerOf(act)
    byFollower.set(key, [...(byFollower.get(key) ?? []), act])
  }
  for (const acts of byFollower.values()) acts.sort((a, b) => a.createTime - b.createTime)
  return byFollower
}

const KINDS = { follow: 'subscribe', unfollow: 'unsubscribe', type: 'text', click: 'click' } as const

export function storedAs(act: Act): string {
  return `${act.appId} ${act.openId} ${KINDS[act.kind]} ${act.createTime}`
}

export function followerOf({ appId, openId }: { appId: string; openId: string }): string {
  return `${appId} ${openId}`
}

/** @param acts of this follower, accepted, in order; `runs` of this follower */
export function tell(evidence: Evidence, run: RunFact, acts: readonly Act[], runs: readonly RunFact[]): Told {
  const rules = evidence.accounts[run.appId]
  if (!rules) throw new Error(`no account ${run.appId}`)
  const nextEntry = Math.min(...runs.map((r) => r.entryAt).filter((at) => at > run.entryAt), Infinity)
  const mine = acts.filter((a) => a.createTime >= run.entryAt && a.createTime < nextEntry)
  const unfollow = mine.find((a) => a.kind === 'unfollow') ?? null
  const heard: Act[] = []
  let closesAt = run.entryAt + rules.windowMs
  let closesAtWithoutReply = closesAt
  let reply: Act | null = null
  for (const act of mine) {
    if (act.kind === 'unfollow' || act.createTime > closesAt) break
    heard.push(act)
    if (act.kind === 'type' && !reply) {
      reply = act
      closesAtWithoutReply = closesAt
    }
    closesAt = act.createTime + rules.windowMs
  }
  return {
    run,
    rules,
    reply,
    unfollow,
    grants: grantsOf(rules.profile, heard),
    closesAt,
    closesAtWithoutReply,
    deadline: Math.min(closesAt, unfollow?.began ?? Infinity, nextEntry, evidence.endedAt),
    dueOf: (step) =>
      step.since === 'entry' ? run.entryAt + step.afterMs : reply ? reply.createTime + step.afterMs : null,
  }
}

import type { AccountRules, Evidence, FollowerAction, RunRecord, StepRule } from './evidence.ts'
import { type GrantSpan, grantsOf, payable } from './grant-spans.ts'

/** One run as it should have gone, computed from the follower's actions that the product accepted. */
export interface ExpectedRun {
  run: RunRecord
  rules: AccountRules
  /** The accepted actions in this run, in order. */
  actions: readonly FollowerAction[]
  reply: FollowerAction | null
  /** The first accepted unfollow after the entry. */
  unfollow: FollowerAction | null
  grants: GrantSpan[]
  closesAt: number
  /** When the window would have closed without the reply, epoch ms. */
  closesAtWithoutReply: number
  /** No message may or must be sent after this time, epoch ms. */
  deadline: number
  dueOf(step: StepRule): number | null
  /**
   * The first moment at which the step could be sent, epoch ms; null for a step that waits for a reply. It may be later than
   * the due time: `CreateTime` has whole seconds, so a step without delay is due up to a second before its follower acts.
   * https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html
   */
  possibleFrom(step: StepRule): number | null
}

/** The accepted actions of each follower: those that were answered with success, and those that are in the store. */
export function acceptedActions(evidence: Evidence): Map<string, FollowerAction[]> {
  const stored = new Set(evidence.inbox.map((r) => `${r.appId} ${r.openId} ${r.kind} ${r.createTime}`))
  const byFollower = new Map<string, FollowerAction[]>()
  for (const action of evidence.actions) {
    if (!action.ok && !stored.has(storedAs(action))) continue
    const key = followerOf(action)
    byFollower.set(key, [...(byFollower.get(key) ?? []), action])
  }
  for (const actions of byFollower.values()) actions.sort((a, b) => a.createTime - b.createTime)
  return byFollower
}

const KINDS = { follow: 'subscribe', unfollow: 'unsubscribe', type: 'text', click: 'click' } as const

export function storedAs(action: FollowerAction): string {
  return `${action.appId} ${action.openId} ${KINDS[action.kind]} ${action.createTime}`
}

export function followerOf({ appId, openId }: { appId: string; openId: string }): string {
  return `${appId} ${openId}`
}

/** @param actions the accepted actions of this follower, in order; `runs`: all runs of this follower */
export function expectedRunOf(
  evidence: Evidence,
  run: RunRecord,
  actions: readonly FollowerAction[],
  runs: readonly RunRecord[],
): ExpectedRun {
  const rules = evidence.accounts[run.appId]
  if (!rules) throw new Error(`no account ${run.appId}`)
  const nextEntry = Math.min(...runs.map((r) => r.entryAt).filter((at) => at > run.entryAt), Infinity)
  const duringRun = actions.filter((a) => a.createTime >= run.entryAt && a.createTime < nextEntry)
  const unfollow = duringRun.find((a) => a.kind === 'unfollow') ?? null
  const interactions: FollowerAction[] = []
  let closesAt = run.entryAt + rules.windowMs
  let closesAtWithoutReply = closesAt
  let reply: FollowerAction | null = null
  const entry = duringRun.find((a) => a.kind === 'follow' && a.createTime === run.entryAt)
  for (const action of duringRun) {
    if (action.kind === 'unfollow' || action.createTime > closesAt) break
    interactions.push(action)
    if (action.kind === 'type' && !reply) {
      reply = action
      closesAtWithoutReply = closesAt
    }
    closesAt = action.createTime + rules.windowMs
  }
  const grants = grantsOf(rules.profile, interactions)
  const dueOf = ({ since, afterMs }: StepRule) =>
    since === 'entry' ? run.entryAt + afterMs : reply ? reply.createTime + afterMs : null
  return {
    run,
    rules,
    actions: duringRun,
    reply,
    unfollow,
    grants,
    closesAt,
    closesAtWithoutReply,
    deadline: Math.min(closesAt, unfollow?.began ?? Infinity, nextEntry, evidence.endedAt),
    dueOf,
    possibleFrom(step) {
      const due = dueOf(step)
      if (due === null) return null
      const since = step.since === 'entry' ? entry : reply
      const from = Math.max(due, since?.began ?? due)
      return payable({ from, to: closesAt }, grants)[0]?.from ?? from
    },
  }
}

import type { Evidence, FollowerAction, RunRecord, Send } from './evidence.ts'
import { acceptedActions, expectedRunOf, followerOf, storedAs } from './expected-run.ts'
import { RunJudge } from './judge-run.ts'
import { judgeStatistics } from './judge-statistics.ts'
import { MeasuredLateness } from './measured-lateness.ts'
import { Outages } from './outages.ts'
import { type Verdict, VerdictRecorder } from './verdict.ts'

/**
 * No send starts later than 0.5 s after an unsubscribe was answered (docs/contract.md#3-callbacks). The rest allows for the
 * time until the request reaches the simulated WeChat.
 */
const AFTER_UNFOLLOW_MS = 1_500
/** The least share of callbacks that a run must get into the product. The rest is what WeChat stopped repeating during faults. */
const LEAST_ACCEPTED = 0.5
const FEW_CALLBACKS = 20

/** Judges a chaos run by the log of the simulated WeChat. Rules and plan are computed here, independently of the product. */
export function judge(evidence: Evidence): Verdict {
  const recorder = new VerdictRecorder()
  const outages = new Outages(evidence.faults)
  const actionsBy = acceptedActions(evidence)
  const runsBy = groupBy(evidence.runs, followerOf)
  const sendsBy = groupBy(evidence.sends, followerOf)

  judgeInbox(evidence, recorder)
  judgeProof(evidence, actionsBy, recorder)
  for (const [key, actions] of actionsBy) judgeEntries(actions, runsBy.get(key) ?? [], recorder)
  const context = { outages, lateness: new MeasuredLateness(), recorder, facts: evidence.facts ?? [] }
  const judges = [...runsBy].flatMap(([key, runs]) =>
    runs.map((run) => {
      const expected = expectedRunOf(evidence, run, actionsBy.get(key) ?? [], runs)
      const sends = (sendsBy.get(key) ?? []).filter((s) => s.entryAt === run.entryAt)
      return new RunJudge(expected, sends, context)
    }),
  )
  for (const runJudge of judges) runJudge.measure()
  for (const runJudge of judges) runJudge.judge()
  for (const [key, sends] of sendsBy) {
    const actions = evidence.actions.filter((a) => followerOf(a) === key)
    judgeRefusals(sends, actions, outages, recorder)
  }
  judgeStatistics(evidence, recorder)
  countTotals(evidence, recorder)
  return recorder.verdict
}

/** Every answered callback is in the store, and every stored event was dispatched. */
function judgeInbox({ actions, inbox }: Evidence, recorder: VerdictRecorder): void {
  const stored = new Set(inbox.map((r) => `${r.appId} ${r.openId} ${r.kind} ${r.createTime}`))
  for (const action of actions) {
    if (action.ok && !stored.has(storedAs(action)))
      recorder.lost(followerOf(action), `${action.kind} was answered but is not in the store`)
  }
  for (const row of inbox) {
    if (!row.dispatched) recorder.lost(followerOf(row), `${row.kind} was never dispatched`)
  }
}

/**
 * A run in which WeChat stopped repeating most callbacks shows little, since the product has nothing to lose. The few callbacks of a test of
 * the judge are no run.
 */
function judgeProof(
  { actions }: Evidence,
  actionsBy: ReadonlyMap<string, readonly FollowerAction[]>,
  recorder: VerdictRecorder,
): void {
  const accepted = [...actionsBy.values()].reduce((sum, of) => sum + of.length, 0)
  recorder.count('callbacks accepted', accepted)
  if (actions.length >= FEW_CALLBACKS && accepted < actions.length * LEAST_ACCEPTED)
    recorder.unproven(
      'callbacks',
      `${accepted} of ${actions.length} were accepted, and less than ${LEAST_ACCEPTED * 100} % prove too little`,
    )
}

/** The first follow, and each follow after an unfollow, begins a run. */
function judgeEntries(
  actions: readonly FollowerAction[],
  runs: readonly RunRecord[],
  recorder: VerdictRecorder,
): void {
  let following = false
  for (const action of actions) {
    if (action.kind === 'follow' && !following && !runs.some((r) => r.entryAt === action.createTime))
      recorder.lost(followerOf(action), 'an accepted follow began no run')
    if (action.kind === 'follow') following = true
    if (action.kind === 'unfollow') following = false
  }
}

/** Finds requests that WeChat had to refuse, which must not be made. Both lists are of one follower. */
function judgeRefusals(
  sends: readonly Send[],
  actions: readonly FollowerAction[],
  outages: Outages,
  recorder: VerdictRecorder,
): void {
  const moves = actions
    .filter((a) => a.kind === 'follow' || a.kind === 'unfollow')
    .sort((a, b) => a.began - b.began)
  for (const send of sends) {
    const last = moves.filter((a) => a.began <= send.at).at(-1)
    const unfollow = last?.kind === 'unfollow' ? last : null
    const nearFault = outages.shortlyBefore(send.at)
    if (unfollow?.ok && send.at > unfollow.ended + AFTER_UNFOLLOW_MS && !nearFault)
      recorder.broken(followerOf(send), `${send.step} sent ${send.at - unfollow.ended} ms after the unfollow`)
    const refused = send.errcode === 45015 || send.errcode === 45047
    if (refused && !unfollow && !nearFault)
      recorder.broken(followerOf(send), `${send.step} refused with ${send.errcode}: no grant was valid`)
  }
}

function countTotals({ actions, crashes, runs }: Evidence, recorder: VerdictRecorder): void {
  for (const [name, n] of Object.entries(crashes)) recorder.count(`crashes of ${name}`, n)
  recorder.count('followers', new Set(actions.map(followerOf)).size)
  recorder.count('callbacks', actions.length)
  recorder.count('callbacks that WeChat stopped repeating', actions.filter((a) => !a.ok).length)
  recorder.count(
    'deliveries of callbacks',
    actions.reduce((sum, a) => sum + a.attempts, 0),
  )
  recorder.count('runs', runs.length)
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

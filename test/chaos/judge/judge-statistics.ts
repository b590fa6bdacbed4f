import type { Evidence, RunRecord, Send, StatisticsRecord } from './evidence.ts'
import { acceptedActions, followerOf } from './expected-run.ts'
import { Outages } from './outages.ts'
import type { VerdictRecorder } from './verdict.ts'

type StepRecord = RunRecord['steps'][number]

/**
 * Compares the product's own statistics with a count from the log of the simulated WeChat: for each campaign, version and step, how
 * often it was sent; and with the accepted follows, how many runs were entered. Only where the log cannot tell what the product could
 * know of a request, the run's own row decides. These are counted apart.
 */
export function judgeStatistics(evidence: Evidence, recorder: VerdictRecorder): void {
  const { statistics } = evidence
  if (!statistics) return
  const count = new LogCount(evidence)
  for (const record of statistics) {
    const runs = evidence.runs.filter((r) => r.appId === record.appId && isOf(record, r))
    compareRuns(record, runs, recorder)
    compareSteps(record, runs, count, recorder)
  }
  compareEntries(evidence, statistics, recorder)
  reportOrphans(evidence, recorder)
}

/** A record without a version counts all of them. */
const isOf = ({ version }: StatisticsRecord, run: RunRecord) => version === null || run.version === version

const nameOf = ({ appId, version }: StatisticsRecord) =>
  `statistics of ${appId}${version === null ? '' : ` version ${version}`}`

function compareRuns(record: StatisticsRecord, runs: readonly RunRecord[], recorder: VerdictRecorder): void {
  const differs = (what: string, counted: number, expected: number) => {
    if (counted !== expected)
      recorder.broken(nameOf(record), `${what}: ${counted}, but there are ${expected}`)
  }
  differs('entered', record.entered, runs.length)
  differs('uncounted', record.uncounted, 0)
  const ended = runs.filter((r) => r.status === 'ended')
  const outcomes = new Set([...ended.map((r) => r.outcome ?? 'none'), ...Object.keys(record.ended)])
  for (const outcome of outcomes)
    differs(
      `ended as ${outcome}`,
      record.ended[outcome] ?? 0,
      ended.filter((r) => (r.outcome ?? 'none') === outcome).length,
    )
}

function compareSteps(
  record: StatisticsRecord,
  runs: readonly RunRecord[],
  count: LogCount,
  recorder: VerdictRecorder,
): void {
  const counted = new Map(record.steps.map((s) => [s.step, s]))
  const ids = new Set([...counted.keys(), ...runs.flatMap((r) => r.steps.map((s) => s.id))])
  for (const id of ids) {
    const { clear, resolved, unknown } = count.of(id, runs)
    const { sent = 0, unknown: countedUnknown = 0 } = counted.get(id) ?? {}
    if (record.version !== null) {
      recorder.count('statistics: steps compared')
      recorder.count('statistics: messages that the log shows clearly', clear)
      recorder.count('statistics: sent by the row, unclear in the log', resolved)
      recorder.count('statistics: unknown by the row, unclear in the log', unknown)
    }
    if (sent !== clear + resolved)
      recorder.broken(
        nameOf(record),
        `${id} sent: ${sent}, but WeChat received ${clear} clearly, and ${resolved} unclear ones are recorded as sent`,
      )
    if (countedUnknown !== unknown)
      recorder.broken(nameOf(record), `${id} unknown: ${countedUnknown}, but the rows have ${unknown}`)
  }
}

/** Each run began with an accepted follow, and none was counted twice or in no version. */
function compareEntries(
  evidence: Evidence,
  statistics: readonly StatisticsRecord[],
  recorder: VerdictRecorder,
): void {
  const accepted = acceptedActions(evidence)
  for (const appId of Object.keys(evidence.accounts)) {
    const records = statistics.filter((s) => s.appId === appId)
    const entered = (of: readonly StatisticsRecord[]) => of.reduce((sum, s) => sum + s.entered, 0)
    const total = entered(records.filter((s) => s.version === null))
    const byVersion = entered(records.filter((s) => s.version !== null))
    const follows = [...accepted.values()].flat().filter((a) => a.kind === 'follow' && a.appId === appId)
    const entries = follows.filter((f) =>
      evidence.runs.some((r) => followerOf(r) === followerOf(f) && r.entryAt === f.createTime),
    )
    // A follow of someone who follows already, since WeChat stopped repeating the unfollow between, begins a run or not.
    recorder.count('statistics: accepted follows that began a run', entries.length)
    recorder.count('statistics: accepted follows of a follower', follows.length - entries.length)
    if (total !== entries.length)
      recorder.broken(
        `statistics of ${appId}`,
        `entered: ${total}, but ${entries.length} accepted follows began a run`,
      )
    if (byVersion !== total)
      recorder.broken(
        `statistics of ${appId}`,
        `entered: ${total}, but ${byVersion} in all versions together`,
      )
  }
}

/** A message that WeChat received belongs to a run that exists. */
function reportOrphans({ sends, runs }: Evidence, recorder: VerdictRecorder): void {
  const known = new Set(runs.map(keyOf))
  for (const send of sends)
    if (send.delivered && !known.has(keyOf(send)))
      recorder.broken(followerOf(send), `${send.step} was delivered for a run that does not exist`)
}

const keyOf = (of: { appId: string; openId: string; entryAt: number }) => `${followerOf(of)} ${of.entryAt}`

/** Counts messages by the log of the simulated WeChat. */
class LogCount {
  private readonly sends = new Map<string, Send[]>()
  private readonly outages: Outages

  constructor(evidence: Evidence) {
    this.outages = new Outages(evidence.faults)
    for (const send of evidence.sends) {
      const key = `${keyOf(send)} ${send.step}`
      this.sends.set(key, [...(this.sends.get(key) ?? []), send])
    }
  }

  /**
   * In how many of these runs the step was sent.
   * `clear`: the log has a delivery that the product was told of. `resolved`: the log alone cannot tell, and the row says sent.
   * `unknown`: it cannot tell, and neither can the product.
   */
  of(id: string, runs: readonly RunRecord[]): { clear: number; resolved: number; unknown: number } {
    const counts = { clear: 0, resolved: 0, unknown: 0 }
    for (const run of runs) {
      const recorded = run.steps.find((s) => s.id === id)
      if (!recorded) continue
      const kind = this.kindOf(run, recorded)
      if (kind) counts[kind] += 1
    }
    return counts
  }

  private kindOf(run: RunRecord, recorded: StepRecord): 'clear' | 'resolved' | 'unknown' | null {
    const delivered = (this.sends.get(`${keyOf(run)} ${recorded.id}`) ?? []).filter((s) => s.delivered)
    const isUnknown = recorded.state === 'unknown' && recorded.delivery !== 'sent'
    // A process that is killed or stopped at its request does not read the answer that WeChat has sent.
    const isClear = delivered.some((s) => !s.unclear && !(isUnknown && this.outages.around(s.at)))
    if (isClear) return 'clear'
    if (isUnknown) return 'unknown'
    const isSent = recorded.state === 'sent' || recorded.delivery === 'sent'
    return delivered.length > 0 && isSent ? 'resolved' : null
  }
}

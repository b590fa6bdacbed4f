import type { Counter, Histogram } from 'prom-client'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import { type ActivityCount, addActivity, slotOf } from '../store/statistics/activity-counts.ts'

const WRITE_EVERY_MS = 5 * SECOND_MS

/** Writes what this process has counted to the store, where the overview adds up all processes. */
export interface ActivityCounter {
  start(): void
  /** Writes what was counted since the last time. */
  write(): Promise<void>
  /** Writes a last time. */
  stop(): Promise<void>
}

/**
 * The counts are those of the metrics, so that nothing is counted twice, and sending costs nothing more: each process writes the
 * differences in one statement, and none while nothing happens.
 */
export function createActivityCounter(deps: {
  db: Db
  metrics: Metrics
  now: () => number
  log: Pick<Log, 'warn'>
}): ActivityCounter {
  const { db, metrics, now, log } = deps
  const written = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  async function writeOnce(): Promise<void> {
    const counted = await currentCounts(metrics)
    const added = counted.flatMap((count) => {
      const n = count.n - (written.get(keyOf(count)) ?? 0)
      return n > 0 ? [{ ...count, n }] : []
    })
    await addActivity(db, slotOf(now()), added)
    for (const count of counted) written.set(keyOf(count), count.n)
  }
  // One after another: two at once would add the same difference.
  const write = () => {
    writing = writing.then(writeOnce, writeOnce)
    return writing
  }
  const writeOrWarn = () =>
    write().catch((err) => log.warn({ err }, 'counts of the overview were not written'))
  return {
    start() {
      timer ??= setInterval(writeOrWarn, WRITE_EVERY_MS).unref()
    },
    write,
    async stop() {
      clearInterval(timer)
      await writeOrWarn()
    },
  }
}

const keyOf = ({ metric, label }: ActivityCount) => `${metric} ${label}`

/** What this process has counted since its start. Names are those of {@link readActivity}. */
async function currentCounts(metrics: Metrics): Promise<ActivityCount[]> {
  const counts = await Promise.all([
    countsOf('entered', metrics.runsStarted),
    countsOf('replied', metrics.messages),
    countsOf('ended', metrics.runsEnded, 'outcome'),
    countsOf('send', metrics.sends, 'result'),
    countsOf('skipped', metrics.stepsSkipped, 'reason'),
    countsOf('held', metrics.stepsHeld, 'reason'),
    bucketsOf('late', metrics.unheldLateness),
  ])
  return counts.flat()
}

async function countsOf(metric: string, counter: Counter, labelName?: string): Promise<ActivityCount[]> {
  const sums = new Map<string, number>()
  for (const { labels, value } of (await counter.get()).values) {
    const label = labelName === undefined ? '' : String(labels[labelName] ?? '')
    sums.set(label, (sums.get(label) ?? 0) + value)
  }
  return [...sums].map(([label, n]) => ({ metric, label, n }))
}

/** The observations of each bucket by its upper bound in seconds, without those of smaller buckets. */
async function bucketsOf(metric: string, histogram: Histogram): Promise<ActivityCount[]> {
  const buckets = (await histogram.get()).values.flatMap(({ labels, value }) =>
    labels.le === undefined ? [] : [{ label: String(labels.le), upTo: value }],
  )
  return buckets.map(({ label, upTo }, i) => ({ metric, label, n: upTo - (buckets[i - 1]?.upTo ?? 0) }))
}

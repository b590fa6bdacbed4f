import { ASSUMED, type Bytes, type Cost, FIXED, type MeasuredFigures } from './figures.ts'

const DAY_S = 86_400
const MONTH_H = 720

/** A load to plan for. */
export type Scenario =
  | { name: string; waiting: number }
  /** A burst of follows, each to be answered within its minute. Without `seconds` it is continuous. */
  | { name: string; followsPerS: number; seconds?: number }

/** The requirements of a scenario. Rates are a second, at the peak. Sizes are bytes. */
export interface Plan {
  name: string
  /** Runs started a second, in the mean and at the peak. */
  startsMean: number
  starts: number
  events: number
  transitions: number
  callbacks: number
  sends: number
  tasks: number
  commits: number
  logBytes: number
  cores: Cost['processor']
  serve: number
  workers: number
  shards: number
  partitions: number
  connections: { application: number; temporal: number }
  /** Accounts with WeChat's initial quota that are needed to send everything, by the day; NaN for a burst. */
  accounts: number
  /** null for a burst, which is over before its runs have ended. */
  stored: { waiting: number; ended: number; endedInStore: number } | null
}

/** The calculation of docs/scaling.md: from the measured figures to the requirements of a scenario. */
export function planFor(scenario: Scenario, measured: MeasuredFigures): Plan {
  const isBurst = 'followsPerS' in scenario
  const cost: Cost = isBurst ? measured.minute : measured.run
  const startsMean = isBurst ? dispatchedPerS(scenario) : scenario.waiting / (ASSUMED.waitHours * 3_600)
  const starts = isBurst ? startsMean : startsMean * ASSUMED.peak
  const callbacks = (isBurst ? scenario.followsPerS : starts) * cost.callbacks
  const cores = {
    postgres: coresFor(starts, cost.processor.postgres),
    temporal: coresFor(starts, cost.processor.temporal),
    worker: coresFor(starts, cost.processor.worker),
    serve: coresFor(starts, cost.processor.serve),
  }
  const tasks = starts * cost.sends * ASSUMED.queuedShare
  const transitions = starts * cost.transitions
  const serve = Math.max(
    2,
    Math.ceil(cores.serve),
    Math.ceil(callbacks / (measured.callbacksPerS * ASSUMED.use)),
    // A burst is accepted first and dispatched later. A continuous load needs every process at full dispatch.
    isBurst && scenario.seconds ? 0 : Math.ceil(callbacks / FIXED.callbacksBesideDispatch),
  )
  const workers = Math.max(2, Math.ceil(cores.worker))
  const temporal = Math.max(4, Math.ceil(cores.temporal / ASSUMED.coresPerProcess))
  return {
    name: scenario.name,
    startsMean,
    starts,
    events: starts * cost.events,
    transitions,
    callbacks,
    sends: starts * cost.sends,
    tasks,
    commits: starts * cost.commits,
    logBytes: starts * cost.logBytes,
    cores,
    serve,
    workers,
    shards: shardsFor(isBurst ? 0 : scenario.waiting, transitions),
    partitions: Math.ceil(tasks / ASSUMED.tasksPerPartition),
    connections: { application: (serve + workers) * FIXED.pool, temporal: temporal * 2 * FIXED.pool },
    accounts: isBurst ? Number.NaN : Math.ceil((startsMean * cost.sends * DAY_S) / FIXED.sendsPerDay),
    stored: isBurst ? null : storedFor(scenario.waiting, startsMean, measured),
  }
}

/** The rate of dispatch. A burst may be dispatched until the last follower's minute has passed. */
function dispatchedPerS({ followsPerS, seconds }: { followsPerS: number; seconds?: number }): number {
  return seconds ? (followsPerS * seconds) / (seconds + ASSUMED.minuteS) : followsPerS
}

function coresFor(perS: number, ms: number): number {
  return (perS * ms) / 1_000 / ASSUMED.use
}

function shardsFor(waiting: number, transitions: number): number {
  const bySize = waiting / ASSUMED.runsPerShard
  const byRate = (transitions * ASSUMED.writeMs) / 1_000 / ASSUMED.shardUse
  return Math.max(ASSUMED.leastShards, 2 ** Math.ceil(Math.log2(Math.max(bySize, byRate, 1))))
}

function storedFor(waiting: number, startsPerS: number, measured: MeasuredFigures) {
  const all = (bytes: Bytes) => bytes.store + bytes.temporal + bytes.visibility
  const endedPerDay = startsPerS * DAY_S
  const { store, temporal, visibility } = measured.ended
  return {
    waiting: waiting * all(measured.waiting) * ASSUMED.room,
    ended: endedPerDay * FIXED.retentionDays * (temporal + visibility) * ASSUMED.room,
    endedInStore: endedPerDay * FIXED.runRetentionDays * store,
  }
}

/** Temporal Cloud's list prices in US dollars. docs/scaling.md names their source and date. */
const CLOUD = {
  /** Pairs: up to this many million actions a month, price per million. */
  tiers: [
    [5, 50],
    [10, 45],
    [20, 40],
    [50, 35],
    [100, 30],
    [200, 25],
  ],
  activePerGBh: 0.042,
  retainedPerGBh: 0.00105,
  /** Additional share of actions with fairness on. */
  fairness: 0.1,
  /** Share of the consumption; `least`: the plan's minimum price. */
  plan: { share: 0.1, least: 500 },
} as const

export interface CloudBill {
  /** Million a month. */
  actions: number
  /** Actions a second at the peak, without those for fairness. The namespace's limit counts these. */
  actionsPerS: number
  actionsPrice: number
  activePrice: number
  retainedPrice: number
  planPrice: number
  total: number
}

/** The bill of a thirty-day month on Temporal Cloud's Business plan, without the plan's included consumption. */
export function cloudBillFor(waiting: number, measured: MeasuredFigures): CloudBill {
  const { startsMean, starts } = planFor({ name: '', waiting }, measured)
  const actions = (startsMean * 3_600 * MONTH_H * measured.actions * (1 + CLOUD.fairness)) / 1e6
  const actionsPrice = priceOf(actions)
  const activePrice =
    (waiting * measured.historyBytes * ASSUMED.waitingHistoryShare * MONTH_H * CLOUD.activePerGBh) / 1e9
  const kept = startsMean * DAY_S * FIXED.retentionDays
  const retainedPrice = (kept * measured.historyBytes * MONTH_H * CLOUD.retainedPerGBh) / 1e9
  const used = actionsPrice + activePrice + retainedPrice
  const planPrice = Math.max(CLOUD.plan.least, used * CLOUD.plan.share)
  const actionsPerS = starts * measured.actions
  return {
    actions,
    actionsPerS,
    actionsPrice,
    activePrice,
    retainedPrice,
    planPrice,
    total: used + planPrice,
  }
}

/** The price above the last tier is negotiated. The last tier's price is assumed. */
function priceOf(million: number): number {
  let [price, from] = [0, 0]
  for (const [i, [upTo, each]] of CLOUD.tiers.entries()) {
    const isLast = i === CLOUD.tiers.length - 1
    price += Math.max(0, Math.min(million, isLast ? Number.POSITIVE_INFINITY : upTo) - from) * each
    from = upTo
  }
  return price
}

import { ASSUMED, type Bytes, type Cost, FIXED, MEASURED } from './figures.ts'

const DAY_S = 86_400
const MONTH_H = 720

/** Something to be carried. */
export type Scenario =
  | { name: string; waiting: number }
  /** A flood of follows, each to be answered within its minute; no `seconds`: it does not end. */
  | { name: string; followsPerS: number; seconds?: number }

/** What a scenario needs. Rates are a second, at the peak; sizes are bytes. */
export interface Plan {
  name: string
  /** Runs begun a second, in the mean and at the peak. */
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
  connections: { ours: number; temporal: number }
  /** Accounts with WeChat's first quota that are needed to send it all, by the day; NaN for a flood. */
  accounts: number
  /** Null for a flood: it is over before its runs have ended. */
  stored: { waiting: number; ended: number; oursAMonth: number } | null
}

/** The arithmetic of docs/scaling.md: from the measured figures to what a scenario needs. */
export function planFor(scenario: Scenario): Plan {
  const flood = 'followsPerS' in scenario
  const cost: Cost = flood ? MEASURED.minute : MEASURED.run
  const startsMean = flood ? dispatchedPerS(scenario) : scenario.waiting / (ASSUMED.waitHours * 3_600)
  const starts = flood ? startsMean : startsMean * ASSUMED.peak
  const callbacks = (flood ? scenario.followsPerS : starts) * cost.callbacks
  const cores = {
    postgres: coresFor(starts, cost.processor.postgres),
    temporal: coresFor(starts, cost.processor.temporal),
    worker: coresFor(starts, cost.processor.worker),
    serve: coresFor(starts, cost.processor.serve),
  }
  const tasks = starts * cost.tasks
  const transitions = starts * cost.transitions
  const serve = Math.max(
    2,
    Math.ceil(cores.serve),
    Math.ceil(callbacks / (MEASURED.callbacksPerS * ASSUMED.use)),
    // A flood that ends is taken in first; what has to go on for ever needs every process at full dispatch.
    flood && scenario.seconds ? 0 : Math.ceil(callbacks / FIXED.callbacksBesideDispatch),
  )
  const workers = Math.max(2, Math.ceil(cores.worker))
  const engine = Math.max(4, Math.ceil(cores.temporal / ASSUMED.coresPerProcess))
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
    shards: shardsFor(flood ? 0 : scenario.waiting, transitions),
    partitions: Math.ceil(tasks / ASSUMED.tasksPerPartition),
    connections: { ours: (serve + workers) * FIXED.pool, temporal: engine * 2 * FIXED.pool },
    accounts: flood ? Number.NaN : Math.ceil((startsMean * cost.sends * DAY_S) / FIXED.sendsPerDay),
    stored: flood ? null : storedFor(scenario.waiting, startsMean),
  }
}

/** A flood that ends may be dispatched until the last follower's minute is over. */
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

function storedFor(waiting: number, startsPerS: number) {
  const all = (bytes: Bytes) => bytes.ours + bytes.temporal + bytes.visibility
  const endedPerDay = startsPerS * DAY_S
  const { ours, temporal, visibility } = MEASURED.ended
  return {
    waiting: waiting * all(MEASURED.waiting) * ASSUMED.room,
    ended: endedPerDay * FIXED.retentionDays * (temporal + visibility) * ASSUMED.room,
    oursAMonth: endedPerDay * 30 * ours,
  }
}

/** Temporal Cloud's list prices in US dollars; `docs/scaling.md` says from where and when. */
const CLOUD = {
  /** Up to so many million actions a month, each million. */
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
  /** On top of each action where fairness is switched on. */
  fairness: 0.1,
  /** Of what is consumed; the plan's lowest price. */
  plan: { share: 0.1, least: 500 },
} as const

export interface CloudBill {
  /** Million a month. */
  actions: number
  /** A second, at the peak, without those for fairness: what the namespace's limit counts. */
  actionsPerS: number
  actionsPrice: number
  activePrice: number
  retainedPrice: number
  planPrice: number
  total: number
}

/** A month of thirty days on Temporal Cloud's Business plan, what the plan includes left out. */
export function cloudBillFor(waiting: number): CloudBill {
  const { startsMean, starts } = planFor({ name: '', waiting })
  const actions = (startsMean * 3_600 * MONTH_H * MEASURED.actions * (1 + CLOUD.fairness)) / 1e6
  const actionsPrice = priceOf(actions)
  const activePrice = (waiting * ASSUMED.waitingHistoryBytes * MONTH_H * CLOUD.activePerGBh) / 1e9
  const kept = startsMean * DAY_S * FIXED.retentionDays
  const retainedPrice = (kept * MEASURED.historyBytes * MONTH_H * CLOUD.retainedPerGBh) / 1e9
  const used = actionsPrice + activePrice + retainedPrice
  const planPrice = Math.max(CLOUD.plan.least, used * CLOUD.plan.share)
  const actionsPerS = starts * MEASURED.actions
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

/** Above the last tier the price is a matter of talks: its own is taken on. */
function priceOf(million: number): number {
  let [price, from] = [0, 0]
  for (const [i, [upTo, each]] of CLOUD.tiers.entries()) {
    const isLast = i === CLOUD.tiers.length - 1
    price += Math.max(0, Math.min(million, isLast ? Number.POSITIVE_INFINITY : upTo) - from) * each
    from = upTo
  }
  return price
}

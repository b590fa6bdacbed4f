/** What a follower costs until a certain moment of its run. */
export interface Cost {
  events: number
  transitions: number
  /** Messages to WeChat, and tasks of the task queue `send`. */
  sends: number
  tasks: number
  callbacks: number
  commits: number
  /** Bytes of PostgreSQL's log. */
  logBytes: number
  /** ms of one core. */
  processor: { postgres: number; temporal: number; worker: number; serve: number }
}

/** Bytes in each database, packed, with all indexes. */
export interface Bytes {
  store: number
  temporal: number
  visibility: number
}

/** Means of two runs of `npm run bench -- --only size,footprint` and `npm run load -- rate` on two cores. docs/scaling.md names the source of each figure. */
export const MEASURED = {
  /** A five-step run from the follow to its end. */
  run: {
    events: 74,
    transitions: 42,
    sends: 5,
    tasks: 6,
    callbacks: 2,
    commits: 270,
    logBytes: 242_000,
    processor: { postgres: 102, temporal: 134, worker: 100, serve: 18 },
  },
  /** The same until the first message is sent: a follow, a reply, a send. */
  minute: {
    events: 18,
    transitions: 9,
    sends: 1,
    tasks: 1,
    callbacks: 2,
    commits: 97,
    logBytes: 100_000,
    processor: { postgres: 33, temporal: 38, worker: 33, serve: 19 },
  },
  /** While it waits for its last step. */
  waiting: { store: 4_600, temporal: 19_200, visibility: 13_600 },
  ended: { store: 4_900, temporal: 21_500, visibility: 13_400 },
  /** History of an ended run, encrypted, as Temporal counts it. */
  historyBytes: 15_500,
  /** Actions of a five-step run, without the tenth for fairness. */
  actions: 14,
  /** Callbacks answered by one process with p99 below a second. */
  callbacksPerS: 1_497,
} as const satisfies { run: Cost; minute: Cost; waiting: Bytes; ended: Bytes } & Record<string, unknown>

/** Constants of the code and of the stack's files. */
export const FIXED = {
  /** Above this rate a `serve` dispatches one event at a time instead of eight. */
  callbacksBesideDispatch: 100,
  /** Connections to PostgreSQL: of each process, and of each Temporal process to each of its databases. */
  pool: 20,
  /** Days for which Temporal keeps ended runs. */
  retentionDays: 3,
  /** Days for which the store keeps ended runs, by default. */
  runRetentionDays: 90,
  /** Calls of WeChat's `custom/send` a day for a newly registered account. */
  sendsPerDay: 500_000,
} as const

/** Assumptions that nobody has measured. Change them to see the effect. */
export const ASSUMED = {
  /** Hours from the follow, with its reply, to the last step of the series. */
  waitHours: 47,
  /** The busiest hours, relative to the mean. */
  peak: 3,
  /** Maximum utilisation of a core, a process or a shard at the peak. */
  use: 0.6,
  /** A shard writes sequentially: the time of one write, and the maximum share of time spent writing. */
  writeMs: 10,
  shardUse: 0.2,
  /** Mean history of a run while it waits. It begins with 4.7 KB. */
  waitingHistoryBytes: 12_000,
  /** Waiting runs per shard. */
  runsPerShard: 10_000,
  leastShards: 512,
  /** Space in the database relative to packed data: half-empty pages, rows that vacuum has not removed yet. */
  room: 2,
  /** Tasks a second of one partition of a task queue. */
  tasksPerPartition: 500,
  /** Cores of one Temporal process. */
  coresPerProcess: 4,
  /** Seconds of the one-minute grant in which a follow may wait for its dispatch. */
  minuteS: 55,
} as const

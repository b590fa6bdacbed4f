/** What a follower costs, up to some moment of its run. */
export interface Cost {
  events: number
  transitions: number
  /** Messages to WeChat, and all that goes through the task queue `send`. */
  sends: number
  tasks: number
  callbacks: number
  commits: number
  /** PostgreSQL's log. */
  logBytes: number
  /** ms of one core. */
  processor: { postgres: number; temporal: number; worker: number; serve: number }
}

/** Bytes in each database with all indexes, packed. */
export interface Bytes {
  ours: number
  temporal: number
  visibility: number
}

/** The mean of two runs of `npm run bench -- --only size,footprint`, and `npm run load -- rate`, on two cores; docs/scaling.md says which is which. */
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
  /** The same until its first message is out: a follow, a reply, a send. */
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
  waiting: { ours: 4_600, temporal: 19_200, visibility: 13_600 },
  ended: { ours: 4_900, temporal: 21_500, visibility: 13_400 },
  /** Encrypted, as Temporal counts it, of an ended run. */
  historyBytes: 15_500,
  /** Of a five-step run, without the tenth for fairness. */
  actions: 14,
  /** Answered by one process with p99 below a second. */
  callbacksPerS: 1_497,
} as const satisfies { run: Cost; minute: Cost; waiting: Bytes; ended: Bytes } & Record<string, unknown>

/** What the code and the stack's files fix. */
export const FIXED = {
  /** Above this a `serve` dispatches one event at a time instead of eight. */
  callbacksBesideDispatch: 100,
  /** Connections that each of our processes may open to PostgreSQL, and each of Temporal's to each of its databases. */
  pool: 20,
  /** Days that Temporal keeps ended runs. */
  retentionDays: 3,
  /** WeChat's `custom/send`, a day and account, for a newly registered account. */
  sendsPerDay: 500_000,
} as const

/** What nobody has measured. Change it here to see what follows. */
export const ASSUMED = {
  /** From the follow, with its reply, to the last step of the series. */
  waitHours: 47,
  /** The busiest hours, against the mean. */
  peak: 3,
  /** How much of a core, a process or a shard may be in use at the peak. */
  use: 0.6,
  /** A shard writes one thing at a time: the time of one write, and how much of a shard's time may be writing. */
  writeMs: 10,
  shardUse: 0.2,
  /** History of a waiting run, in the mean of its wait: it begins with 4.7 KB. */
  waitingHistoryBytes: 12_000,
  /** Waiting runs for each shard. */
  runsPerShard: 10_000,
  leastShards: 512,
  /** Room in the database beside what is packed: pages half full, rows that vacuum has not taken yet. */
  room: 2,
  /** Tasks that one partition of a task queue gives out a second. */
  tasksPerPartition: 500,
  /** Cores of one process of Temporal's. */
  coresPerProcess: 4,
  /** Of the one-minute grant: how long a follow may wait for its dispatch. */
  minuteS: 55,
} as const

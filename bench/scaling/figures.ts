import type { Results } from '../report/results.ts'

/** What a follower costs until a certain moment of its run. */
export interface Cost {
  events: number
  transitions: number
  /** Messages to WeChat. */
  sends: number
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

/** What was measured, and the day of it. The sources of the figures are in docs/scaling.md. */
export interface MeasuredFigures {
  /** A five-step run from the follow to its end. */
  run: Cost
  /** The same until the first message is sent: a follow, a reply, a send. */
  minute: Cost
  /** With one of five messages sent, and with four. */
  early: Bytes
  waiting: Bytes
  ended: Bytes
  /** History of an ended run, encrypted, as Temporal counts it. */
  historyBytes: number
  /** Actions of a five-step run, without the tenth for fairness. */
  actions: number
  /** Callbacks answered by one process with p99 below a second. */
  callbacksPerS: number
  /** The day of each source, as the pages show it. */
  days: { size: string; footprint: string; rate: string }
}

/** The figures of version 0.3, where no newer result is stored. Means of two runs while other programs used the cores. */
const EARLIER = {
  run: {
    events: 74,
    transitions: 42,
    sends: 5,
    callbacks: 2,
    commits: 270,
    logBytes: 242_000,
    processor: { postgres: 102, temporal: 134, worker: 100, serve: 18 },
  },
  minute: {
    events: 18,
    transitions: 9,
    sends: 1,
    callbacks: 2,
    commits: 97,
    logBytes: 100_000,
    processor: { postgres: 33, temporal: 38, worker: 33, serve: 19 },
  },
  early: { store: 4_200, temporal: 11_500, visibility: 13_500 },
  waiting: { store: 4_600, temporal: 19_200, visibility: 13_600 },
  ended: { store: 4_900, temporal: 21_500, visibility: 13_400 },
  historyBytes: 15_500,
  actions: 14,
  callbacksPerS: 1_497,
  days: { size: 'version 0.3', footprint: 'version 0.3', rate: 'version 0.3' },
} as const satisfies MeasuredFigures

const STAGES = { early: 'waiting, 1 of 5 sent', waiting: 'waiting, 4 of 5 sent', ended: 'ended, 5 of 5 sent' }

/**
 * The newest figures of the benches `size`, `footprint` and `rate`. What they do not have is of version 0.3. A footprint without
 * the stage of ended runs is not used: its figures must not be mixed with earlier ones.
 */
export function figuresFrom({ footprint, ...others }: Results['benches']): MeasuredFigures {
  const isWhole = footprint?.figures.some(({ name }) => name.startsWith(STAGES.ended))
  const benches: Results['benches'] = { ...others, ...(footprint && isWhole ? { footprint } : {}) }
  const read = (bench: string, pattern: RegExp, earlier: number) => {
    const found = benches[bench]?.figures.filter(({ name }) => pattern.test(name)) ?? []
    return found.length === 0 ? earlier : found.reduce((sum, { value }) => sum + value, 0)
  }
  const ofStage = (stage: keyof typeof STAGES, what: string, earlier: number) =>
    read('footprint', new RegExp(`^${STAGES[stage]}: ${what}$`), earlier)
  const bytes = (stage: keyof typeof STAGES): Bytes => ({
    store: ofStage(stage, 'nurture, packed', EARLIER[stage].store),
    temporal: ofStage(stage, 'temporal, packed', EARLIER[stage].temporal),
    visibility: ofStage(stage, 'temporal_visibility, packed', EARLIER[stage].visibility),
  })
  /** The work until a stage is reached. */
  const cost = (stage: keyof typeof STAGES, earlier: Cost, what: string): Cost => ({
    ...earlier,
    events: read('size', new RegExp(`^events of ${what}$`), earlier.events),
    transitions: read('size', new RegExp(`^state transitions of ${what}$`), earlier.transitions),
    commits: ofStage(stage, '\\w+, commits', earlier.commits),
    logBytes: ofStage(stage, 'log of all databases', earlier.logBytes),
    processor: {
      postgres: ofStage(stage, 'processor, postgres', earlier.processor.postgres),
      temporal: ofStage(stage, 'processor, temporal-\\w+', earlier.processor.temporal),
      worker: ofStage(stage, 'processor, worker', earlier.processor.worker),
      serve: ofStage(stage, 'processor, serve', earlier.processor.serve),
    },
  })
  const day = (bench: 'size' | 'footprint' | 'rate') =>
    benches[bench]?.measuredAt.slice(0, 10) ?? EARLIER.days[bench]
  return {
    run: cost('ended', EARLIER.run, 'a five-step run'),
    minute: cost('early', EARLIER.minute, 'its first minute'),
    early: bytes('early'),
    waiting: bytes('waiting'),
    ended: bytes('ended'),
    historyBytes: read('size', /^history of a five-step run, encrypted$/, EARLIER.historyBytes),
    actions: read('size', /^actions of a five-step run$/, EARLIER.actions),
    callbacksPerS: read('rate', /^highest rate .*, PGlite: follows a second$/, EARLIER.callbacksPerS),
    days: { size: day('size'), footprint: day('footprint'), rate: day('rate') },
  }
}

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
  /** Mean history of a run while it waits, relative to that of an ended run. */
  waitingHistoryShare: 0.75,
  /** Share of the messages that need a task of the queue `send`, because a worker could not send them at once. */
  queuedShare: 1,
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

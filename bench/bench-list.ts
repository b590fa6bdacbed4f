interface BenchFacts {
  /** What it measures. */
  text: string
  /** Without `--only` it runs with `--all` alone, because it uses both cores for minutes. */
  onRequest?: boolean
}

/**
 * All benches, in the order in which they run. Those that run the product or workers in the process of the bench come after those
 * that generate load from it.
 */
export const BENCH_LIST = {
  start: { text: 'six starts of npm start' },
  memory: { text: 'memory of npm start: idle, and with followers who wait' },
  callbacks: { text: 'callbacks, at 1 and at 50 concurrent followers' },
  answers: { text: 'answers to keywords, of 200 campaigns and of one' },
  due: { text: 'lateness of due steps of a few followers' },
  cost: { text: 'CPU of a run against a bare workflow', onRequest: true },
  burst: { text: 'bursts of follows, and the messages within their minute', onRequest: true },
  'load-curve': { text: 'throughput and lateness at rising rates of follows', onRequest: true },
  rate: { text: 'the highest rate of follows that is answered within a second', onRequest: true },
  restart: { text: 'kill -9, and a restart with due steps', onRequest: true },
  size: { text: 'the size of a run' },
  isolation: { text: 'the effect of one account on another' },
  check: { text: 'the check of a large campaign file, and a preview of all its ways' },
  tokens: { text: 'token refreshes of 200 accounts' },
  console: { text: 'the console on a store of 100,000 followers', onRequest: true },
  footprint: {
    text: 'bytes and work of a follower in the databases of the production stack',
    onRequest: true,
  },
  peers: { text: 'the same job on other designs', onRequest: true },
} satisfies Record<string, BenchFacts>

export type BenchName = keyof typeof BENCH_LIST

export const BENCH_NAMES = Object.keys(BENCH_LIST) as BenchName[]

/** What `npm run bench` runs without `--all` and `--only`. */
export const QUICK_BENCHES = BENCH_NAMES.filter((name) => !('onRequest' in BENCH_LIST[name]))

// Mutation tests of the pure core: `npm run mutation` (docs/mutation.md).

/** The pure core, without tables of texts and types. */
const CORE = [
  'src/run/{run-actions,decide,send-result,state}.ts',
  'src/wechat/rules/{ledger,rules}.ts',
  'src/dispatch/plan-dispatch.ts',
  'src/campaign/match.ts',
  'activities/send/verdict.ts',
]
const OUTPUT = 'coverage/mutation'

export default {
  mutate: CORE,
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: true },
  coverageAnalysis: 'perTest',
  ignorePatterns: ['/.data', '/coverage', '/dist', '/bench', '/docs', '/temporal-docker'],
  incremental: true,
  incrementalFile: `${OUTPUT}/incremental.json`,
  tempDirName: `${OUTPUT}/sandbox`,
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false },
  htmlReporter: { fileName: `${OUTPUT}/report.html` },
  jsonReporter: { fileName: `${OUTPUT}/report.json` },
  thresholds: { high: 98, low: 95, break: 95 },
  // A mutant that loops is found by its hits; time alone says little on a busy machine.
  timeoutMS: 15_000,
  concurrency: 1,
}

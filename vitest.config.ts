import { defineConfig } from 'vitest/config'
import { UNIT_TIMEOUT_MS, WAIT_TIMEOUT_MS } from './test/harness/timeouts.ts'

/** Enough for a test with two waits. */
const slowTimeouts = {
  testTimeout: 2 * WAIT_TIMEOUT_MS,
  hookTimeout: 2 * WAIT_TIMEOUT_MS,
  expect: { poll: { timeout: WAIT_TIMEOUT_MS } },
}
/** A unit test uses no server, so it needs little time. */
const unit = {
  testTimeout: UNIT_TIMEOUT_MS,
  hookTimeout: UNIT_TIMEOUT_MS,
  expect: { poll: { timeout: UNIT_TIMEOUT_MS / 2 } },
}
const servers = {
  setupFiles: './test/harness/setup/silence-sdk.ts',
  globalSetup: ['./test/harness/setup/temporal.ts', './test/harness/setup/postgres.ts'],
}
/** The tiers of `npm test`; `npx vitest run --project unit` runs one. */
export default defineConfig({
  test: {
    reporters: ['default', './test/harness/setup/summary-reporter.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.{ts,tsx}',
            'activities/**/*.test.ts',
            'workflows/**/*.test.ts',
            'test/{chaos,docker,properties}/**/*.test.ts',
            '{bench,scripts}/**/*.test.ts',
          ],
          exclude: ['src/store/**'],
          // Each file would load the same modules again. So a test takes back what it changes for its whole process.
          isolate: false,
          ...unit,
        },
      },
      {
        test: {
          name: 'store',
          include: ['src/store/**/*.test.ts', 'test/{store,fuzz,attack}/**/*.test.ts'],
          globalSetup: './test/harness/setup/postgres.ts',
          ...slowTimeouts,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{activities,workflow,e2e,recovery,api,browser,replay,temporal,cli}/**/*.test.ts'],
          ...servers,
          ...slowTimeouts,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          ...slowTimeouts,
        },
      },
      {
        test: {
          name: 'exclusive',
          // They fill the machine by themselves, and judge what is late: each runs when nothing else does.
          include: ['test/exclusive/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
          ...servers,
          ...slowTimeouts,
        },
      },
    ],
  },
})

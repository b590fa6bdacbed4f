import { defineConfig } from 'vitest/config'
import { PATIENCE_MS } from './test/support/patience.ts'

/** Room for a test that waits twice. */
const patient = {
  testTimeout: 2 * PATIENCE_MS,
  hookTimeout: 2 * PATIENCE_MS,
  expect: { poll: { timeout: PATIENCE_MS } },
}
const engines = {
  setupFiles: './test/support/quiet-sdk.ts',
  globalSetup: ['./test/support/engine.ts', './test/support/postgres.ts'],
}
/** They fill the machine by themselves, and judge what is late: each runs when nothing else does. */
const ALONE = ['test/e2e/{chaos,cluster,load,nodes}.test.ts']

/** The tiers of `npm test`; `npx vitest run --project unit` runs one. */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.{ts,tsx}',
            'activities/**/*.test.ts',
            'workflows/**/*.test.ts',
            'test/{chaos,docker}/**/*.test.ts',
            '{bench,scripts}/**/*.test.ts',
          ],
          exclude: ['src/store/**'],
          ...patient,
        },
      },
      {
        test: {
          name: 'store',
          include: ['src/store/**/*.test.ts', 'test/{store,fuzz,attack}/**/*.test.ts'],
          globalSetup: './test/support/postgres.ts',
          ...patient,
        },
      },
      {
        test: {
          name: 'whole',
          include: ['test/{activities,workflow,e2e,api,browser,replay,engine,cli}/**/*.test.ts'],
          exclude: ALONE,
          ...engines,
          ...patient,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          ...patient,
        },
      },
      {
        test: {
          name: 'alone',
          include: ALONE,
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
          ...engines,
          ...patient,
        },
      },
    ],
  },
})

import { defineConfig } from 'vitest/config'

const slow = { testTimeout: 60_000, hookTimeout: 60_000 }

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
            'bench/**/*.test.ts',
          ],
          exclude: ['src/store/**'],
        },
      },
      {
        test: {
          name: 'store',
          include: ['src/store/**/*.test.ts', 'test/{store,fuzz}/**/*.test.ts'],
          globalSetup: './test/support/postgres.ts',
          ...slow,
        },
      },
      {
        test: {
          name: 'whole',
          include: ['test/{activities,workflow,e2e,api,browser,replay,engine,cli}/**/*.test.ts'],
          setupFiles: './test/support/quiet-sdk.ts',
          globalSetup: ['./test/support/engine.ts', './test/support/postgres.ts'],
          ...slow,
        },
      },
    ],
  },
})

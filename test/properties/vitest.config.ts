import { defineConfig } from 'vitest/config'
import { PROPERTY_TIMEOUT_MS } from '../harness/property-runs.ts'
import { propertyTests } from './property-tests.ts'

const files = propertyTests().map(({ file }) => file)
const usesServers = (file: string) => /^(test|src\/store)\//.test(file)
const slow = { testTimeout: PROPERTY_TIMEOUT_MS, hookTimeout: PROPERTY_TIMEOUT_MS }
const setupFiles = ['./test/properties/case-count.ts']

/** Every file with properties, in one run: `npm run properties`. */
export default defineConfig({
  test: {
    reporters: ['verbose', './test/harness/setup/summary-reporter.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'pure',
          include: files.filter((f) => !usesServers(f)),
          setupFiles,
          isolate: false,
          ...slow,
        },
      },
      {
        test: {
          name: 'servers',
          include: files.filter(usesServers),
          setupFiles: [...setupFiles, './test/harness/setup/silence-sdk.ts'],
          globalSetup: ['./test/harness/setup/temporal.ts', './test/harness/setup/postgres.ts'],
          ...slow,
        },
      },
    ],
  },
})

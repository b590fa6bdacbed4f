import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { UNIT_TIMEOUT_MS } from '../harness/timeouts.ts'

/** A mutant dies of the first test that fails, so the properties, which take seconds, come last. */
class PropertiesLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isProperties = (file: TestSpecification) => Number(file.moduleId.includes('.properties.test.'))
    return [...files].sort((a, b) => isProperties(a) - isProperties(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
}

/** The tests that mutants of the pure core must survive: the unit tests beside it. */
export default defineConfig({
  test: {
    include: [
      'src/{run,dispatch}/**/*.test.ts',
      'src/campaign/match.test.ts',
      'src/wechat/rules/**/*.test.ts',
      'activities/send/**/*.test.ts',
    ],
    // Its thousands of runs take seconds for each mutant.
    exclude: ['src/run/decide.properties.test.ts'],
    setupFiles: './test/mutation/fixed-seed.ts',
    testTimeout: UNIT_TIMEOUT_MS,
    hookTimeout: UNIT_TIMEOUT_MS,
    sequence: { sequencer: PropertiesLast },
  },
})

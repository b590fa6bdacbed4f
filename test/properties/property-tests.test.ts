import { expect, it } from 'vitest'
import { propertyTests } from './property-tests.ts'

it('each property tries as many cases as npm run properties asks for', () => {
  const tests = propertyTests()
  expect(tests.length).toBeGreaterThan(30)
  // A number of its own would hold for every run: see test/harness/property-runs.ts.
  const fixed = tests.filter(({ text }) => /numRuns: *[\d_]+/.test(text)).map(({ file }) => file)
  expect(fixed).toEqual([])
})

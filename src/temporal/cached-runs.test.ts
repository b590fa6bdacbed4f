import { expect, it } from 'vitest'
import { cachedRunsFor } from './cached-runs.ts'

const GB = 1024 ** 3

it.each([
  ['a small container', 0.5 * GB, 400],
  ['4 GB', 4 * GB, 1_024],
  ['8 GB', 8 * GB, 2_048],
  ['a large machine', 256 * GB, 2_500],
])('the number of cached runs follows the memory: %s', (_, memory, runs) => {
  expect(cachedRunsFor(memory)).toBe(runs)
})

it('the number of cached runs of this machine is within its limits', () => {
  expect(cachedRunsFor()).toBeGreaterThanOrEqual(400)
  expect(cachedRunsFor()).toBeLessThanOrEqual(2_500)
})

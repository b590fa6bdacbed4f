import { expect, it } from 'vitest'
import { rateLimitedCheck } from './rate-limited-check.ts'

it('runs a check for every call while calls are rare, and for the first calls of a second otherwise', async () => {
  let now = 0
  let checks = 0
  const ask = rateLimitedCheck(
    async () => ++checks,
    3,
    () => now,
  )
  expect([await ask(), await ask(), await ask()]).toEqual([1, 2, 3])
  expect(await Promise.all(Array.from({ length: 1_000 }, ask))).toEqual(Array(1_000).fill(3))
  now = 999
  expect(await ask()).toBe(3)
  now = 1_000
  expect(await ask()).toBe(4)
})

import { describe, expect, it } from 'vitest'
import { mayRetryUnclear } from './unclear-policy.ts'

describe('a step after an unclear attempt', () => {
  it.each([
    ['timeout', 1, 3, true],
    ['timeout', 2, 3, false],
    ['lost', 1, 3, true],
    ['lost', 2, 3, false],
    ['http', 1, 3, true],
    ['http', 9, 3, true],
    ['answer', 1, 3, true],
    ['answer', 2, 3, true],
    ['answer', 3, 3, false],
    ['answer', 1, 1, false],
    ['http', 1, 0, false],
    ['timeout', 1, 0, false],
  ] as const)(
    'ending as %s, unclear attempt no. %i, with %i messages left: may be retried is %s',
    (after, unclear, quotaLeft, allowed) => {
      expect(mayRetryUnclear('retry', after, { unclear, quotaLeft })).toBe(allowed)
      expect(mayRetryUnclear('assume-sent', after, { unclear, quotaLeft })).toBe(false)
    },
  )
})

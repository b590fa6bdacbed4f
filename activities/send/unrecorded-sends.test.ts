import { beforeEach, describe, expect, it } from 'vitest'
import { UnrecordedSends } from './unrecorded-sends.ts'

const HOUR_MS = 3_600_000
const accepted = { result: { result: 'sent', at: 1, unclear: 0 }, rid: 'r' } as const
const step = (stepId: string) => ({ runKey: 'run', stepId })
const unavailable = () => Promise.reject(new Error('store unavailable'))

let now = 0
let sends: UnrecordedSends
beforeEach(() => {
  now = 0
  sends = new UnrecordedSends({ monotonic: () => now, sleep: async () => {} })
})

/** Tries to record while the store is unavailable. */
async function fail(stepId: string, leftMs: number): Promise<void> {
  await expect(sends.record(step(stepId), { ...accepted, leftMs }, unavailable)).rejects.toThrow('store')
}

describe('an accepted message that the store did not take', () => {
  it('is kept for the next attempt, until that is written', async () => {
    await fail('first', HOUR_MS)
    expect(sends.find(step('first'))).toEqual(accepted)
    await sends.record(step('first'), { ...accepted, leftMs: HOUR_MS }, async () => accepted.result)
    expect(sends.size).toBe(0)
  })

  it('is let go when its step has no time left for an attempt, as another process has ended it', async () => {
    await fail('first', HOUR_MS)
    now = HOUR_MS + 60_000
    await fail('second', HOUR_MS)
    expect(sends.size).toBe(2)
    now = HOUR_MS + 71_000
    await fail('second', 0)
    expect(sends.find(step('first'))).toBeUndefined()
    expect(sends.size).toBe(1)
  })

  it('may be recorded when the margin has passed', async () => {
    await fail('late', -5_000)
    expect(sends.find(step('late'))).toEqual(accepted)
  })
})

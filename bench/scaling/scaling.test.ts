import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ASSUMED, FIXED, MEASURED } from './figures.ts'
import { cloudBillFor, planFor } from './plan.ts'
import { scalingTables } from './tables.ts'

const waitingFor = (waiting: number) => planFor({ name: '', waiting })

describe('the calculation of the scaling guide', () => {
  it('starts as many runs as end: the waiting runs divided by the wait of each', () => {
    const { startsMean, starts } = waitingFor(ASSUMED.waitHours * 3_600 * 10)
    expect(startsMean).toBeCloseTo(10)
    expect(starts).toBeCloseTo(10 * ASSUMED.peak)
  })

  it('agrees with the measurement of two cores on PostgreSQL: about 13 started runs a second', () => {
    const ms = Object.values(MEASURED.minute.processor).reduce((a, b) => a + b, 0)
    const perS = (2 * 1_000) / ms
    // The simulated WeChat uses a part of the two cores.
    expect(perS).toBeGreaterThan(13)
    expect(perS).toBeLessThan(13 * 1.5)
  })

  it('needs a shard for a number of runs or of transitions, whichever is more, and at least 512', () => {
    expect(waitingFor(1).shards).toBe(512)
    expect(waitingFor(1e8).shards).toBe(16_384)
    expect(planFor({ name: '', followsPerS: 10_000 }).shards).toBe(8_192)
  })

  it('spreads the dispatch of a burst over the last follower’s minute', () => {
    const { starts } = planFor({ name: '', followsPerS: 10_000, seconds: 10 })
    expect(starts * (10 + ASSUMED.minuteS)).toBeCloseTo(100_000)
  })

  it('keeps each `serve` below the rate at which it throttles dispatch, unless the load is a burst', () => {
    for (const followsPerS of [100, 1_000, 10_000]) {
      const { callbacks, serve } = planFor({ name: '', followsPerS })
      expect(callbacks / serve).toBeLessThanOrEqual(FIXED.callbacksBesideDispatch)
    }
  })

  it('never needs less for more waiting runs, and needs at least two processes of each kind', () => {
    const some = fc.double({ min: 0, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [less, more] = [waitingFor(Math.min(a, b)), waitingFor(Math.max(a, b))]
        for (const key of ['starts', 'serve', 'workers', 'shards', 'partitions', 'accounts'] as const)
          expect(more[key]).toBeGreaterThanOrEqual(less[key])
        expect(Math.min(less.serve, less.workers)).toBeGreaterThanOrEqual(2)
      }),
    )
  })

  it('computes the price by tiers, as the price list’s own example does', () => {
    // 11.25 million actions are $525.
    const waiting = 11.25e6 / (720 / ASSUMED.waitHours) / (MEASURED.actions * 1.1)
    expect(cloudBillFor(waiting).actionsPrice).toBeCloseTo(525)
  })
})

describe('docs/scaling.md', () => {
  it('has the tables that `npm run bench -- --only scaling` prints', () => {
    const text = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8')
    for (const table of scalingTables()) expect(text).toContain(table)
  })
})

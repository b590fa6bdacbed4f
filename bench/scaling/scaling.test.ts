import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readResults } from '../report/results.ts'
import { ASSUMED, FIXED, figuresFrom } from './figures.ts'
import { cloudBillFor, planFor } from './plan.ts'

/** The figures of version 0.3: those of the pages change with each measurement. */
const measured = figuresFrom({})
const waitingFor = (waiting: number) => planFor({ name: '', waiting }, measured)

describe('the figures of the scaling guide', () => {
  const machine = { cores: 2, memoryGiB: 24, node: 'v20.0.0' }
  const result = (figures: { name: string; unit: string; value: number }[]) => ({
    measuredAt: '2026-11-30T12:00:00.000Z',
    command: '',
    machine,
    loadBefore: 0,
    figures,
  })
  const newer = figuresFrom({
    size: result([{ name: 'events of a five-step run', unit: 'events', value: 47 }]),
    footprint: result([
      { name: 'ended, 5 of 5 sent: nurture, commits', unit: '', value: 20 },
      { name: 'ended, 5 of 5 sent: temporal_visibility, commits', unit: '', value: 5 },
      { name: 'ended, 5 of 5 sent: processor, temporal-history', unit: 'ms', value: 30 },
      { name: 'ended, 5 of 5 sent: processor, temporal-matching', unit: 'ms', value: 7 },
      { name: 'waiting, 4 of 5 sent: nurture, packed', unit: 'bytes', value: 2_000 },
      { name: 'waiting, 4 of 5 sent: nurture, as written', unit: 'bytes', value: 9_000 },
    ]),
  })

  it('are the newest of each bench, added up over databases and services', () => {
    expect(newer.run).toMatchObject({ events: 47, commits: 25, processor: { temporal: 37 } })
    expect(newer.waiting.store).toBe(2_000)
    expect(newer.days).toMatchObject({ size: '2026-11-30', footprint: '2026-11-30' })
  })

  it('are those of version 0.3 where nothing newer is stored', () => {
    expect(newer.minute.events).toBe(measured.minute.events)
    expect(newer.days.rate).toBe('version 0.3')
    expect(measured.run).toMatchObject({ events: 74, commits: 270 })
  })

  it('do not mix a footprint without ended runs with earlier figures', () => {
    const name = 'waiting, 4 of 5 sent: nurture, packed'
    const partial = figuresFrom({ footprint: result([{ name, unit: 'bytes', value: 2_000 }]) })
    expect(partial.waiting.store).toBe(measured.waiting.store)
    expect(partial.days.footprint).toBe('version 0.3')
  })

  it('are positive, whatever is stored', () => {
    const { run, minute, early, waiting, ended } = figuresFrom(readResults().benches)
    for (const cost of [run, minute])
      for (const value of [
        cost.events,
        cost.transitions,
        cost.commits,
        cost.logBytes,
        ...Object.values(cost.processor),
      ])
        expect(value).toBeGreaterThan(0)
    for (const bytes of [early, waiting, ended])
      for (const value of Object.values(bytes)) expect(value).toBeGreaterThan(0)
  })
})

describe('the calculation of the scaling guide', () => {
  it('starts as many runs as end: the waiting runs divided by the wait of each', () => {
    const { startsMean, starts } = waitingFor(ASSUMED.waitHours * 3_600 * 10)
    expect(startsMean).toBeCloseTo(10)
    expect(starts).toBeCloseTo(10 * ASSUMED.peak)
  })

  it('agreed with the measurement of version 0.3 on PostgreSQL: about 13 started runs a second on two cores', () => {
    const ms = Object.values(measured.minute.processor).reduce((a, b) => a + b, 0)
    const perS = (2 * 1_000) / ms
    // The simulated WeChat uses a part of the two cores.
    expect(perS).toBeGreaterThan(13)
    expect(perS).toBeLessThan(13 * 1.5)
  })

  it('needs a shard for a number of runs or of transitions, whichever is more, and at least 512', () => {
    expect(waitingFor(1).shards).toBe(512)
    expect(waitingFor(1e8).shards).toBe(16_384)
    expect(planFor({ name: '', followsPerS: 10_000 }, measured).shards).toBe(8_192)
  })

  it('spreads the dispatch of a burst over the last follower’s minute', () => {
    const { starts } = planFor({ name: '', followsPerS: 10_000, seconds: 10 }, measured)
    expect(starts * (10 + ASSUMED.minuteS)).toBeCloseTo(100_000)
  })

  it('keeps each `serve` below the rate at which it throttles dispatch, unless the load is a burst', () => {
    for (const followsPerS of [100, 1_000, 10_000]) {
      const { callbacks, serve } = planFor({ name: '', followsPerS }, measured)
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
    const waiting = 11.25e6 / (720 / ASSUMED.waitHours) / (measured.actions * 1.1)
    expect(cloudBillFor(waiting, measured).actionsPrice).toBeCloseTo(525)
  })
})

import { describe, expect, it } from 'vitest'
import { CrowdSeries } from './crowd-series.ts'
import { TimeHistogram } from './time-histogram.ts'

describe('a histogram of times', () => {
  it('knows quantiles, at most 9 % too high', () => {
    const times = new TimeHistogram()
    for (let ms = 1; ms <= 10_000; ms++) times.add(ms)
    for (const [share, exact] of [
      [0.5, 5_000],
      [0.99, 9_900],
    ] as const) {
      expect(times.quantile(share)).toBeGreaterThanOrEqual(exact)
      expect(times.quantile(share)).toBeLessThanOrEqual(exact * 1.1)
    }
    expect(new TimeHistogram().quantile(0.5)).toBeNull()
  })
})

describe('the charts of a crowd', () => {
  it('have a point for each second, with rates and quantiles', () => {
    const series = new CrowdSeries(0)
    for (let i = 0; i < 10; i++) series.count('accepted', 500)
    series.count('messages', 2_500)
    series.delay(300, 2_500)
    series.mark({ waiting: 7, served: 3 }, 2_500)
    const charts = series.charts()
    expect(charts).toMatchObject({
      stepMs: 1_000,
      accepted: [10, 0, 0],
      messages: [0, 0, 1],
      waiting: [0, 0, 7],
      served: [0, 0, 3],
    })
    expect(charts.p50.slice(0, 2)).toEqual([null, null])
    expect(charts.p50[2]).toBeGreaterThanOrEqual(300)
  })

  it('have a bounded number of points, however long the crowd takes, and lose no count', () => {
    const series = new CrowdSeries(0)
    for (let second = 0; second < 3_700; second++) series.count('messages', second * 1_000)
    const { stepMs, messages } = series.charts()
    expect(messages.length).toBeLessThanOrEqual(180)
    expect(stepMs).toBe(32_000)
    const counted = messages.reduce((sum, perSecond) => sum + (perSecond * stepMs) / 1_000, 0)
    expect(counted).toBeCloseTo(3_700, -1)
  })
})

import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createSkewMonitor, type SignedPush } from './skew-monitor.ts'

const T0 = Date.parse('2026-11-23T08:00:00Z')

/** A machine whose clock is `ahead` of WeChat's; both go on by a second with each push. */
function createHarness(ahead: number) {
  const clock = { wall: T0 + 400 + ahead, mono: 5_000 }
  const lines: { level: number; msg: string }[] = []
  const monitor = createSkewMonitor({
    defaultApi: 'https://api.weixin.qq.com',
    now: () => clock.wall,
    monotonic: () => clock.mono,
    log: pino({ base: undefined }, { write: (line: string) => lines.push(JSON.parse(line)) }),
  })
  let wechat = T0 + 400
  let pushes = 0
  function wait(ms: number) {
    wechat += ms
    clock.wall += ms
    clock.mono += ms
  }
  return {
    clock,
    watch: monitor,
    lines,
    said: () => lines.map((l) => l.msg),
    wait,
    push(times = 1, more: Partial<SignedPush> = {}) {
      for (let i = 0; i < times; i++) {
        wait(1_000)
        pushes += 1
        monitor.record({
          apiBase: null,
          timestamp: Math.floor(wechat / 1_000),
          arrivedAt: clock.wall + 100,
          signature: `s${pushes}`,
          refused: false,
          ...more,
        })
      }
    },
  }
}

describe('a machine whose clock agrees with WeChat’s', () => {
  it('corrects nothing, warns of nothing, and says what it measured', () => {
    const { watch: monitor, push, lines } = createHarness(0)
    push(100)
    expect(monitor.aheadMs(null)).toBe(0)
    expect(lines).toEqual([])
    expect(monitor.report()).toEqual([
      ...[{ api: 'api.weixin.qq.com', samples: 64, refused: 0, skewMs: 0, steady: true, correctionMs: 0 }],
    ])
  })
})

describe.each([
  ['ahead', 70_000, 70_000, '70.0 s ahead of WeChat’s'],
  ['behind', -70_000, -70_000, '70.0 s behind WeChat’s'],
])('a machine whose clock is 70 s %s', (_, ahead, correction, words) => {
  it('warns after the first pushes, counts by WeChat’s clock from then on, and repeats itself seldom', () => {
    const { watch: monitor, push, said, wait } = createHarness(ahead)
    push(4)
    expect([monitor.aheadMs(null), said()]).toEqual([0, []])
    push()
    expect(monitor.aheadMs(null)).toBe(correction)
    expect(said()).toHaveLength(2)
    expect(said()[1]).toContain(words)
    push(100)
    expect(said()).toHaveLength(2)
    wait(500_000)
    push()
    expect(said()).toHaveLength(3)
  })

  it('is told once it was set right, and corrects nothing from that moment', () => {
    const { watch: monitor, push, said, clock } = createHarness(ahead)
    push(10)
    clock.wall -= ahead
    push()
    expect(monitor.aheadMs(null)).toBe(0)
    push(10)
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.report()).toMatchObject([{ samples: 11, skewMs: 0 }])
    expect(said().filter((m) => m.includes('set it right'))).toHaveLength(1)
  })
})

describe('what does not speak for a wrong clock', () => {
  it('is one push that comes many times', () => {
    const { watch: monitor, push } = createHarness(0)
    push(5)
    for (let i = 0; i < 50; i++) push(1, { signature: 'again', timestamp: T0 / 1_000 - 500 })
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.report()).toMatchObject([{ samples: 6 }])
  })

  it('is a refused push: it is shown and corrects nothing', () => {
    const { watch: monitor, push, lines } = createHarness(720_000)
    push(5, { refused: true })
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.reportFor(null)).toMatchObject({ samples: 5, refused: 5, skewMs: 720_000 })
    expect(lines).toMatchObject([{ level: 50, msg: expect.stringContaining('refused') }])
  })

  it('is a push of more than an hour ago, unless the next one says the same', () => {
    const { watch: monitor, push, wait, clock } = createHarness(70_000)
    push(10)
    wait(3_600_000)
    expect(monitor.report()).toEqual([])
    push()
    expect(monitor.aheadMs(null)).toBe(70_000)
    wait(3_600_000)
    push(1, { arrivedAt: clock.wall - 68_000 })
    expect(monitor.aheadMs(null)).toBe(0)
  })

  it('is another platform: each has a clock of its own', () => {
    const { watch: monitor, push } = createHarness(0)
    push(10)
    push(10, { apiBase: 'http://127.0.0.1:3001', arrivedAt: T0 + 3_600_000 })
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.report().map((r) => r.api)).toEqual(['api.weixin.qq.com', '127.0.0.1:3001'])
  })

  it('is a timestamp that is none', () => {
    const { watch: monitor, push } = createHarness(0)
    push(10, { timestamp: Number.NaN })
    expect(monitor.report()).toEqual([])
  })
})

import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createSkewMonitor, type SignedPush } from './skew-monitor.ts'

const T0 = Date.parse('2026-11-23T08:00:00Z')

/** A machine whose clock is `ahead` of WeChat's. Each push advances both clocks by a second. */
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
    monitor,
    lines,
    messages: () => lines.map((l) => l.msg),
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
  it('needs no correction and no warning, and has a report', () => {
    const { monitor, push, lines } = createHarness(0)
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
])('a machine whose clock is 70 s %s', (_, ahead, correction, text) => {
  it('warns after the first pushes, uses WeChat’s clock from then on, and repeats the warning rarely', () => {
    const { monitor, push, messages, wait } = createHarness(ahead)
    push(4)
    expect([monitor.aheadMs(null), messages()]).toEqual([0, []])
    push()
    expect(monitor.aheadMs(null)).toBe(correction)
    expect(messages()).toHaveLength(2)
    expect(messages()[1]).toContain(text)
    push(100)
    expect(messages()).toHaveLength(2)
    wait(500_000)
    push()
    expect(messages()).toHaveLength(3)
  })

  it('stops warning and correcting when the clock is synchronised', () => {
    const { monitor, push, messages, clock } = createHarness(ahead)
    push(10)
    clock.wall -= ahead
    push()
    expect(monitor.aheadMs(null)).toBe(0)
    push(10)
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.report()).toMatchObject([{ samples: 11, skewMs: 0 }])
    expect(messages().filter((m) => m.includes('synchronise it'))).toHaveLength(1)
  })
})

describe('the measurement ignores', () => {
  it('repeated deliveries of one push', () => {
    const { monitor, push } = createHarness(0)
    push(5)
    for (let i = 0; i < 50; i++) push(1, { signature: 'repeated', timestamp: T0 / 1_000 - 500 })
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.report()).toMatchObject([{ samples: 6 }])
  })

  it('refused pushes for the correction, but reports them', () => {
    const { monitor, push, lines } = createHarness(720_000)
    push(5, { refused: true })
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.reportFor(null)).toMatchObject({ samples: 5, refused: 5, skewMs: 720_000 })
    expect(lines).toMatchObject([{ level: 50, msg: expect.stringContaining('refused') }])
  })

  it('pushes older than an hour, unless the next push confirms them', () => {
    const { monitor, push, wait, clock } = createHarness(70_000)
    push(10)
    wait(3_600_000)
    expect(monitor.report()).toEqual([])
    push()
    expect(monitor.aheadMs(null)).toBe(70_000)
    wait(3_600_000)
    push(1, { arrivedAt: clock.wall - 68_000 })
    expect(monitor.aheadMs(null)).toBe(0)
  })

  it('pushes of other platforms, which have their own clocks', () => {
    const { monitor, push } = createHarness(0)
    push(10)
    push(10, { apiBase: 'http://127.0.0.1:3001', arrivedAt: T0 + 3_600_000 })
    expect(monitor.aheadMs(null)).toBe(0)
    expect(monitor.report().map((r) => r.api)).toEqual(['api.weixin.qq.com', '127.0.0.1:3001'])
  })

  it('invalid timestamps', () => {
    const { monitor, push } = createHarness(0)
    push(10, { timestamp: Number.NaN })
    expect(monitor.report()).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { attemptClock } from './attempt-clock.ts'

/** The server's time of day in these stories. */
const SERVER = 1_800_000_000_000
const HOUR = 3_600_000
/** What the workflow said: its follower is two hours ahead of real time, ten seconds are left. */
const asked = { now: SERVER + 2 * HOUR, leftMs: 10_000 }

/** A machine whose clocks stand still until they are moved. */
function machine(now = SERVER) {
  let passed = 0
  return {
    now: () => now + passed,
    // Counts from the machine's boot, as performance.now does.
    monotonic: () => 5_000 + passed,
    pass: (ms: number) => {
      passed += ms
    },
  }
}
const scheduled = (at = SERVER, attemptAt = at) => ({
  scheduledTimestampMs: at,
  currentAttemptScheduledTimestampMs: attemptAt,
})

describe("an attempt's clock", () => {
  it("begins at the follower's time and with the time that the workflow saw left", () => {
    const clock = attemptClock(asked, scheduled(), machine())
    expect([clock.now(), clock.leftMs(), clock.runningMs()]).toEqual([asked.now, 10_000, 0])
  })

  it('counts down while the attempt runs, and below zero when the margin has passed', () => {
    const real = machine()
    const clock = attemptClock(asked, scheduled(), real)
    real.pass(4_000)
    expect([clock.now(), clock.leftMs(), clock.runningMs()]).toEqual([asked.now + 4_000, 6_000, 4_000])
    real.pass(7_000)
    expect(clock.leftMs()).toBe(-1_000)
  })

  it('counts what earlier attempts and their pauses took', () => {
    const clock = attemptClock(asked, scheduled(SERVER - 7_000, SERVER), machine())
    expect([clock.now(), clock.leftMs(), clock.runningMs()]).toEqual([asked.now + 7_000, 3_000, 0])
  })

  it('counts the time that this attempt waited in the queue', () => {
    const clock = attemptClock(asked, scheduled(SERVER - 2_500), machine())
    expect([clock.leftMs(), clock.runningMs()]).toEqual([7_500, 0])
  })

  it('adds up earlier attempts, the queue and its own work', () => {
    const real = machine()
    const clock = attemptClock(asked, scheduled(SERVER - 6_000, SERVER - 1_000), real)
    real.pass(500)
    expect([clock.now(), clock.leftMs()]).toEqual([asked.now + 6_500, 3_500])
  })
})

describe('a machine whose clock is wrong', () => {
  it('gains no time when it is behind the server', () => {
    const clock = attemptClock(asked, scheduled(), machine(SERVER - HOUR))
    expect([clock.now(), clock.leftMs()]).toEqual([asked.now, 10_000])
  })

  it("gains none from a task whose times are fast-forwarded ahead of the machine's", () => {
    const clock = attemptClock(asked, scheduled(SERVER + 2 * HOUR), machine())
    expect(clock.leftMs()).toBe(10_000)
  })

  it('does not jump when its time of day is set back during the attempt', () => {
    let now = SERVER
    let passed = 0
    const clock = attemptClock(asked, scheduled(), { now: () => now, monotonic: () => passed })
    now -= HOUR
    passed += 1_000
    expect([clock.now(), clock.leftMs()]).toEqual([asked.now + 1_000, 9_000])
  })
})

it('gives whole milliseconds, as the store wants them', () => {
  let passed = 0
  const clock = attemptClock(asked, scheduled(), { now: () => SERVER, monotonic: () => passed })
  passed = 1.6
  expect(clock.now()).toBe(asked.now + 2)
})

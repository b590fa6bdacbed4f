import { describe, expect, it } from 'vitest'
import { attemptDeadline } from './attempt-deadline.ts'

/** The Temporal server's time, epoch ms. */
const SERVER = 1_800_000_000_000
const HOUR = 3_600_000
/** The workflow's decision: its follower is two hours ahead of real time, and ten seconds are left. */
const decided = { now: SERVER + 2 * HOUR, leftMs: 10_000 }

/** A machine whose clocks advance by `pass` only. */
function machine(now = SERVER) {
  let passed = 0
  return {
    now: () => now + passed,
    // Starts at an arbitrary value, like performance.now.
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

describe("an attempt's deadline", () => {
  it("starts at the follower's time, with the time that the workflow had left", () => {
    const deadline = attemptDeadline(decided, scheduled(), machine())
    expect([deadline.now(), deadline.leftMs(), deadline.runningMs()]).toEqual([decided.now, 10_000, 0])
  })

  it('counts down while the attempt runs, and below zero after the margin', () => {
    const clocks = machine()
    const deadline = attemptDeadline(decided, scheduled(), clocks)
    clocks.pass(4_000)
    expect([deadline.now(), deadline.leftMs(), deadline.runningMs()]).toEqual([
      decided.now + 4_000,
      6_000,
      4_000,
    ])
    clocks.pass(7_000)
    expect(deadline.leftMs()).toBe(-1_000)
  })

  it('includes the time of earlier attempts and of the delays between them', () => {
    const deadline = attemptDeadline(decided, scheduled(SERVER - 7_000, SERVER), machine())
    expect([deadline.now(), deadline.leftMs(), deadline.runningMs()]).toEqual([decided.now + 7_000, 3_000, 0])
  })

  it('includes the time that this attempt waited in the queue', () => {
    const deadline = attemptDeadline(decided, scheduled(SERVER - 2_500), machine())
    expect([deadline.leftMs(), deadline.runningMs()]).toEqual([7_500, 0])
  })

  it('adds the time of earlier attempts, of the queue and of this attempt', () => {
    const clocks = machine()
    const deadline = attemptDeadline(decided, scheduled(SERVER - 6_000, SERVER - 1_000), clocks)
    clocks.pass(500)
    expect([deadline.now(), deadline.leftMs()]).toEqual([decided.now + 6_500, 3_500])
  })
})

describe('a machine whose clock is wrong', () => {
  it('gains no time when it is behind the server', () => {
    const deadline = attemptDeadline(decided, scheduled(), machine(SERVER - HOUR))
    expect([deadline.now(), deadline.leftMs()]).toEqual([decided.now, 10_000])
  })

  it("gains no time from a task whose times are fast-forwarded ahead of the machine's", () => {
    const deadline = attemptDeadline(decided, scheduled(SERVER + 2 * HOUR), machine())
    expect(deadline.leftMs()).toBe(10_000)
  })

  it('does not jump when its time of day is set back during the attempt', () => {
    let now = SERVER
    let passed = 0
    const deadline = attemptDeadline(decided, scheduled(), { now: () => now, monotonic: () => passed })
    now -= HOUR
    passed += 1_000
    expect([deadline.now(), deadline.leftMs()]).toEqual([decided.now + 1_000, 9_000])
  })
})

it('gives whole milliseconds, as the store needs them', () => {
  let passed = 0
  const deadline = attemptDeadline(decided, scheduled(), { now: () => SERVER, monotonic: () => passed })
  passed = 1.6
  expect(deadline.now()).toBe(decided.now + 2)
})

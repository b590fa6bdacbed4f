import { setTimeout as sleep } from 'node:timers/promises'
import type { FollowerKey, SimulatorState } from './state/simulator-state.ts'

const IDLE_TIMEOUT_MS = 10_000
const IDLE_POLL_MS = 50
/** The clock stops this long after the moment of a step. */
const PAST_STEP_MS = 50

/** Moves a follower's run in the product's engine. The simulator itself knows no engine. */
export interface TestClock {
  /** Moves the run's clock on by `ms`; every step on the way is sent. */
  advance(follower: FollowerKey, ms: number): Promise<void>
  /** When the run next does something (follower's clock, epoch ms): at or before now while a send is under way. */
  nextAt(follower: FollowerKey): Promise<number | null>
  /** Brings a run that has just begun up to the follower's clock. */
  syncTo(follower: FollowerKey, clock: number): Promise<void>
}

/** Moves a follower's clock and its run on together. Without a test clock only the follower's clock moves. */
export class FastForward {
  readonly #state: SimulatorState
  readonly #testClock: TestClock | undefined

  constructor(state: SimulatorState, testClock: TestClock | undefined) {
    this.#state = state
    this.#testClock = testClock
  }

  /** Moves on piece by piece. Each piece ends where the run does something next, so that every send is checked at its own time. */
  async advance(key: FollowerKey, ms: number): Promise<void> {
    const follower = this.#state.follower(key)
    for (let left = ms; left > 0; ) {
      const next = await this.#testClock?.nextAt(key)
      const untilNext = next == null ? left : Math.max(1, next - this.#state.clockOf(follower))
      const piece = Math.min(left, untilNext)
      follower.offsetMs += piece
      left -= piece
      this.#state.changed(key.appId, key.openId)
      await this.#testClock?.advance(key, piece)
      await this.#untilIdle(key)
    }
    this.#state.changed(key.appId, key.openId)
  }

  /** To the moment of the run's next step; false when there is none. */
  async advanceToNext(key: FollowerKey): Promise<boolean> {
    const next = await this.#testClock?.nextAt(key)
    if (next == null) return false
    const clock = this.#state.clockOf(this.#state.follower(key))
    await this.advance(key, Math.max(1, next - clock) + PAST_STEP_MS)
    return true
  }

  /** Brings a run that has just begun up to a clock that was moved before. */
  async sync(key: FollowerKey): Promise<void> {
    const follower = this.#state.follower(key)
    if (follower.offsetMs > 0) await this.#testClock?.syncTo(key, this.#state.clockOf(follower))
  }

  /** Waits until nothing of this follower is due or under way, but not for a send that is retried for long. */
  async #untilIdle(key: FollowerKey): Promise<void> {
    const deadline = performance.now() + IDLE_TIMEOUT_MS
    while (this.#testClock && performance.now() < deadline) {
      const next = await this.#testClock.nextAt(key)
      if (next === null || next > this.#state.clockOf(this.#state.follower(key))) return
      await sleep(IDLE_POLL_MS)
    }
  }
}

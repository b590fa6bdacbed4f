import { setTimeout as sleep } from 'node:timers/promises'
import type { FollowerKey, SimulatorState } from './state/simulator-state.ts'

const IDLE_TIMEOUT_MS = 10_000
const IDLE_POLL_MS = 50
/** Stops this long after a step is due, so that the step runs. */
const PAST_STEP_MS = 50
/** How far the clock moves when a send that is due is still in progress after the time-out. */
const PAST_LATE_SEND_MS = 1_000

/** Moves the clock of a follower's run. The product provides it; the simulator knows nothing of Temporal. */
export interface TestClock {
  /** Moves the run's clock forward by `ms`. Every step that becomes due is sent. */
  advance(follower: FollowerKey, ms: number): Promise<void>
  /**
   * When the run acts next, or the next one begins by itself, on the follower's clock, epoch ms. At or before now while a send is
   * in progress; null: never.
   * @param clock the follower's, epoch ms
   */
  nextAt(follower: FollowerKey, clock: number): Promise<number | null>
  /** Has a run begin that begins by itself at this time of the follower's clock. @returns whether one begins */
  arriveAt?(follower: FollowerKey, clock: number): Promise<boolean>
  /** Moves a run that has just started forward to the follower's clock. */
  syncTo(follower: FollowerKey, clock: number): Promise<void>
}

/** Moves a follower's clock and the clock of its run together. Without a test clock, only the follower's clock moves. */
export class FollowerClock {
  readonly #state: SimulatorState
  readonly #testClock: TestClock | undefined
  /** The followers whose clocks are being moved. */
  readonly #moving = new Set<string>()

  constructor(state: SimulatorState, testClock: TestClock | undefined) {
    this.#state = state
    this.#testClock = testClock
  }

  /** Whether the clocks of runs can be moved. */
  get hasTestClock(): boolean {
    return this.#testClock !== undefined
  }

  /**
   * Moves both clocks forward by `ms`, step by step. Each move ends where the run acts next, so that the simulator checks
   * every send at its own time.
   */
  async advance(key: FollowerKey, ms: number): Promise<void> {
    const id = `${key.appId} ${key.openId}`
    this.#moving.add(id)
    try {
      await this.#advance(key, ms)
    } finally {
      this.#moving.delete(id)
    }
  }

  async #advance(key: FollowerKey, ms: number): Promise<void> {
    const follower = this.#state.follower(key)
    for (let remaining = ms; remaining > 0; ) {
      await this.#untilIdle(key)
      const clock = this.#state.clockOf(follower)
      const next = await this.#testClock?.nextAt(key, clock)
      const untilNext = next == null ? remaining : next - clock
      const piece = Math.min(remaining, untilNext > 0 ? untilNext : PAST_LATE_SEND_MS)
      follower.offsetMs += piece
      remaining -= piece
      this.#state.changed(key.appId, key.openId)
      await this.#testClock?.advance(key, piece)
      if (await this.#testClock?.arriveAt?.(key, this.#state.clockOf(follower))) await this.#sync(key)
    }
    await this.#untilIdle(key)
    this.#state.changed(key.appId, key.openId)
  }

  /** When the run acts next, on the follower's clock, epoch ms; null: never, or no test clock. */
  async nextAt(key: FollowerKey): Promise<number | null> {
    return (await this.#testClock?.nextAt(key, this.#state.clockOf(this.#state.peek(key)))) ?? null
  }

  /** Moves both clocks to the run's next step. Returns false when there is none. */
  async advanceToNext(key: FollowerKey): Promise<boolean> {
    const clock = this.#state.clockOf(this.#state.follower(key))
    const next = await this.#testClock?.nextAt(key, clock)
    if (next == null) return false
    await this.advance(key, Math.max(1, next - clock) + PAST_STEP_MS)
    return true
  }

  /**
   * Moves a run that has just started forward to a clock that was moved before. Does nothing while the clock is being moved: a
   * callback during a move, such as that of a human agent's session, would move the run a second time.
   */
  async sync(key: FollowerKey): Promise<void> {
    if (!this.#moving.has(`${key.appId} ${key.openId}`)) await this.#sync(key)
  }

  async #sync(key: FollowerKey): Promise<void> {
    const follower = this.#state.follower(key)
    if (follower.offsetMs > 0) await this.#testClock?.syncTo(key, this.#state.clockOf(follower))
  }

  /** Waits until the run has nothing due or in progress. Gives a send that is retried for long at most the time-out. */
  async #untilIdle(key: FollowerKey): Promise<void> {
    const deadline = performance.now() + IDLE_TIMEOUT_MS
    while (this.#testClock && performance.now() < deadline) {
      const clock = this.#state.clockOf(this.#state.follower(key))
      const next = await this.#testClock.nextAt(key, clock)
      if (next === null || next > clock) return
      await sleep(IDLE_POLL_MS)
    }
  }
}

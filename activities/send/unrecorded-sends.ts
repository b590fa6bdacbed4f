import { setTimeout as sleep } from 'node:timers/promises'
import type { SendResult } from '../../src/run/send-result.ts'
import { isRefusedData } from '../../src/store/store-error.ts'

/** Delays before the retries of a write, ms. After them Temporal's next attempt writes the result. */
const RECORD_RETRY_MS: readonly number[] = [250, 1_000]
/** An attempt may run for this long after the grant's margin (`workflows/activity-calls.ts`), ms. */
const LAST_ATTEMPT_MS = 70_000

/** A message that WeChat has accepted. */
export interface AcceptedSend {
  result: Extract<SendResult, { result: 'sent' }>
  rid: string | null
}

type StepKey = { runKey: string; stepId: string }

/**
 * Messages that WeChat accepted while the store was unavailable. They are kept in this process, so that the step's next
 * attempt writes the result and does not send again. Another process may make that attempt, and this one is not told. So a
 * message is let go when its step has no time left for an attempt.
 */
export class UnrecordedSends {
  readonly #sends = new Map<string, { send: AcceptedSend; keepUntil: number }>()
  readonly #clock: { monotonic(): number; sleep(ms: number): Promise<unknown> }

  constructor(clock = { monotonic: () => performance.now(), sleep: (ms: number) => sleep(ms) }) {
    this.#clock = clock
  }

  /** How many are kept. */
  get size(): number {
    return this.#sends.size
  }

  /** The result that an earlier attempt of this step could not write. */
  find(step: StepKey): AcceptedSend | undefined {
    return this.#sends.get(idOf(step))?.send
  }

  /** For a step whose result the store has. */
  remove(step: StepKey): void {
    this.#sends.delete(idOf(step))
  }

  /**
   * Writes the result of an accepted message with `write`, and keeps it until that succeeds.
   * @param leftMs until the grant's margin: no attempt starts later
   * @returns the result of `write`; null when the store refuses the data permanently
   * @throws the error of the last retry
   */
  async record(
    step: StepKey,
    { leftMs, ...send }: AcceptedSend & { leftMs: number },
    write: () => Promise<SendResult>,
  ): Promise<SendResult | null> {
    const keepUntil = this.#clock.monotonic() + Math.max(0, leftMs) + LAST_ATTEMPT_MS
    this.#sends.set(idOf(step), { send, keepUntil })
    for (let retries = 0; ; retries++) {
      try {
        const written = await write()
        this.remove(step)
        return written
      } catch (err) {
        if (isRefusedData(err)) {
          this.remove(step)
          return null
        }
        const delayMs = RECORD_RETRY_MS[retries]
        if (delayMs === undefined) {
          this.#letGo()
          throw err
        }
        await this.#clock.sleep(delayMs)
      }
    }
  }

  #letGo(): void {
    const now = this.#clock.monotonic()
    for (const [id, { keepUntil }] of this.#sends) if (keepUntil < now) this.#sends.delete(id)
  }
}

function idOf({ runKey, stepId }: StepKey): string {
  return `${runKey} ${stepId}`
}

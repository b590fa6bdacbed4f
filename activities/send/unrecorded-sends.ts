import { setTimeout as sleep } from 'node:timers/promises'
import type { SendResult } from '../../src/run/send-result.ts'
import { isRefusedData } from '../../src/store/store-error.ts'

/** Delays before the retries of a write, ms. After them Temporal's next attempt writes the result. */
const RECORD_RETRY_MS: readonly number[] = [250, 1_000]

/** A message that WeChat has accepted. */
export interface AcceptedSend {
  result: Extract<SendResult, { result: 'sent' }>
  rid: string | null
}

type StepKey = { runKey: string; stepId: string }

/**
 * Messages that WeChat accepted while the store was unavailable. They are kept in this process, so that the step's next
 * attempt writes the result and does not send again.
 */
export class UnrecordedSends {
  readonly #sends = new Map<string, AcceptedSend>()

  /** The result that an earlier attempt of this step could not write. */
  find(step: StepKey): AcceptedSend | undefined {
    return this.#sends.get(idOf(step))
  }

  /**
   * Writes the result of an accepted message with `write`, and keeps it until that succeeds.
   * @returns the result of `write`; null when the store refuses the data permanently
   * @throws the error of the last retry
   */
  async record(
    step: StepKey,
    send: AcceptedSend,
    write: () => Promise<SendResult>,
  ): Promise<SendResult | null> {
    const id = idOf(step)
    this.#sends.set(id, send)
    for (let retries = 0; ; retries++) {
      try {
        const written = await write()
        this.#sends.delete(id)
        return written
      } catch (err) {
        if (isRefusedData(err)) {
          this.#sends.delete(id)
          return null
        }
        const delayMs = RECORD_RETRY_MS[retries]
        if (delayMs === undefined) throw err
        await sleep(delayMs)
      }
    }
  }
}

function idOf({ runKey, stepId }: StepKey): string {
  return `${runKey} ${stepId}`
}

import { setTimeout as pause } from 'node:timers/promises'
import { WAIT_TIMEOUT_MS } from './timeouts.ts'

export interface WaitOptions<T> {
  /** Whether the value satisfies the condition; by default any truthy value does. */
  until?(value: T): boolean
  /** The error message after the timeout; by default it shows the last value. */
  message?(value: T | undefined): string
  timeoutMs?: number
  pollMs?: number
  /** Ends the wait early. */
  signal?: AbortSignal
}

/**
 * Polls a value until it satisfies the condition, and returns it. Tests wait for conditions, never for a fixed time.
 * @throws Error with `message` after `timeoutMs`; an error of `read` is not caught
 */
export async function waitFor<T>(read: () => T | Promise<T>, options: WaitOptions<T> = {}): Promise<T> {
  const { until = Boolean, message = showValue, timeoutMs = WAIT_TIMEOUT_MS, pollMs = 50, signal } = options
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const value = await read()
    if (until(value)) return value
    if (Date.now() > deadline) throw new Error(message(value))
    await pause(pollMs, undefined, { signal })
  }
}

function showValue(value: unknown): string {
  return `the condition did not become true; last value: ${JSON.stringify(value)}`
}

import type { SendResult } from '../../src/run/send-result.ts'
import { maskId } from '../../src/shared/ids.ts'
import {
  type Delivery,
  type Intent,
  readDelivery,
  recordAttempt,
  recordDeferral,
  recordIntent,
  type SendKey,
} from '../../src/store/runs/deliveries.ts'
import type { AttemptDeadline } from '../attempt/attempt-deadline.ts'
import { currentRun } from '../attempt/current-run.ts'
import { backoff } from '../attempt/retry-after.ts'
import type { ActivityDeps } from '../deps.ts'
import { recordKnownResult, recordResult } from './record-result.ts'
import { type SendInput, sendKey } from './send-input.ts'

/** Why the outcome of a step is unknown. */
export const NO_ANSWER = 'no answer from WeChat'
export const WORKER_LOST = 'a worker was lost during the request'

/** The delivery row of one step, as one attempt reads and writes it. */
export class StepDelivery {
  readonly key: SendKey
  /** The row that earlier attempts left; null when no attempt has written one. */
  readonly row: Delivery | null
  readonly #deps: ActivityDeps
  readonly #input: SendInput
  readonly #deadline: AttemptDeadline
  readonly #runId: string
  #unclear: number
  /** The number of attempts that this one knows of. Another attempt's request makes it out of date. */
  #knownAttempts: number
  #followsInvalidRecipient = false

  private constructor(
    deps: ActivityDeps,
    given: { input: SendInput; deadline: AttemptDeadline; key: SendKey; runId: string; row: Delivery | null },
  ) {
    this.#deps = deps
    this.#input = given.input
    this.#deadline = given.deadline
    this.#runId = given.runId
    this.key = given.key
    this.row = given.row
    this.#unclear = given.row?.unclear ?? 0
    this.#knownAttempts = given.row?.attempts ?? 0
  }

  /** Reads the row of the step that the current activity sends. */
  static async open(
    deps: ActivityDeps,
    { input, deadline }: { input: SendInput; deadline: AttemptDeadline },
  ): Promise<StepDelivery> {
    const run = currentRun()
    const key = sendKey(input, run)
    const row = await readDelivery(deps.db, key.runKey, key.stepId)
    return new StepDelivery(deps, { input, deadline, key, runId: run.runId, row })
  }

  /** For the first attempt: assumes that there is no row. When there is one, it refuses the intent. */
  static first(
    deps: ActivityDeps,
    { input, deadline }: { input: SendInput; deadline: AttemptDeadline },
  ): StepDelivery {
    const run = currentRun()
    return new StepDelivery(deps, { input, deadline, key: sendKey(input, run), runId: run.runId, row: null })
  }

  /** The step's unclear attempts. Each one may have been delivered, so each counts against the quota. */
  get unclear(): number {
    return this.#unclear
  }

  /** How many messages the grant has left. */
  get quotaLeft(): number {
    const { quota, used } = this.#input.grant
    return quota - used - this.#unclear
  }

  /** True when the account's last send went to a follower that WeChat does not know. Known after the intent. */
  get followsInvalidRecipient(): boolean {
    return this.#followsInvalidRecipient
  }

  /** Time until the backoff after the last failed attempt is over, ms; 0 when no attempt failed. */
  get retryInMs(): number {
    if (this.row?.state !== 'failed') return 0
    const delayMs = backoff(this.row.failures)
    // The clock of the process that wrote the row may differ, so the wait is at most one backoff.
    return Math.min(delayMs, Math.max(0, this.row.updatedAt + delayMs - this.#deps.now()))
  }

  /** When the attempt ends, and how many attempts were unclear by then: part of every result. */
  stamp(): { at: number; unclear: number } {
    return { at: this.#deadline.now(), unclear: this.#unclear }
  }

  // --- What happened in this attempt

  /** Checks that the step may still be sent and writes the intent, in one statement. */
  async recordIntent(): Promise<Intent> {
    const { unasked } = this.#input
    const intent = await recordIntent(
      this.#deps.db,
      this.key,
      this.#deps.now(),
      this.#knownAttempts,
      unasked === undefined ? null : { at: this.#deadline.now(), goesOverCap: unasked === 'anytime' },
    )
    if (intent.allowed) {
      this.#knownAttempts = intent.attempts
      this.#followsInvalidRecipient = intent.followsInvalidRecipient
    }
    return intent
  }

  /** Writes why the step stays due. */
  async recordDeferral(cause: string): Promise<void> {
    await recordDeferral(this.#deps.db, this.key, cause, this.#deps.now())
  }

  /** Counts a request that was certainly not delivered. @returns the failures so far */
  async recordFailure(reason: string, errcode: number | null, rid: string | null): Promise<number> {
    this.#log('send attempt failed', { reason, errcode, rid })
    const attempt = { unclear: false, reason, errcode, rid, now: this.#deps.now() }
    return (await recordAttempt(this.#deps.db, this.key, attempt)).failures
  }

  /** Counts a request of this attempt with an unclear outcome. @returns the failures so far */
  async recordUnclear(reason: string): Promise<number> {
    this.#log('send attempt unclear', { reason, errcode: null, rid: null })
    return this.#countUnclear(reason)
  }

  /** Counts a request of an earlier attempt, whose worker was lost before the answer. */
  async recordLostRequest(reason: string): Promise<void> {
    await this.#countUnclear(reason)
  }

  async #countUnclear(reason: string): Promise<number> {
    const attempt = { unclear: true, reason, errcode: null, rid: null, now: this.#deps.now() }
    const { unclear, failures } = await recordAttempt(this.#deps.db, this.key, attempt)
    this.#unclear = unclear
    return failures
  }

  #log(event: string, details: { reason: string; errcode: number | null; rid: string | null }): void {
    const { runKey, appId, openId, stepId } = this.key
    const step = { key: runKey, run: runKey, appId, follower: maskId(openId), step: stepId }
    this.#deps.log.info({ ...step, ...details }, event)
  }

  // --- How the step ends

  end(result: SendResult, rid: string | null = null): Promise<SendResult> {
    return recordResult(this.#deps, this.#input, { key: this.key, runId: this.#runId, rid }, result)
  }

  /** Ends with a result that an earlier attempt has already written. */
  endKnown(result: SendResult): Promise<SendResult> {
    return recordKnownResult(this.#deps, this.#input, { key: this.key, runId: this.#runId }, result)
  }

  endRefused(reason: string, errcode = 0, rid: string | null = null): Promise<SendResult> {
    return this.end({ result: 'refused', reason, errcode, ...this.stamp() }, rid)
  }

  endUnknown(reason: string): Promise<SendResult> {
    return this.end(this.unknown(reason))
  }

  /** Ends because of the account's cap: held until a time, or skipped. */
  endCapped(until: number): Promise<SendResult> {
    return this.end({
      result: 'capped',
      until: this.#input.unasked === 'skip' ? null : until,
      ...this.stamp(),
    })
  }

  /** Ends without time for another attempt: not sent, or unknown when an attempt was unclear. */
  endOverdue(reason: string): Promise<SendResult> {
    if (this.#unclear > 0) return this.endUnknown(reason)
    return this.end({ result: 'not-sent', reason, errcode: this.row?.errcode ?? null, ...this.stamp() })
  }

  /** The result of a step that may have been delivered. */
  unknown(reason: string): SendResult {
    return { result: 'unknown', reason, ...this.stamp() }
  }
}

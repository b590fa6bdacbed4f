import { setTimeout as sleep } from 'node:timers/promises'
import { maskId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import {
  type AttemptResult,
  claimWebhooks,
  type OutboxRow,
  recordWebhookAttempt,
} from '../store/webhooks/outbox.ts'
import type { OpenedEndpoint, WebhookEndpointStore } from '../store/webhooks/webhook-endpoints.ts'
import type { WebhookClient } from './webhook-client.ts'

/** Requests to one endpoint at once. */
const PER_ENDPOINT = 8
/** Requests at once. Further endpoints wait. */
const MAX_IN_FLIGHT = 64
/** Longer than one attempt: time-out, and the statement that records it. */
const LEASE_MS = 30 * SECOND_MS
/** How often due webhooks are looked for. The statement reads one index entry for each endpoint. */
const POLL_MS = SECOND_MS
/** How long requests in flight may continue when the process stops. */
const STOP_GRACE_MS = SECOND_MS
/** After an error of the store. */
const STORE_RETRY_MS = 5 * SECOND_MS

/** The result of an attempt, for the metric. */
type WebhookResult = 'delivered' | 'retried' | 'failed'

export interface WebhookSenderDeps {
  db: Db
  endpoints: Pick<WebhookEndpointStore, 'open'>
  client: Pick<WebhookClient, 'post' | 'close'>
  /** Identifies this process in leases. */
  ownerId: string
  now: () => number
  log: Log
  count(result: WebhookResult): void
}

/**
 * Sends the webhooks of the outbox, apart from the runs that queued them. Any number of processes may send: each leases what it
 * sends. An endpoint that does not answer delays only its own webhooks. When a process dies, its webhooks are sent again after
 * the lease; the receiver recognises a copy by its `id`.
 */
export class WebhookSender {
  readonly #deps: WebhookSenderDeps
  readonly #inFlight = new Set<Promise<void>>()
  /** Requests in flight by endpoint. */
  readonly #busy = new Map<string, number>()
  #isRunning = false
  #claiming: Promise<void> | null = null
  #isWoken = false
  #timer: NodeJS.Timeout | undefined

  constructor(deps: WebhookSenderDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#isRunning = true
    this.wake()
  }

  /** Looks for webhooks now. Call it after one was queued. */
  wake(): void {
    if (!this.#isRunning) return
    if (this.#claiming) {
      this.#isWoken = true
      return
    }
    clearTimeout(this.#timer)
    this.#isWoken = false
    this.#claiming = this.#claim().finally(() => {
      this.#claiming = null
      if (this.#isWoken) this.wake()
    })
  }

  /** Starts no further request. Those in flight get a second, then they are interrupted and will be retried. */
  async stop(): Promise<void> {
    this.#isRunning = false
    clearTimeout(this.#timer)
    await this.#claiming
    const answered = Promise.allSettled(this.#inFlight)
    await Promise.race([answered, sleep(STOP_GRACE_MS, undefined, { ref: false })])
    await this.#deps.client.close()
    await answered
  }

  async #claim(): Promise<void> {
    const { db, endpoints, ownerId, now, log } = this.#deps
    try {
      // The next answer wakes it.
      if (this.#inFlight.size >= MAX_IN_FLIGHT) return
      // An endpoint gets its next requests when all of the last ones are answered.
      const claim = { ownerId, now: now(), leaseMs: LEASE_MS, perEndpoint: PER_ENDPOINT }
      const rows = await claimWebhooks(db, { ...claim, except: [...this.#busy.keys()] })
      const opened = await endpoints.open(rows.map((row) => row.endpoint))
      for (const row of rows) this.#send(row, opened.get(row.endpoint) ?? null)
      this.#wakeAfter(POLL_MS)
    } catch (err) {
      log.error({ err }, 'webhooks: the outbox cannot be read')
      this.#wakeAfter(STORE_RETRY_MS)
    }
  }

  #wakeAfter(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#isRunning) this.#timer = setTimeout(() => this.wake(), ms)
  }

  #send(row: OutboxRow, endpoint: OpenedEndpoint | null): void {
    const { endpoint: name } = row
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + 1)
    const work = this.#attempt(row, endpoint)
      .catch((err) =>
        this.#deps.log.error(
          { err, webhook: row.id },
          'webhooks: the result could not be recorded; the webhook is sent again when its lease expires',
        ),
      )
      .finally(() => {
        this.#inFlight.delete(work)
        const left = (this.#busy.get(name) ?? 1) - 1
        if (left > 0) this.#busy.set(name, left)
        else {
          this.#busy.delete(name)
          this.wake()
        }
      })
    this.#inFlight.add(work)
  }

  async #attempt(row: OutboxRow, endpoint: OpenedEndpoint | null): Promise<void> {
    const { db, client, now, log, count } = this.#deps
    const result: AttemptResult = endpoint
      ? await client.post(endpoint, row.body ?? '')
      : { status: null, error: `there is no endpoint "${row.endpoint}": add it, or correct the campaign` }
    const state = await recordWebhookAttempt(db, row, result, now())
    // Another process has taken the webhook over.
    if (state === null) return
    count(state === 'waiting' ? 'retried' : state)
    const about = {
      webhook: row.id,
      endpoint: row.endpoint,
      run: row.runKey,
      step: row.stepId,
      follower: maskId(row.openId),
      attempt: row.attempts,
      ...result,
    }
    if (state === 'delivered') log.info(about, 'webhook delivered')
    else if (state === 'waiting') log.warn(about, 'webhook not delivered and will be retried')
    else log.error(about, 'webhook failed for a day and is not retried any more')
  }
}
